"""Leaving out beside correlated residuals, and groups of generalized models: dense algebra, quadrature, refits."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import DesignError


@pytest.fixture(scope="module")
def sleep():
    return hlmrs.datasets.load("sleepstudy", "polars").head(60)


def _draws_of(post):
    return post.draws.iter_rows(named=True)


def _correlation(row):
    """The one parameter of the residuals, whatever it is called."""
    known = {"(Intercept)", "Days", "sigma", "sd((Intercept) | Subject)"}
    (name,) = set(row) - known
    return row[name]


@pytest.mark.parametrize("formula", ["Reaction ~ Days", "Reaction ~ Days + (1 | Subject)"])
@pytest.mark.parametrize("leave", [None, "Subject"])
def test_densities_beside_correlated_residuals_are_those_of_dense_algebra(sleep, formula, leave):
    make = hlmrs.lmer if "|" in formula else hlmrs.gls
    post = make(formula, sleep, residual="ar1(Days | Subject)").posterior(
        draws=120, priors={"fixed": hlmrs.Normal(0, 20)}
    )
    found = post.loo(leave=leave)
    days, y = (sleep[name].to_numpy().astype(float) for name in ("Days", "Reaction"))
    same = (sleep["Subject"].to_numpy()[:, None] == sleep["Subject"].to_numpy()[None, :]).astype(float)
    prior = post._draws.priors
    gap = np.abs(days[:, None] - days[None, :])
    sets = [[k] for k in (0, 31)] if leave is None else [list(range(10, 20))]
    labels = (0, 31) if leave is None else (1,)
    x = np.column_stack([np.ones(60), days])
    combinations = prior.combinations
    along = np.array([along for along, _ in combinations])
    mean, sd = (np.array([getattr(one, name) for _, one in combinations]) for name in ("mean", "sd"))
    b0 = np.linalg.solve(along, mean)
    s0 = np.linalg.inv(along) @ np.diag(sd**2) @ np.linalg.inv(along).T
    own = post._draws.core.leave_out(post._estimate.rows, *_sets(post, leave))["log_mean"]
    for label, gone in zip(labels, sets, strict=True):
        densities = []
        for row in _draws_of(post):
            v = row["sigma"] ** 2 * same * _correlation(row) ** gap + x @ s0 @ x.T
            v += row.get("sd((Intercept) | Subject)", 0.0) ** 2 * same
            densities.append(_conditional(y - x @ b0, v, gone))
        assert own[label] == pytest.approx(np.log(np.mean(np.exp(densities))), abs=1e-7)
    assert np.isnan(found.p)
    assert len(found.pointwise) == (60 if leave is None else 6)


def _sets(post, leave):
    from hlmrs.diagnostics import row_sets

    sets = row_sets(post._estimate, leave)
    return () if leave is None else (sets.ptr, sets.members)


def _conditional(e, v, gone):
    """log p of some numbers given the others, all normal around zero."""
    precision = np.linalg.inv(v)
    own = precision[np.ix_(gone, gone)]
    gap = np.linalg.solve(own, (precision @ e)[gone])
    return 0.5 * (np.linalg.slogdet(own)[1] - gap @ own @ gap - len(gone) * np.log(2 * np.pi))


def test_new_responses_have_the_correlations_of_the_residuals(sleep):
    post = hlmrs.gls("Reaction ~ Days", sleep, residual="ar1(Days | Subject)").posterior(draws=4000)
    x = np.column_stack([np.ones(60), sleep["Days"].to_numpy()])
    e = (post.predictive(4000) - x @ post._draws.beta.T) / post._draws.sigma
    rho = np.array([_correlation(row) for row in _draws_of(post)])
    assert (e[0] * e[1]).mean() == pytest.approx(rho.mean(), abs=0.06)
    assert (e[0] ** 2).mean() == pytest.approx(1, abs=0.12)
    assert (e[9] * e[10]).mean() == pytest.approx(0, abs=0.08)
    table = post.predict()
    assert (table["sd"].to_numpy() > post.predict(include_noise=False)["sd"].to_numpy()).all()


def test_waic_of_correlated_residuals_is_refused_by_name(sleep):
    post = hlmrs.gls("Reaction ~ Days", sleep, residual="ar1(Days | Subject)").posterior(draws=60)
    with pytest.raises(DesignError, match="log densities of rows"):
        post.waic()


@pytest.fixture(scope="module")
def cbpp():
    return hlmrs.datasets.load("cbpp", "polars")


def test_groups_of_a_generalized_model_are_left_out_by_their_marginal_densities(cbpp):
    """A herd's density integrates over its effect, by the trapezoidal rule here."""
    post = hlmrs.bayes("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, family="binomial", draws=300)
    found = post.loo(leave="herd")
    assert len(found.pointwise) == 15
    assert (found.k < 0.7).all()
    own = post._draws.core.leave_out(post._estimate.rows, *_sets(post, "herd"))["log_mean"]
    herd = cbpp.filter(cbpp["herd"] == cbpp["herd"][0])
    y, n = herd["incidence"].to_numpy().astype(float), herd["size"].to_numpy().astype(float)
    ways = sum(
        np.log(np.prod(np.arange(m - k + 1, m + 1)) / np.prod(np.arange(1, k + 1))) for k, m in zip(y, n, strict=True)
    )
    z = np.linspace(-9, 9, 2001)
    densities = []
    for row in post.draws.iter_rows(named=True):
        period = np.array([row.get(f"period{p}", 0.0) for p in herd["period"].to_list()])
        eta = row["(Intercept)"] + period[:, None] + row["sd((Intercept) | herd)"] * z
        inner = (y[:, None] * eta - n[:, None] * np.logaddexp(0, eta)).sum(axis=0) - z**2 / 2
        densities.append(np.exp(inner).sum() * (z[1] - z[0]) / np.sqrt(2 * np.pi) * np.exp(ways))
    assert own[0] == pytest.approx(np.log(np.mean(densities)), abs=1e-5)


def test_a_group_that_is_left_out_is_predicted_as_by_the_other_groups(cbpp):
    formula, priors = "cbind(incidence, size - incidence) ~ 1 + (1 | herd)", {"sd": hlmrs.HalfNormal(1)}
    left = hlmrs.bayes(formula, cbpp, family="binomial", priors=priors, draws=4000).loo(leave="herd")
    gone = cbpp["herd"].unique(maintain_order=True)[3]
    others = hlmrs.bayes(
        formula, cbpp.filter(cbpp["herd"] != gone), family="binomial", priors=priors, draws=4000, seed=2
    )
    own = cbpp.filter(cbpp["herd"] == gone)
    y, n = own["incidence"].to_numpy().astype(float), own["size"].to_numpy().astype(float)
    ways = sum(
        np.log(np.prod(np.arange(m - k + 1, m + 1)) / np.prod(np.arange(1, k + 1))) for k, m in zip(y, n, strict=True)
    )
    z = np.linspace(-8, 8, 801)
    eta = (
        others.draws["(Intercept)"].to_numpy()[:, None] + others.draws["sd((Intercept) | herd)"].to_numpy()[:, None] * z
    )
    inner = y.sum() * eta - n.sum() * np.logaddexp(0, eta) - z**2 / 2
    expected = np.log(np.exp(inner).sum(axis=1).mean() * (z[1] - z[0]) / np.sqrt(2 * np.pi)) + ways
    assert left.pointwise[list(left.labels).index(str(gone))] == pytest.approx(expected, abs=0.05)


def test_groups_that_share_effects_with_others_are_refused():
    rng = np.random.default_rng(4)
    g, h = rng.integers(0, 8, 80), rng.integers(0, 6, 80)
    data = {"y": rng.poisson(2.0, 80).astype(float), "g": [f"g{k}" for k in g], "h": [f"h{k}" for k in h]}
    post = hlmrs.bayes("y ~ 1 + (1 | g) + (1 | h)", data, family="poisson", draws=40)
    with pytest.raises(DesignError, match="shares a random effect"):
        post.loo(leave="g")


def test_a_row_that_alone_has_a_coefficient_is_named():
    data = hlmrs.datasets.load("Dyestuff", "pandas")
    data["lone"] = (data.index == 4).astype(float)
    priors = {"(Intercept)": hlmrs.Flat(), "lone": hlmrs.Flat()}
    post = hlmrs.bayes("Yield ~ lone + (1 | Batch)", data, priors=priors, draws=200)
    with pytest.raises(DesignError, match="cannot be left out: without it a coefficient whose prior is flat"):
        post.loo()
    assert np.isfinite(hlmrs.bayes("Yield ~ lone + (1 | Batch)", data, draws=200).loo().elpd)
