"""Families of generalized models: their limits, moments and what is said of them."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.ConvergenceWarning")


def groups(n: int, levels: int, seed: int) -> tuple[Any, Any, list[str], np.random.Generator]:
    """Return a covariate, effects of groups by row, the groups, and where more is drawn from."""
    rng = np.random.default_rng(seed)
    code = np.arange(n) % levels
    return rng.normal(size=n), 0.5 * rng.normal(size=levels)[code], [f"g{k}" for k in code], rng


def test_pearson_residuals_of_beta_binomial_counts_have_their_variance():
    x, effects, group, rng = groups(300, 15, 1)
    size, mean = rng.integers(2, 30, 300), 1 / (1 + np.exp(-0.3 - 0.5 * x - effects))
    y = rng.binomial(size, rng.beta(4 * mean, 4 * (1 - mean)))
    frame = pl.DataFrame({"y": y, "size": size, "x": x, "g": group})
    fit = hlmrs.glmer("cbind(y, size - y) ~ x + (1 | g)", frame, family="betabinomial")
    mu, phi = fit.fitted, fit.dispersion
    variance = size * mu * (1 - mu) * (1 + (size - 1) / (1 + phi))
    np.testing.assert_allclose(fit.resid("pearson"), (y - size * mu) / np.sqrt(variance), rtol=1e-10)


def test_tweedie_without_zeros_ends_with_the_power_at_the_end_of_its_range_and_says_so():
    x, effects, group, rng = groups(60, 6, 2)
    mean = np.exp(1 + 0.4 * x + effects)
    frame = pl.DataFrame({"y": rng.gamma(4, mean / 4), "x": x, "g": group})
    fit = hlmrs.glmer("y ~ x + (1 | g)", frame, family="tweedie")
    assert fit.verdict.converged
    assert fit.family_parameters["power"] == pytest.approx(1.99, abs=1e-3)
    assert "'gamma'" in " ".join(fit.verdict.explain().split())
    gamma = hlmrs.glmer("y ~ x + (1 | g)", frame, family="gamma", link="log")
    np.testing.assert_allclose(fit.beta, gamma.beta, atol=0.02)
    assert np.isfinite(fit.tidy()["std_error"].to_numpy()).all()


def test_a_mean_without_fixed_effects_is_fitted():
    frame = {"y": np.arange(60) % 4, "g": [f"g{k % 10}" for k in range(60)]}
    fit = hlmrs.glmer("y ~ 0 + (1 | g)", frame, family="poisson")
    assert fit.coef_names == []
    assert fit.n_params == 1
