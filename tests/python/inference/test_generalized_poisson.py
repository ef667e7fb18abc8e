"""Draws and sums of generalized Poisson counts, of more and of less dispersion than Poisson's."""

import math
import warnings

import numpy as np
import pytest

import hlmrs
from hlmrs.inference.generalized_poisson import generalized_poisson_below, generalized_poisson_quantiles


def _masses(mean, phi):
    """The definition, count by count."""
    theta, children = mean / math.sqrt(phi), 1 - 1 / math.sqrt(phi)
    possible = [k for k in range(3000) if theta + children * k > 0]
    rates = [theta + children * k for k in possible]
    return np.array(
        [
            math.exp(math.log(theta) + (k - 1) * math.log(r) - r - math.lgamma(k + 1))
            for k, r in zip(possible, rates, strict=True)
        ]
    )


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.99, 0.999, 1.0, 2.0, 20.0])
@pytest.mark.parametrize("mean", [0.05, 3.0, 40.0])
def test_sums_are_those_of_the_definition(phi, mean):
    y = np.array([-1.0, 0.0, 1.0, 3.0, 30.0, 90.0, 1e9])
    masses = _masses(mean, phi)
    expected = [masses[: max(0, int(min(k, 1e6)) + 1)].sum() / masses.sum() for k in y]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = generalized_poisson_below(y, np.full(7, mean), np.full(7, phi))
    np.testing.assert_allclose(own, expected, rtol=0, atol=1e-12)


def test_rows_of_all_sizes_are_summed_each_by_its_own():
    means, phis = np.array([1e-300, 1e7, 0.2, 50.0]), np.array([1.0, 1.0, 0.7, 3.0])
    own = generalized_poisson_below(np.floor(means), means, phis)
    pairs = zip(means[:, None], phis[:, None], strict=True)
    alone = [generalized_poisson_below(np.floor(m), m, p)[0] for m, p in pairs]
    np.testing.assert_array_equal(own, alone)
    # half of a symmetric distribution, but for the skewness: 1/2 + 2 / (3 sqrt(2 pi mean)) at the mean
    assert own[1] == pytest.approx(0.5 + 2 / (3 * math.sqrt(2 * math.pi * 1e7)), abs=1e-8)


@pytest.mark.parametrize("phi", [0.6, 0.99, 0.995, 0.999])
@pytest.mark.parametrize("mean", [4.0, 400.0, 1e5])
def test_quantiles_at_even_steps_have_the_mean_and_the_variance(phi, mean):
    n = 20_001
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = generalized_poisson_quantiles((np.arange(n) + 0.5) / n, np.full(n, mean), np.full(n, phi))
    assert drawn.mean() == pytest.approx(mean, rel=2e-3)
    assert drawn.var() == pytest.approx(mean * phi, rel=2e-2)


def _groups(seed, n=400):
    rng = np.random.default_rng(seed)
    x, g = rng.normal(size=n), np.repeat(np.arange(n // 10), 10)
    b = 0.5 * rng.normal(size=n // 10)
    return rng, {"x": x, "g": g}, np.exp(1 + 0.3 * x + b[g])


def test_plain_counts_are_fitted_where_the_start_would_be_of_less_dispersion():
    rng, data, mean = _groups(7)
    data["k"] = rng.poisson(mean)
    fit = hlmrs.glmer("k ~ x + (1 | g)", data, family="genpois")
    assert fit.verdict.status == "optimum"
    plain = hlmrs.glmer("k ~ x + (1 | g)", data, family="poisson")
    # Poisson's is the model within with one parameter less
    assert 0 <= fit.loglik - plain.loglik < 6
    np.testing.assert_allclose(fit.beta, plain.beta, atol=0.03)


def test_counts_of_half_the_dispersion_are_fitted_and_refitted():
    rng, data, mean = _groups(3)
    data["k"] = generalized_poisson_quantiles(rng.random(400), mean, np.full(400, 0.5))
    fit = hlmrs.glmer("k ~ x + (1 | g)", data, family="genpois")
    own = fit.tidy(component="dispersion")
    assert abs(float(np.asarray(own["estimate"])[0]) - math.log(0.5)) < 3 * float(np.asarray(own["std_error"])[0])
    replicates = fit.bootstrap(n=8, seed=1)
    assert "failed" not in str(replicates)
    assert np.isfinite(fit.influence("g", method="refit").cooks_distance).all()
