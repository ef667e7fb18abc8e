"""Intervals of predictions of generalized models: those of marginal means, and refusals with their reasons."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from generalized_models import data_of, quietly
from golden import FOLDER, rows
from hlmrs.prediction.ranges import Range, range_of

CBPP = hlmrs.datasets.load("cbpp", "pandas")
FORMULA = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


@pytest.fixture(scope="module")
def fit():
    return hlmrs.glmer(FORMULA, CBPP, family="binomial")


@pytest.mark.parametrize("kind", ["link", "response", "conditional"])
def test_intervals_are_those_of_marginal_means(fit, kind):
    means = rows(fit.emmeans("period", type=kind))
    new = pd.DataFrame({"period": [row["period"] for row in means], "herd": "new"}, index=list("abcd"))
    table = fit.predict(new, random_effects=False, interval="confidence", type=kind)
    assert list(table.index) == list("abcd")
    for name, other in (("prediction", "estimate"), *((n, n) for n in ("std_error", "conf_low", "conf_high"))):
        np.testing.assert_allclose(table[name], [row[other] for row in means], rtol=1e-10)
    wide = fit.predict(new, random_effects=False, interval="confidence", type=kind, level=0.99)
    assert (wide["conf_low"] < table["conf_low"]).all()
    own = fit.predict(random_effects=False, interval="confidence", type=kind)
    np.testing.assert_allclose(own["prediction"], fit.predict(random_effects=False, type=kind), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"interval": "confidence"}, "random_effects=False"),
        ({"interval": "confidence", "random_effects": False, "type": "class"}, "no thresholds|intervals are of"),
        ({"interval": "both", "random_effects": False}, "'confidence'"),
    ],
)
def test_intervals_that_there_are_none_of_are_refused_with_the_reason(fit, options, why):
    with pytest.raises(hlmrs.OptionError, match=why):
        fit.predict(**options)


def test_profiles_are_of_all_parts():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(20), 10)
    mean = np.exp(1.2 + 0.5 * rng.normal(size=20)[g])
    data = {"y": np.where(rng.random(200) < 0.3, 0.0, rng.poisson(mean)), "g": [f"g{k}" for k in g]}
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson", zero_inflation="~ 1")
    table = {row["term"]: row for row in rows(fit.confint(method="profile"))}
    assert list(table) == ["(Intercept)", "zero_inflation:(Intercept)", "sd((Intercept) | g)"]
    # held at either end, as an offset, the likelihood has fallen by half of the chi-square's quantile
    for end in ("conf_low", "conf_high"):
        data["held"] = np.full(200, table["zero_inflation:(Intercept)"][end])
        at_end = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson", zero_inflation="~ 0 + offset(held)")
        assert at_end.loglik == pytest.approx(fit.loglik - 3.841459 / 2, abs=1e-4)


def test_words_of_other_methods_are_answered(fit):
    with pytest.raises(TypeError, match="which residuals is kind="):
        fit.resid(type="pearson")
    with pytest.raises(hlmrs.DesignError, match="generalized linear model"):
        hlmrs.glmer("cbind(incidence, size - incidence) ~ period", CBPP, family="binomial")


@pytest.mark.parametrize("family", [None, "poisson"])
def test_what_has_no_error_is_its_own_bounds(family):
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(12), 5)
    counts = rng.poisson(np.exp(0.5 * rng.normal(size=12)[g]))
    data = pd.DataFrame({"y": counts.astype(float), "g": g})
    fit = hlmrs.glmer("y ~ 0 + (1 | g)", data, family=family) if family else hlmrs.lmer("y ~ 0 + (1 | g)", data)
    for new in (None, data[:3]):
        table = fit.predict(new, random_effects=False, interval="confidence")
        expected = 1.0 if family else 0.0
        for name in ("prediction", "conf_low", "conf_high"):
            assert (table[name] == expected).all()
        assert (table["std_error"] == 0).all()


def test_an_end_that_the_likelihood_never_falls_to_is_infinite():
    data = pl.read_csv(FOLDER / "data" / "Salamanders.csv")
    fit = hlmrs.glmer("count ~ mined + (1 | site)", data, family="nbinom2", zero_inflation="~ mined")
    table = {row["term"]: (row["conf_low"], row["conf_high"]) for row in rows(fit.confint(method="profile"))}
    assert table["zero_inflation:(Intercept)"][0] == -np.inf
    assert np.isfinite([table[name] for name in ("(Intercept)", "minedyes", "sd((Intercept) | site)")]).all()
    # zeros of another source at sites of one kind alone, which is where the coefficient is minus infinity
    yes = (data["mined"] == "yes").to_numpy().astype(float)
    data = data.with_columns(yes=yes, far=-30.0 * (1 - yes))
    options = {"family": "nbinom2", "zero_inflation": "~ 0 + yes + offset(far)"}
    limit = hlmrs.glmer("count ~ mined + (1 | site)", data, **options)
    assert 2 * (fit.loglik - limit.loglik) < 3.84


def test_every_parameter_has_a_profile_interval():
    data = data_of().to_pandas()
    fit = quietly(lambda: hlmrs.glmer("cbind(won, lost) ~ x + (x | g) + (1 | h)", data, family="binomial"))
    table = {row["term"]: (row["conf_low"], row["conf_high"]) for row in rows(fit.confint(method="profile"))}
    wide = {"sd((Intercept) | g)", "sd(x | g)", "cor((Intercept), x | g)"}
    assert set(table) == {"(Intercept)", "x", "sd((Intercept) | h)", *wide}
    estimates = {row["term"]: row["estimate"] for row in rows(fit.tidy())}
    estimates |= {row["term"]: row["estimate"] for row in rows(fit.tidy("ran_pars")) if row["term"] in table}
    for name in estimates:
        low, high = table[name]
        assert low <= estimates[name] <= high, name


def test_intervals_of_truncated_counts_are_above_one():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(10), 6)
    counts = np.maximum(rng.poisson(0.4 * np.exp(0.2 * rng.normal(size=10)[g])), 1)
    data = pd.DataFrame({"y": counts, "g": g, "f": np.tile(["a", "b"], 30)})
    fit = quietly(lambda: hlmrs.glmer("y ~ f + (1 | g)", data, family="truncated_nbinom2", dispersion="~ f"))
    for kind in ("response", "conditional"):
        assert range_of(fit._estimate, kind).low == 1
        table = fit.emmeans("f", type=kind)
        assert (table["conf_low"] > 1).all()


def test_an_end_without_error_is_its_own_interval():
    for ends in (Range(0.0, 1.0), Range(1.0, np.inf)):
        low, high = ends.interval(np.array([ends.low]), np.zeros(1), 1.96)
        assert (low, high) == (ends.low, ends.low)
