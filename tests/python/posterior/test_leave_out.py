"""Leaving out is exact: the densities of dense algebra, and those of posteriors without the row."""

from dataclasses import replace

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError
from hlmrs.posterior.leave_out import stacking_weights

PRIORS = {
    "(Intercept)": hlmrs.Normal(1500, 100),
    "sd": hlmrs.HalfNormal(60),
    "sigma": hlmrs.HalfNormal(60),
}


@pytest.fixture(scope="module")
def dyestuff():
    return hlmrs.datasets.load("Dyestuff", "polars")


@pytest.fixture(scope="module")
def post(dyestuff):
    return hlmrs.bayes("Yield ~ 1 + (1 | Batch)", dyestuff, priors=PRIORS, draws=1000)


def marginal(post, data):
    """Mean and covariance of y given the variances of every draw, coefficients integrated over."""
    z = np.eye(6)[np.unique(data["Batch"].to_numpy(), return_inverse=True)[1]]
    for row in post.draws.iter_rows(named=True):
        own = row["sd((Intercept) | Batch)"] ** 2 * z @ z.T + row["sigma"] ** 2 * np.eye(len(z))
        yield np.full(len(z), 1500.0), own + 100**2


def log_normal(y, mean, covariance):
    gap = y - mean
    return -0.5 * (gap @ np.linalg.solve(covariance, gap) + np.linalg.slogdet(2 * np.pi * covariance)[1])


def test_densities_given_the_variances_are_those_of_dense_algebra(post, dyestuff):
    y = dyestuff["Yield"].to_numpy().astype(float)
    estimate = post._estimate
    found = post._draws.core.leave_out(estimate.rows)["log_mean"]
    for left_out in (0, 17):
        densities = [
            np.exp(
                log_normal(y, mean, v)
                - log_normal(np.delete(y, left_out), np.delete(mean, left_out), _without(v, left_out))
            )
            for mean, v in marginal(post, dyestuff)
        ]
        assert found[left_out] == pytest.approx(np.log(np.mean(densities)), rel=1e-9)


def _without(matrix, k):
    return np.delete(np.delete(matrix, k, 0), k, 1)


@pytest.mark.parametrize("row", [3, 20])
def test_a_row_that_is_left_out_is_predicted_as_by_the_other_rows(post, dyestuff, row):
    others = dyestuff.filter(np.arange(len(dyestuff)) != row)
    again = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", others, priors=PRIORS, draws=4000, seed=2)
    expected = _log_density(again, dyestuff, row)
    assert post.loo().pointwise[row] == pytest.approx(expected, abs=0.05)


def test_a_group_that_is_left_out_is_predicted_as_by_the_other_groups(dyestuff, post):
    y = dyestuff["Yield"].to_numpy().astype(float)
    of_group = (dyestuff["Batch"] == "E").to_numpy()
    again = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", dyestuff.filter(~of_group), priors=PRIORS, draws=4000, seed=2)
    draws, n = again.draws, int(of_group.sum())
    densities = [
        log_normal(y[of_group], mean, tau**2 + sigma**2 * np.eye(n))
        for mean, tau, sigma in zip(*(draws[name].to_numpy() for name in draws.columns), strict=True)
    ]
    expected = np.log(np.mean(np.exp(densities)))
    left_out = post.loo(leave="Batch")
    assert list(left_out.labels) == list("ABCDEF")
    assert left_out.pointwise[4] == pytest.approx(expected, abs=0.1)


def _log_density(again, data, row):
    """log p of a row's response in the draws of a posterior: a known group, given its effect's distribution."""
    batch, y = data["Batch"][row], float(data["Yield"][row])
    known = again._draws
    level = list(again._estimate.layout.groups[0].levels).index(batch)
    mean = known.beta[:, 0] + known.effects([0])[0][:, level, 0]
    return np.log(np.mean(np.exp(-0.5 * ((y - mean) / known.sigma) ** 2) / known.sigma)) - 0.5 * np.log(2 * np.pi)


def test_waic_is_near_leave_one_out(post, dyestuff):
    others = (hlmrs.bayes("Yield ~ 1 + (1 | Batch)", dyestuff, priors=PRIORS, draws=1000, seed=s) for s in (2, 3, 4))
    pairs = [(own.loo(), own.waic()) for own in (post, *others)]
    assert np.mean([waic.elpd - loo.elpd for loo, waic in pairs]) == pytest.approx(0, abs=0.5)
    assert np.mean([waic.p - loo.p for loo, waic in pairs]) == pytest.approx(0, abs=0.7)
    loo = pairs[0][0]
    assert loo.looic == -2 * loo.elpd
    assert 1 < loo.p < 8
    assert len(loo.to_frame()) == 30


def test_stacking_weights_are_the_best_mixture():
    rng = np.random.default_rng(1)
    log_densities = rng.normal(size=(60, 3))
    weights = stacking_weights(log_densities)

    def value(own):
        return np.log(np.exp(log_densities) @ own).sum()

    best = max(value(rng.dirichlet(np.ones(3))) for _ in range(5000))
    assert weights.sum() == pytest.approx(1)
    assert value(weights) >= best - 1e-9


def test_the_better_model_comes_first_and_has_more_weight():
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    formulas = ["Reaction ~ 1 + (1 | Subject)", "Reaction ~ Days + (1 | Subject)"]
    one, two = (hlmrs.bayes(formula, data, draws=300) for formula in formulas)
    table = one.compare(two, names=["flat", "line"])
    assert list(table["model"]) == ["line", "flat"]
    assert table["difference"][0] == 0
    assert table["difference"][1] == pytest.approx(one.loo().elpd - two.loo().elpd)
    assert table["weight"][0] > 0.9
    assert str(hlmrs.compare(one, two, names=["flat", "line"])) == str(table)
    with pytest.raises(OptionError, match="among themselves"):
        hlmrs.compare(one, hlmrs.lmer(formulas[1], data))
    with pytest.raises(OptionError, match="two posteriors or more"):
        hlmrs.compare(one)


def test_a_single_draw_has_no_spread(dyestuff):
    table = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", dyestuff, draws=1).summary()
    assert all(sd is None or np.isnan(sd) for sd in table["sd"])


def test_other_rows_are_refused(post, dyestuff):
    other = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", dyestuff.head(25), draws=100)
    with pytest.raises(OptionError, match="same rows"):
        post.compare(other)


def test_the_draws_used_are_told(post):
    many = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=3000).loo()
    assert many.n_draws == 1000
    assert "1,000 of the variances, given which leaving out is exact" in str(many)
    assert post.waic().n_draws == 1000


def test_one_part_has(post):
    one = replace(post.loo(), k=np.r_[0.9, np.zeros(29)])
    assert "1 of 30 parts has a k above 0.7" in str(one)


def test_what_differs_between_models_that_cannot_be_compared_is_said(post):
    data = hlmrs.datasets.load("sleepstudy", "pandas")
    formula = "Reaction ~ Days + (1 | Subject)"
    one = hlmrs.bayes(formula, data, draws=50)
    gap = data.assign(x=data["Days"].where(data["Days"] != 3))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fewer = hlmrs.bayes("Reaction ~ x + (1 | Subject)", gap, draws=50)
    with pytest.raises(OptionError, match=r"m1 has 180 of them, m2 162; .* missing values of 'x' beforehand"):
        one.compare(fewer)
    with pytest.raises(OptionError, match=r"of a is 'Reaction', that of b 'log\(Reaction\)': .* other units"):
        one.compare(hlmrs.bayes(formula.replace("Reaction", "log(Reaction)"), data, draws=50), names=["a", "b"])
    moved = data.iloc[[*range(20, 180), *range(20)]]
    with pytest.raises(OptionError, match=r"have 249\.56 and .* in row 0 of those used .* in the same order"):
        one.compare(hlmrs.bayes(formula, moved, draws=50))


def test_the_monte_carlo_error_is_that_of_other_draws_of_chains():
    data = hlmrs.datasets.load("Dyestuff", "polars")
    found = [
        hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, priors=PRIORS, draws=400, seed=s, method="nuts").loo()
        for s in range(12)
    ]
    spread = np.std([one.elpd for one in found], ddof=1)
    assert 0.4 < np.mean([one.mcse for one in found]) / spread < 4
