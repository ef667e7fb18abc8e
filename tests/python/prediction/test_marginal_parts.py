"""Means over the random effects of every part, and conditional means of hurdles."""

import numpy as np
import polars as pl
import pytest

import hlmrs


def _expit(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    """Counts whose zeros and sizes differ among sixty groups."""
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(60), 10)
    u, v = rng.normal(size=60), rng.normal(size=60)
    y = np.where(rng.random(600) < _expit(-1.5 + 2 * v[g]), 0, rng.poisson(np.exp(1 + 0.4 * u[g])))
    return pl.DataFrame({"y": y, "g": g.astype(str), "p": np.exp(2 * u[g] + rng.normal(0, np.exp(0.8 * v[g]), 600))})


def test_marginal_means_integrate_over_the_random_effects_of_the_zero_part(counts: pl.DataFrame) -> None:
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", counts, family="poisson", zero_inflation="~ 1 + (1 | g)")
    (s, t), c = fit.theta, fit.tidy(component="zero_inflation")["estimate"][0]
    z, w = np.polynomial.hermite_e.hermegauss(80)
    expected = np.exp(fit.beta[0] + s * s / 2) * (w / w.sum() * _expit(-c - t * z)).sum()
    assert fit.predict(counts.head(1), marginal=True)[0] == pytest.approx(expected, rel=1e-8)
    assert fit.predict(marginal=True)[0] == pytest.approx(expected, rel=1e-8)
    # without random effects the rows of the fit have none in any part, as new rows have not
    plain = np.asarray(fit.predict(counts, random_effects=False))
    np.testing.assert_allclose(fit.predict(random_effects=False), plain, rtol=1e-12)
    assert plain[0] == pytest.approx(np.exp(fit.beta[0]) * _expit(-c), rel=1e-12)


def test_the_conditional_mean_of_a_hurdle_is_that_of_counts_above_zero(counts: pl.DataFrame) -> None:
    fit = hlmrs.glmer("y ~ 1 + (1 | g)", counts, family="truncated_poisson", zero_inflation="~ 1 + (1 | g)")
    whole, above, zero = (np.asarray(fit.predict(type=kind)) for kind in ("response", "conditional", "zprob"))
    np.testing.assert_allclose(whole, (1 - zero) * above, rtol=1e-12)
    mean = np.exp(np.asarray(fit.predict(type="link")))
    np.testing.assert_allclose(above, mean / -np.expm1(-mean), rtol=1e-12)
    simulated = np.asarray(fit.simulate(400, seed=1)).mean()
    assert simulated == pytest.approx(fit.predict(marginal=True)[0], rel=0.02)


def test_a_lognormal_response_with_zeros_predicts_new_rows(counts: pl.DataFrame) -> None:
    data = counts.with_columns(p=pl.when(pl.col("y") == 0).then(0.0).otherwise(pl.col("p")))
    fit = hlmrs.glmer("p ~ 1 + (1 | g)", data, family="lognormal", zero_inflation="~ 1")
    np.testing.assert_allclose(fit.predict(data), fit.predict(), rtol=1e-10)
    np.testing.assert_allclose(fit.predict(data, type="conditional"), fit.predict(type="conditional"), rtol=1e-10)
    spread = hlmrs.glmer("p ~ 1 + (1 | g)", counts, family="lognormal", dispersion="~ 1 + (1 | g)")
    with pytest.raises(hlmrs.OptionError, match="infinite"):
        spread.predict(marginal=True)
