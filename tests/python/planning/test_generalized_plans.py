"""Plans of binary responses and counts: closed forms where nothing is approximate, and simulation elsewhere."""

import math

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError
from hlmrs.families import Family
from hlmrs.planning.generalized import row_weights

DESIGN = hlmrs.Design.cluster_randomized(school=30, pupil=10)


def test_rows_without_random_effects_have_the_weights_of_generalized_linear_models():
    eta, nothing = np.array([-2.0, 0.3, 1.0]), np.zeros(3)
    p = 1 / (1 + np.exp(-eta))
    assert row_weights(Family("binomial", "logit"), eta, nothing) == pytest.approx(p * (1 - p), rel=1e-12)
    assert row_weights(Family("poisson", "log"), eta, nothing) == pytest.approx(np.exp(eta), rel=1e-12)


def test_counts_have_the_moments_of_a_lognormal_mean():
    eta, spread = np.array([-1.0, 0.5]), np.array([0.2, 0.6])
    mean = np.exp(eta + spread / 2)
    expected = mean**2 / (mean + mean**2 * np.expm1(spread) - mean**2 * spread)
    assert row_weights(Family("poisson", "log"), eta, spread) == pytest.approx(expected, rel=1e-8)


def test_probits_have_the_means_of_a_wider_normal():
    """E Phi(eta + s z) = Phi(eta / sqrt(1 + s2)), with slope phi(eta / r) / r."""
    eta, spread = np.array([-1.0, 0.4]), np.array([0.3, 0.8])
    wide = np.sqrt(1 + spread)
    mean = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in eta / wide])
    slope = np.exp(-0.5 * (eta / wide) ** 2) / np.sqrt(2 * np.pi) / wide
    expected = slope**2 / (mean * (1 - mean) - slope**2 * spread)
    assert row_weights(Family("binomial", "probit"), eta, spread) == pytest.approx(expected, rel=1e-8)


def test_shares_are_of_the_latent_response():
    effects = {"(Intercept)": -0.5, "treat": 0.8}
    share = hlmrs.power(DESIGN, effects=effects, icc=0.1, family="binomial", test="treat")
    sd = np.sqrt(0.1 / 0.9 * np.pi**2 / 3)
    raw = hlmrs.power(DESIGN, effects=effects, sd={"school": sd}, family="binomial", test="treat")
    assert share.power == pytest.approx(raw.power, rel=1e-12)
    assert share.df == np.inf


def test_the_approximate_power_is_near_the_simulated_one():
    """The information is approximate: the standard errors of fits of this design are a few percent smaller."""
    for family, effects in (
        ("binomial", {"(Intercept)": -0.5, "treat": 0.8}),
        ("poisson", {"(Intercept)": 0.3, "treat": 0.45}),
    ):
        found = hlmrs.power(DESIGN, effects=effects, sd={"school": 0.5}, family=family, test="treat")
        (row,) = found.simulate(150, seed=1).to_dicts()
        assert row["failed"] == 0
        assert row["conf_low"] - 0.03 < row["power"] < row["conf_high"] + 0.03


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "gamma"}, "power is computed for"),
        ({"sigma": 1.0}, "no residual standard deviation"),
        ({"r2": {"pupil": 0.2}}, "no variance of their own"),
        ({"family": "poisson", "sd": None, "icc": 0.1}, "no total variance"),
    ],
)
def test_what_such_models_do_not_have_is_refused(changes, message):
    given = {"family": "binomial", "sd": {"school": 0.5}, "effects": {"treat": 0.5}} | changes
    with pytest.raises(OptionError, match=message):
        hlmrs.power(DESIGN, **given)
