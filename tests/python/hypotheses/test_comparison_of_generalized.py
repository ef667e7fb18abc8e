"""Which generalized models are special cases of each other, part by part, and why others have no test."""

import warnings
from functools import cache

import numpy as np
import pytest
from scipy.stats import chi2

import hlmrs
from golden import rows

R = np.random.default_rng(7)
N = 240
G = np.repeat(np.arange(24), 10)
X, Z = R.normal(size=N), R.normal(size=N)
MEAN = np.exp(0.6 + 0.4 * X + 0.5 * R.normal(size=24)[G])
DATA = {
    "y": np.where(R.random(N) < 0.2, 0, R.negative_binomial(3, 3 / (3 + MEAN))).astype(float),
    "x": X,
    "z": Z,
    "g": [f"g{k}" for k in G],
    "o": 0.1 * R.normal(size=N),
}
FORMULA = "y ~ x + (1 | g)"


@cache
def fit(formula=FORMULA, family="poisson", **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        return hlmrs.glmer(formula, DATA, family=family, **more)


def last(*fits):
    return rows(hlmrs.compare(*fits))[-1]


@pytest.mark.parametrize(
    ("small", "large", "why"),
    [
        ({}, {"family": "tweedie"}, "not nested: families poisson and tweedie"),
        ({}, {"family": "nbinom2", "dispersion": "~ x"}, "no test: without overdispersion"),
        ({}, {"formula": "y ~ x + z + (1 | g)", "link": "sqrt"}, "not nested: links log and sqrt"),
        ({}, {"formula": "y ~ x + z + (1 | g)", "nagq": 5}, "approximated differently"),
        ({}, {"zero_inflation": "~ 1"}, "only one has a zero part"),
        (
            {"zero_inflation": "~ z"},
            {"zero_inflation": "~ x", "formula": "y ~ x + z + (1 | g)"},
            "zero_inflation: the",
        ),
        ({"formula": "y ~ z + (1 | g)"}, {"zero_inflation": "~ 1", "formula": "y ~ z + (1 | g)"}, "zero part"),
    ],
)
def test_models_of_different_kinds_have_no_test_and_say_why(small, large, why):
    found = last(fit(**small), fit(**large))
    assert why in found["null_distribution"]
    assert found["p_value"] is None
    assert found["aic"] == pytest.approx(fit(**large).aic)


@pytest.mark.parametrize(
    ("small", "large", "law"),
    [
        ({}, {"formula": "y ~ x + z + (1 | g)"}, "chi2(1)"),
        ({}, {"formula": "y ~ x + (x | g)"}, "0.5 chi2(1) + 0.5 chi2(2)"),
        ({"zero_inflation": "~ 1"}, {"zero_inflation": "~ x + z"}, "chi2(2)"),
        ({"zero_inflation": "~ 1"}, {"zero_inflation": "~ 1 + (1 | g)"}, "0.5 chi2(0) + 0.5 chi2(1)"),
        ({"family": "nbinom2"}, {"family": "nbinom2", "dispersion": "~ x"}, "chi2(1)"),
    ],
)
def test_special_cases_are_tested_part_by_part(small, large, law):
    one, other = fit(**small), fit(**large)
    found = last(one, other)
    assert found["null_distribution"] == law
    assert found["chisq"] == pytest.approx(max(0.0, 2 * (other.loglik - one.loglik)), abs=1e-5)
    assert found["df"] == other.n_params - one.n_params


def test_thresholds_are_the_constant_of_an_ordered_model():
    data = DATA | {"k": np.minimum(DATA["y"], 3.0)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.SingularFitWarning)
        small = hlmrs.glmer("k ~ x + (1 | g)", data, family="cumulative")
        large = hlmrs.glmer("k ~ I(x + 1) + z + (1 | g)", data, family="cumulative")
    assert last(small, large)["null_distribution"] == "chi2(1)"


def test_a_linear_model_is_the_gaussian_one_by_maximum_likelihood():
    linear = hlmrs.lmer("y ~ x + (1 | g)", DATA, reml=False)
    same = fit(family="gaussian")
    assert linear.criterion == pytest.approx(same.criterion, abs=1e-6)
    more = hlmrs.lmer("y ~ x + (1 | g)", DATA, dispersion="~ x", reml=False)
    for small in (linear, same):
        found = last(small, more)
        assert found["null_distribution"] == "chi2(1)"
        assert found["chisq"] == pytest.approx(same.criterion - more.criterion, abs=1e-5)
    assert last(linear, fit("y ~ x + z + (1 | g)", family="gaussian"))["null_distribution"] == "chi2(1)"
    assert last(linear, fit("y ~ x + (x | g)", family="gaussian"))["null_distribution"] == "0.5 chi2(1) + 0.5 chi2(2)"
    assert "families gaussian and nbinom2" in last(linear, fit("y ~ x + z + (1 | g)", "nbinom2"))["null_distribution"]
    with pytest.raises(hlmrs.OptionError, match="reml=True compares linear models"):
        hlmrs.compare(fit("y ~ x + z + (1 | g)", family="gaussian"), fit(family="gaussian"), reml=True)


def test_weights_of_linear_and_generalized_models_mean_different_things():
    data = DATA | {"w": R.uniform(0.5, 2.0, N)}
    linear = hlmrs.lmer("y ~ x + (1 | g)", data, weights="w", reml=False)
    more = hlmrs.glmer("y ~ x + z + (1 | g)", data, family="gaussian", weights="w")
    assert last(linear, more)["null_distribution"].startswith("no test: weights")


def test_restricted_fits_are_compared_by_maximum_likelihood():
    small = hlmrs.lmer("y ~ x + (1 | g)", DATA)
    large = hlmrs.lmer("y ~ x + (1 | g)", DATA, dispersion="~ x")
    assert large.reml
    found = last(small, large)
    assert found["estimator"] == "ML"
    want = small.update(reml=False).criterion - large.update(reml=False).criterion
    assert found["chisq"] == pytest.approx(want, abs=1e-4)
    assert found["null_distribution"] == "chi2(1)"


@pytest.mark.parametrize("family", ["nbinom2", "nbinom1"])
def test_counts_without_overdispersion_are_on_the_boundary(family):
    small, large = fit(), fit(family=family)
    found = last(small, large)
    assert found["null_distribution"] == "0.5 chi2(0) + 0.5 chi2(1)"
    chisq = small.criterion - large.criterion
    assert found["chisq"] == pytest.approx(chisq)
    assert found["p_value"] == pytest.approx(0.5 * chi2.sf(chisq, 1))
    more = last(small, fit("y ~ x + z + (1 | g)", family=family))
    assert more["null_distribution"] == "0.5 chi2(1) + 0.5 chi2(2)"
    assert "conservative" in last(small, fit("y ~ x + (x | g)", family=family))["null_distribution"]


def test_generalized_poisson_has_poisson_inside():
    assert last(fit(), fit(family="genpois"))["null_distribution"] == "chi2(1)"


def test_a_binomial_response_is_the_limit_of_a_beta_binomial_one():
    data = DATA | {"k": np.minimum(DATA["y"], 8.0), "m": 8.0 - np.minimum(DATA["y"], 8.0)}
    small, large = (hlmrs.glmer("cbind(k, m) ~ x + (1 | g)", data, family=f) for f in ("binomial", "betabinomial"))
    assert last(small, large)["null_distribution"] == "0.5 chi2(0) + 0.5 chi2(1)"


def test_a_scale_that_depends_on_nothing_is_nested_in_one_that_does():
    data = DATA | {"k": np.minimum(DATA["y"], 3.0)}
    small = hlmrs.glmer("k ~ x + (1 | g)", data, family="cumulative")
    large = small.update(scale="~ z")
    found = last(small, large)
    assert found["null_distribution"] == "chi2(1)"
    assert found["chisq"] == pytest.approx(small.criterion - large.criterion)


def test_models_of_the_same_formula_are_told_apart():
    table = rows(hlmrs.compare(fit(), fit(family="nbinom2"), fit(family="nbinom2", zero_inflation="~ 1")))
    assert [row["formula"] for row in table] == [
        f"{FORMULA}, poisson (log)",
        f"{FORMULA}, nbinom2 (log)",
        f"{FORMULA}, nbinom2 (log), zero_inflation: ~ 1",
    ]
    table = rows(hlmrs.compare(fit(), fit("y ~ x + z + (1 | g)")))
    assert [row["formula"] for row in table] == [FORMULA, "y ~ x + z + (1 | g)"]


def test_effects_on_every_threshold_contain_one_effect_of_the_mean():
    rng = np.random.default_rng(4)
    x, group = rng.normal(size=600), rng.integers(0, 30, 600)
    latent = 0.8 * x + 0.7 * rng.normal(size=30)[group] + rng.logistic(size=600)
    frame = {"y": np.digitize(latent, [-1.0, 0.2, 1.0]), "x": x, "z": rng.normal(size=600), "g": group}
    one = hlmrs.glmer("y ~ x + (1 | g)", frame, family="cumulative")
    each = hlmrs.glmer("y ~ 1 + (1 | g)", frame, family="cumulative", nominal="~ x")
    other = hlmrs.glmer("y ~ 1 + (1 | g)", frame, family="cumulative", nominal="~ z")
    table = hlmrs.compare(one, each)
    assert table["df"][1] == 2
    assert np.isclose(table["chisq"][1], one.criterion - each.criterion)
    assert table["null_distribution"][1] == "chi2(2)"
    found = hlmrs.compare(one, other)["null_distribution"][1]
    assert found == "not nested: the other model has no fixed effects for 'x'"
