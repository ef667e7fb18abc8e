"""Standard errors over the population, and intervals for new responses of generalized models."""

import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import poisson

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly


def poisson_groups(seed, n_groups=40, size=6, sd=0.6):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_groups), size)
    x = rng.normal(size=len(g))
    mean = np.exp(0.7 + 0.4 * x + sd * rng.normal(size=n_groups)[g])
    return pl.DataFrame({"y": rng.poisson(mean), "x": x, "g": [f"g{k}" for k in g], "mean": mean})


@pytest.fixture(scope="module")
def counts():
    return hlmrs.glmer("y ~ x + (1 | g)", poisson_groups(3), family="poisson")


def test_the_error_of_a_mean_over_the_population_counts_the_variance(counts):
    # of a log link exp(eta + v/2): of its logarithm the variance is (x, d v/2)' C (x, d v/2), C from the core
    new = pl.DataFrame({"x": [-1.0, 0.0, 2.0]})
    table = counts.predict(new, marginal=True, interval="confidence")
    fit = counts._estimate.own.fit
    joint = fit.joint_covariance()
    np.testing.assert_allclose(joint[1:, 1:], _in_search(fit), rtol=1e-6)
    v = float(counts.varcorr()["variance"][0])
    assert fit.theta[0] ** 2 == pytest.approx(v)
    mean = counts.predict(new, marginal=True)
    np.testing.assert_allclose(table["prediction"], mean)
    slopes = []
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-5
        (above, (high,)), (below, (low,)) = fit.moved(step), fit.moved(-step)
        eta = (above - below) / 2e-5
        slopes.append(eta[0] + eta[1] * new["x"].to_numpy() + (high[0, 0] - low[0, 0]) / 2e-5 / 2)
    error = np.sqrt(np.einsum("ki,kl,li->i", slopes, joint, slopes))
    np.testing.assert_allclose(table["std_error"], mean * error, rtol=1e-6)
    np.testing.assert_allclose(table["conf_high"], mean * np.exp(1.959964 * error), rtol=1e-5)
    # more than with the variance known: the coefficients alone
    known = np.sqrt(np.einsum("ki,kl,li->i", slopes[1:], joint[1:, 1:], slopes[1:]))
    assert (error > known).all()


def _in_search(fit):
    """The covariance of the coefficients in the coordinates of the search, from that in the user's columns."""
    jacobian = np.array([fit.moved(np.eye(3)[k])[0] - fit.coefficients for k in (1, 2)])
    inverse = np.linalg.inv(jacobian)
    return inverse.T @ fit.covariance() @ inverse


def test_the_error_over_the_population_is_the_spread_of_refits():
    # the parametric bootstrap knows nothing of the delta method
    fit = hlmrs.glmer("y ~ x + (1 | g)", poisson_groups(5), family="poisson")
    new = pl.DataFrame({"x": [1.0]})
    drawn = fit.simulate(80, seed=4)
    refits = [quietly(lambda k=k: fit.refit(drawn[:, k])).predict(new, marginal=True)[0] for k in range(80)]
    table = fit.predict(new, marginal=True, interval="confidence")
    assert table["std_error"][0] == pytest.approx(np.std(refits), rel=0.25)


@pytest.mark.parametrize("name", list(MODELS))
def test_intervals_stay_within_what_can_be(name):
    fit = fit_of(name)
    for further in ({"marginal": True}, {"random_effects": False}):
        table = fit.predict(interval="confidence", **further)
        low, mean, high = (table[c].to_numpy() for c in ("conf_low", "prediction", "conf_high"))
        assert ((low > 0) & (low < mean) & (mean < high)).all()
        np.testing.assert_allclose(mean, fit.predict(**further), rtol=1e-12)
        if name in ("cbind", "two levels"):
            assert (high < 1).all()
        if name == "ordered":
            assert ((low > 1) & (high < 3)).all()


def test_errors_of_several_parts_are_those_of_marginal_means():
    fit = fit_of("zero part")
    data = data_of().with_columns(x=pl.lit(float(data_of()["x"].mean())))
    for kind in ("response", "zprob"):
        means = fit.emmeans("f", type=kind)
        levels = means["f"].cast(pl.String).to_list()
        new = pl.DataFrame({"f": levels, "x": [float(data["x"][0])] * 3})
        table = fit.predict(new, random_effects=False, type=kind, interval="confidence")
        for column in ("prediction", "std_error", "conf_low", "conf_high"):
            own = "estimate" if column == "prediction" else column
            np.testing.assert_allclose(table[column], means[own], rtol=1e-6)


@pytest.mark.parametrize("name", list(MODELS))
def test_new_responses_lie_in_their_intervals_as_often_as_said(name):
    fit, data = fit_of(name), data_of()
    table = fit.predict(interval="prediction", random_effects=False, n=400, seed=2, level=0.9)
    again = fit.predict(interval="prediction", random_effects=False, n=400, seed=2, level=0.9)
    assert table.equals(again)
    drawn = fit.simulate(200, seed=9)
    if name == "cbind":
        drawn = drawn / (data["won"] + data["lost"]).to_numpy()[:, None]
    inside = (drawn >= table["conf_low"].to_numpy()[:, None]) & (drawn <= table["conf_high"].to_numpy()[:, None])
    # of discrete responses more: an interval has whole steps
    assert 0.88 < inside.mean() < (0.94 if name in ("dispersion", "weights") else 1.01)
    assert (table["std_error"] > 0).all()


def test_intervals_cover_as_often_as_quantiles_of_the_true_law():
    # counts have steps: with the truth known an interval of 0.8 covers 0.91 of them, one of 0.95 0.98
    def covered(low, high, mean):
        return np.mean(poisson.cdf(high, mean) - poisson.cdf(low - 1, mean))

    def lognormal_means(x):
        z, w = np.polynomial.hermite_e.hermegauss(40)
        return np.exp(0.7 + 0.4 * x[:, None] + 0.6 * z), w / w.sum()

    found = {"known": [], "new": []}
    for seed in range(12):
        whole = poisson_groups(100 + seed, n_groups=60)
        last = pl.int_range(pl.len()) % 6 == 0
        in_fit = pl.col("g").is_in([f"g{k}" for k in range(40)])
        old = whole.filter(~last & in_fit)
        fit = quietly(lambda old=old: hlmrs.glmer("y ~ x + (1 | g)", old, family="poisson"))
        for which, rows in (("known", whole.filter(last & in_fit)), ("new", whole.filter(~in_fit))):
            options = {"new_levels": "population", "interval": "prediction", "n": 500, "seed": seed, "level": 0.8}
            table = fit.predict(rows, **options)
            low, high = table["conf_low"].to_numpy(), table["conf_high"].to_numpy()
            if which == "known":
                mean = rows["mean"].to_numpy()
                found[which].append((covered(low, high, mean), covered(*poisson.ppf([[0.1], [0.9]], mean), mean)))
            else:
                # the law of a new group is a mixture over its effect
                means, w = lognormal_means(rows["x"].to_numpy())
                below = poisson.cdf(np.arange(200)[:, None, None], means) @ w
                ends = [(below < tail).sum(axis=0) for tail in (0.1, 0.9)]

                def inside(low, high, below=below):
                    columns, before = np.arange(below.shape[1]), np.vstack([np.zeros((1, below.shape[1])), below])
                    return np.mean(before[high.astype(int) + 1, columns] - before[low.astype(int), columns])

                found[which].append((inside(low, high), inside(*ends)))
    known, new = np.mean(found["known"], axis=0), np.mean(found["new"], axis=0)
    assert known[0] == pytest.approx(known[1], abs=0.015)
    assert new[0] == pytest.approx(new[1], abs=0.025)


def test_a_known_group_has_a_narrower_interval_than_a_new_one(counts):
    new = {"x": np.zeros(2), "g": ["g0", "other"]}
    table = counts.predict(new, new_levels="population", interval="prediction", n=2000, seed=1)
    assert table["std_error"][0] < table["std_error"][1]
    left_out = counts.predict(new, random_effects=False, interval="prediction", n=2000, seed=1)
    assert left_out["std_error"][0] == pytest.approx(table["std_error"][1], rel=0.1)
    # Var(y) = E mu + Var mu over the population, mu lognormal
    v, b = float(counts.varcorr()["variance"][0]), counts.beta[0]
    mean = math.exp(b + v / 2)
    assert left_out["std_error"][1] == pytest.approx(math.sqrt(mean + mean**2 * math.expm1(v)), rel=0.15)


def test_proportions_have_as_many_steps_as_trials():
    fit = fit_of("cbind")
    new = pl.DataFrame({"x": [0.0, 0.0], "f": ["a", "a"], "g": ["new", "new"], "size": [1.0, 50.0]})
    one = fit.predict(new, interval="prediction", random_effects=False, n=500, seed=3)
    assert set(one["conf_high"]) <= {0.0, 1.0}
    for weights in ("size", [1.0, 50.0]):
        table = fit.predict(new, interval="prediction", random_effects=False, n=500, seed=3, weights=weights)
        assert table["conf_high"][0] == 1.0
        assert table["conf_high"][1] < 1.0
        assert (50 * table["conf_high"][1]) == round(50 * table["conf_high"][1])
    with pytest.raises(hlmrs.DataError, match=r"1.5 in row 1"):
        fit.predict(new, interval="prediction", random_effects=False, weights=[1.0, 1.5])


def test_missing_rows_and_levels_stay_missing(counts):
    new = pl.DataFrame({"x": [0.0, None, 1.0], "g": ["g0", "g1", "other"]})
    table = counts.predict(new, new_levels="missing", interval="prediction", n=50, seed=1)
    assert [value is not None and not math.isnan(value) for value in table["conf_low"]] == [True, False, False]
    with pytest.raises(hlmrs.DataError, match="not seen"):
        counts.predict(new, interval="prediction", n=50)


def test_what_has_no_interval_says_why(counts):
    with pytest.raises(hlmrs.OptionError, match=r"random_effects=False.*marginal=True.*interval='prediction'"):
        counts.predict(interval="confidence")
    with pytest.raises(hlmrs.OptionError, match="new responses"):
        counts.predict(interval="prediction", type="link", random_effects=False)
    with pytest.raises(hlmrs.OptionError, match="intervals are of"):
        fit_of("ordered").predict(interval="confidence", type="prob", random_effects=False)
    restricted = quietly(lambda: counts.update(reml=True))
    with pytest.raises(hlmrs.OptionError, match=r"reml=True.*update\(reml=False\)"):
        restricted.predict(marginal=True, interval="confidence")
    penalized = quietly(lambda: counts.update(nagq=0))
    with pytest.raises(hlmrs.OptionError, match=r"nagq=0.*update\(nagq=1\)"):
        penalized.predict(interval="prediction")


def test_the_mean_of_a_lognormal_response_knows_that_its_deviation_is_estimated():
    """The mean is exp(η + s²/2), with slopes 1 in η and s² in log s."""
    rng = np.random.default_rng(1)
    g, x = np.repeat(np.arange(15), 8), rng.normal(size=120)
    y = np.exp(0.4 + 0.5 * x + 0.5 * rng.normal(size=15)[g] + 2 * rng.normal(size=120))
    data = pl.DataFrame({"y": y, "x": x, "g": [f"g{k}" for k in g]})
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="lognormal")
    new = pl.DataFrame({"x": [0.0]})
    found = fit.predict(new, random_effects=False, interval="confidence")
    covariance = fit._estimate.own.fit.covariance()
    s2 = fit.sigma**2
    mean = float(np.exp(fit.beta[0] + s2 / 2))
    slope = np.array([1.0, 0.0, s2])
    expected = mean * float(np.sqrt(slope @ covariance @ slope))
    assert found["prediction"][0] == pytest.approx(mean, rel=1e-8)
    assert found["std_error"][0] == pytest.approx(expected, rel=1e-5)
    means = fit.emmeans("x", at={"x": [0.0]}, type="response")
    assert means["std_error"][0] == pytest.approx(expected, rel=1e-5)


def test_a_mean_over_effects_that_reach_the_pole_of_a_link_does_not_exist():
    """E[1 / (η + σ z)] has no value where η is few deviations from zero; far from it, it is that of a fine sum."""
    rng = np.random.default_rng(4)
    g, x = np.repeat(np.arange(20), 10), np.tile(np.linspace(-1, 1, 10), 20)
    eta = 3.0 + x + 0.3 * rng.normal(size=20)[g]
    data = pl.DataFrame({"y": rng.gamma(8.0, 1 / (8.0 * eta)), "x": x, "g": [f"g{k}" for k in g]})
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family="gamma", link="inverse")
    sd = float(fit.varcorr()["sd"][0])
    new = pl.DataFrame({"x": [0.0, -(fit.beta[0] - sd) / fit.beta[1]]})
    with pytest.warns(hlmrs.InferenceWarning, match="does not exist in 1 of 2 rows"):
        found = fit.predict(new, marginal=True)
    z = np.linspace(-8, 8, 200_001)
    density = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
    assert found[0] == pytest.approx(float((density / (fit.beta[0] + sd * z)).sum()), rel=1e-6)
    assert np.isnan(found[1])
