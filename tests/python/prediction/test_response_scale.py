"""The way back from the scale of a transformed response: what the transform undoes, its derivative and its mean."""

import warnings
from functools import cache

import numpy as np
import pytest

import hlmrs
from hlmrs.prediction.response_scale import response_scale

RNG = np.random.default_rng(5)
N, GROUPS = 60, 10
G = np.repeat(np.arange(GROUPS), N // GROUPS)
Y = np.exp(0.3 * RNG.normal(size=N) + 0.2 * RNG.normal(size=GROUPS)[G])
Z = RNG.normal(size=N)
TRANSFORMS = {
    "log(y)": np.log,
    "log(y, base = 3)": lambda y: np.log(y) / np.log(3),
    "log2(y)": np.log2,
    "log10(y)": np.log10,
    "log1p(y)": np.log1p,
    "sqrt(y)": np.sqrt,
    "exp(y)": np.exp,
    "I(y)": lambda y: y,
    "I(-y)": lambda y: -y,
    "I(y + 3)": lambda y: y + 3,
    "I(y - 3)": lambda y: y - 3,
    "I(y * 4)": lambda y: y * 4,
    "I(y / 4)": lambda y: y / 4,
    "I(y^3)": lambda y: y**3,
    "I(y^0.5)": lambda y: y**0.5,
    "I(y^-1)": lambda y: 1 / y,
    "I(y^-2)": lambda y: y**-2.0,
    "I(y * -4)": lambda y: y * -4,
    "I(-3 - y)": lambda y: -3 - y,
    "I(3 + y)": lambda y: 3 + y,
    "I(3 - y)": lambda y: 3 - y,
    "I(4 * y)": lambda y: 4 * y,
    "I(4 / y)": lambda y: 4 / y,
    "I(2^y)": lambda y: 2**y,
    "I(5^y)": lambda y: 5**y,
    "scale(y)": lambda y: (y - Y.mean()) / Y.std(ddof=1),
    "center(y)": lambda y: y - Y.mean(),
    "center(y, g)": lambda y: y - np.mean(np.bincount(G, Y) / np.bincount(G)),
    "log(2 * y + 1)": lambda y: np.log(2 * y + 1),
    "I(3 - sqrt(y))": lambda y: 3 - np.sqrt(y),
    "log10(y / 5)": lambda y: np.log10(y / 5),
}


@cache
def way_back(response, scale="response"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer(f"{response} ~ 1 + (1 | g)", {"y": Y, "z": Z, "g": G})
    return response_scale(fit._estimate, scale)


@pytest.mark.parametrize("response", TRANSFORMS)
def test_the_median_is_what_the_transform_was_applied_to(response):
    np.testing.assert_allclose(way_back(response).median(TRANSFORMS[response](Y)), Y, rtol=1e-12)


@pytest.mark.parametrize("response", TRANSFORMS)
def test_the_slope_is_the_limit_of_differences(response):
    back, eta, step = way_back(response), TRANSFORMS[response](Y), 1e-5
    right = (back.median(eta + step) - back.median(eta - step)) / (2 * step)
    np.testing.assert_allclose(back.slope(eta), right, rtol=1e-6, atol=1e-9)


MEANS = {
    # of a normal number with mean m and variance v
    "log(y)": lambda m, v: np.exp(m + v / 2),
    "log2(y)": lambda m, v: np.exp(m * np.log(2) + v * np.log(2) ** 2 / 2),
    "log10(y)": lambda m, v: np.exp(m * np.log(10) + v * np.log(10) ** 2 / 2),
    "log1p(y)": lambda m, v: np.exp(m + v / 2) - 1,
    "sqrt(y)": lambda m, v: m**2 + v,
    "I(y - 3)": lambda m, v: m + 3,
    "I(3 - sqrt(y))": lambda m, v: (3 - m) ** 2 + v,
    "log(2 * y + 1)": lambda m, v: (np.exp(m + v / 2) - 1) / 2,
}


@pytest.mark.parametrize("response", MEANS)
def test_the_mean_is_that_of_the_closed_form(response):
    back, m, v = way_back(response, "mean"), np.array([-0.5, 0.2, 1.5]), np.array([0.01, 0.5, 2.0])
    np.testing.assert_allclose(back.mean(m, v), MEANS[response](m, v), rtol=1e-10)
    step = 1e-5
    right = (MEANS[response](m + step, v) - MEANS[response](m - step, v)) / (2 * step)
    np.testing.assert_allclose(back.mean_slope(m, v), right, rtol=1e-6)


def test_a_table_has_standard_errors_by_the_delta_method_and_ordered_bounds():
    eta, error = np.array([0.3, 1.0]), np.array([0.1, 0.2])
    value, std_error, low, high = way_back("I(4 / y)").table("response", eta, error, [eta - error, eta + error], error)
    np.testing.assert_allclose(value, 4 / eta)
    np.testing.assert_allclose(std_error, 4 / eta**2 * error)
    np.testing.assert_allclose(low, 4 / (eta + error))
    np.testing.assert_allclose(high, 4 / (eta - error))
    v = np.array([0.5, 0.2])
    value, std_error, low, high = way_back("log(y)", "mean").table("mean", eta, error, [eta - error, eta + error], v)
    np.testing.assert_allclose(value, np.exp(eta + v / 2), rtol=1e-10)
    np.testing.assert_allclose(std_error, np.exp(eta + v / 2) * error, rtol=1e-10)
    np.testing.assert_allclose(low, np.exp(eta - error + v / 2), rtol=1e-10)
    np.testing.assert_allclose(high, np.exp(eta + error + v / 2), rtol=1e-10)


def test_below_the_least_that_a_transform_gives_the_median_stays_there_and_does_not_move():
    eta = np.array([-2.0, -0.1, 0.5])
    np.testing.assert_array_equal(way_back("sqrt(y)").median(eta), [0.0, 0.0, 0.25])
    np.testing.assert_array_equal(way_back("sqrt(y)").slope(eta), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(way_back("exp(y)").median(np.array([-1.0, 1.0])), [-np.inf, 0.0])


@pytest.mark.parametrize("response", ["I(4 / y)", "I(y^-1)", "I(2^y)", "exp(y)", "I(y^3)"])
def test_a_mean_that_does_not_exist_is_refused(response):
    with pytest.raises(hlmrs.OptionError, match="no mean that follows"):
        way_back(response, "mean")


@pytest.mark.parametrize("response", ["sin(y)", "I(y + y)", "I(0 * y + z)", "abs(y)", "I(1^y + y)"])
def test_a_transform_that_cannot_be_undone_is_refused(response):
    with pytest.raises(hlmrs.OptionError, match="cannot be turned back into one column"):
        way_back(response)


def test_an_even_power_of_values_of_both_signs_cannot_be_undone():
    y = Y - Y.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer("I(y^2) ~ 1 + (1 | g)", {"y": y, "g": G})
    with pytest.raises(hlmrs.OptionError, match="cannot be turned back"):
        response_scale(fit._estimate, "response")


def test_a_scaled_response_is_turned_back_by_the_rows_that_were_used():
    y = Y.copy()
    y[[3, 17]] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = hlmrs.lmer("scale(y) ~ 1 + (1 | g)", {"y": y, "g": G})
        half = hlmrs.lmer("scale(y, scale = FALSE) ~ 1 + (1 | g)", {"y": y, "g": G})
    used = y[np.isfinite(y)]
    line = response_scale(fit._estimate, "response").median(np.array([0.0, 1.0]))
    np.testing.assert_allclose(line, [used.mean(), used.mean() + used.std(ddof=1)])
    line = response_scale(half._estimate, "response").median(np.array([0.0, 1.0]))
    np.testing.assert_allclose(line, [used.mean(), used.mean() + 1])
