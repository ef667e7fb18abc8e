"""Which generalized models are special cases of each other, part by part, and why others have no test."""

import warnings
from functools import cache

import numpy as np
import pytest

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
        ({}, {"family": "nbinom2"}, "not nested: families poisson and nbinom2"),
        ({}, {"formula": "y ~ x + z + (1 | g)", "link": "sqrt"}, "not nested: links log and sqrt"),
        ({}, {"formula": "y ~ x + z + (1 | g)", "nagq": 5}, "approximated differently"),
        ({}, {"zero_inflation": "~ 1"}, "only one has a zero part"),
        ({"zero_inflation": "~ z"}, {"zero_inflation": "~ x", "formula": "y ~ x + z + (1 | g)"}, "not nested"),
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


def test_linear_and_generalized_models_have_no_test_and_no_restricted_likelihood():
    linear = hlmrs.lmer("y ~ x + (1 | g)", DATA, reml=False)
    general = fit("y ~ x + z + (1 | g)", family="gaussian")
    assert last(linear, general)["null_distribution"] == "not nested: one is a linear model"
    with pytest.raises(hlmrs.OptionError, match="reml=True compares linear models"):
        hlmrs.compare(general, fit(family="gaussian"), reml=True)


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
    assert hlmrs.compare(one, other)["null_distribution"][1] == "not nested"
