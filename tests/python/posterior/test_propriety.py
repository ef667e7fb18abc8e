"""Flat priors: refused where the posterior does not integrate to a finite number, and nowhere else."""

import json

import numpy as np
import pytest

import hlmrs
from hlmrs._core import Posterior as CorePosterior
from hlmrs.errors import DesignError
from hlmrs.posterior import choose_priors
from hlmrs.posterior.propriety import require_proper

pytestmark = pytest.mark.filterwarnings("ignore")  # fits on the boundary, and of many effects beside few rows
FLAT = hlmrs.Flat()
ALL_FLAT = {"(Intercept)": FLAT, "sd": FLAT, "sigma": FLAT}
FIXED_FLAT = {**ALL_FLAT, "fixed": FLAT}
SD_FLAT = {"sd": FLAT, "sigma": hlmrs.HalfNormal(1)}


def groups(n, size=5):
    rng, g = np.random.default_rng(7), np.repeat(np.arange(n), size)
    between = rng.normal(size=(2, n))[:, g]
    y = 3 + rng.normal(size=n)[g] + rng.normal(size=n * size)
    return {"y": y, "g": [f"g{k}" for k in g], "u": between[0], "v": between[1], "x": rng.normal(size=n * size)}


def slope_in_sd(fit, priors):
    """Return d log p(y, sd) / d log(sd) where the first standard deviation is very large."""
    estimate = fit._estimate
    request = {**choose_priors(estimate, priors).request(), "draws": 2, "seed": 1, "method": "direct"}
    points = np.array([[1e3, 1.0], [1e3 * np.e, 1.0]])  # where coordinates are large they are standard deviations
    core = CorePosterior.of_points(estimate.core, json.dumps(request), points, 1)
    low, high = core.log_density(points)
    return high - low


def is_refused(fit, priors):
    try:
        require_proper(fit._estimate, choose_priors(fit._estimate, priors))
    except DesignError:
        return True
    return False


def between(formula):
    return formula.count("u") + formula.count("v")


CASES = [
    (formula, n, flat)
    for formula in ("y ~ 1 + (1 | g)", "y ~ u + (1 | g)", "y ~ u + v + (1 | g)", "y ~ x + (1 | g)")
    for n in (2, 3, 4, 5)
    for flat in (("(Intercept)", "fixed"), ("(Intercept)",), ("fixed",), ())
    if between(formula) < n and ("fixed" not in flat or "~ 1" not in formula)
]


@pytest.mark.parametrize(("formula", "n", "flat"), CASES)
def test_a_posterior_is_refused_where_its_density_falls_too_slowly(formula, n, flat):
    fit = hlmrs.lmer(formula, groups(n))
    priors = {**SD_FLAT, **dict.fromkeys(flat, FLAT)}
    slope = slope_in_sd(fit, priors)
    taken = ("(Intercept)" in flat) + between(formula) * ("fixed" in flat)
    assert slope == pytest.approx(taken - n, abs=1e-3)
    assert is_refused(fit, priors) == (slope > -1.5)


def test_three_groups_are_enough_with_a_flat_intercept_and_two_with_a_normal_one():
    three, two = (hlmrs.lmer("y ~ 1 + (1 | g)", groups(n)) for n in (3, 2))
    assert three.posterior(ALL_FLAT, draws=100).nobs == 15
    assert two.posterior(SD_FLAT, draws=100).nobs == 10
    with pytest.raises(DesignError, match=r"'sd\(\(Intercept\) \| g\)' is flat .* 'g' has 2 groups, .* take 1 of them"):
        two.posterior(ALL_FLAT, draws=100)


def test_flat_coefficients_of_what_differs_between_groups_take_effects():
    fit = hlmrs.lmer("y ~ u + v + (1 | g)", groups(4))
    with pytest.raises(DesignError, match=r"4 random effects .* take 3 of them, .* prior that is not flat"):
        fit.posterior(FIXED_FLAT, draws=100)
    assert not is_refused(fit, {**SD_FLAT, "(Intercept)": FLAT})


def test_correlated_effects_need_one_more_each():
    three, four = (hlmrs.lmer("y ~ x + (x | g)", groups(n)) for n in (3, 4))
    assert is_refused(three, FIXED_FLAT)
    assert not is_refused(four, FIXED_FLAT)
    assert not is_refused(hlmrs.lmer("y ~ x + (x || g)", groups(3)), FIXED_FLAT)


def test_a_flat_sigma_needs_rows():
    data = {name: values[:4] for name, values in groups(4).items()}
    flat = {"(Intercept)": FLAT, "fixed": FLAT, "sigma": FLAT}
    saturated = hlmrs.gls("y ~ x + v", {**data, "v": [1.0, 4, 2, 7]})
    with pytest.raises(DesignError, match=r"'sigma' is flat .* of 4 rows flat coefficients take 3, and 2"):
        saturated.posterior(flat, draws=100)
    assert not is_refused(saturated, {"fixed": FLAT, "sigma": hlmrs.HalfNormal(1)})
    assert not is_refused(hlmrs.gls("y ~ x", data), flat)
