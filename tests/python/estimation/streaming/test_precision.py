"""What rows are cut into, and where they are, changes no digit that matters."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed()
LEVELS = {"f": ["hi", "lo", "mid"]}


@pytest.mark.parametrize("n_parts", [1, 2, 7, 100])
def test_partitions_change_no_digit_that_matters(n_parts):
    """The response is a hundred thousand standard deviations from zero, and a column is a year."""
    rng = np.random.default_rng(n_parts)
    data = DATA.with_columns(pl.col("y") + 1e6, year=pl.Series(rng.integers(1990, 2020, DATA.height)))
    formula = "y ~ x + f + year + I(year^2) + (1 + z | subject) + (1 | item)"
    whole = hlmrs.lmer(formula, data)
    parts = [
        hlmrs.SufficientStatistics(formula, levels=LEVELS).update(data[places.tolist()]).to_bytes()
        for places in np.array_split(rng.permutation(data.height), n_parts)
    ]
    stats = hlmrs.SufficientStatistics.from_bytes(parts[0])
    for part in parts[1:]:
        stats.merge(hlmrs.SufficientStatistics.from_bytes(part))
    fit = hlmrs.lmer(stats)
    error = np.sqrt(np.diag(whole.vcov()))
    assert fit.criterion == pytest.approx(whole.criterion, abs=1e-6)
    assert (np.abs(fit.beta - whole.beta) < 1e-6 * error).all()
    np.testing.assert_allclose(fit.theta, whole.theta, atol=1e-6)  # in units of sigma
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov())), error, rtol=1e-6)


@pytest.mark.parametrize("shift", [1e3, 1e4, 1e5, 1e6])
def test_a_response_far_from_zero_needs_no_intercept_to_keep_its_digits(shift):
    """0 + f spans the constant: the likelihood is that of the model with an intercept."""
    data = DATA.with_columns(pl.col("y") - DATA["y"].mean() + shift)
    cells = hlmrs.lmer("y ~ 0 + f + x + (1 | item) + (0 + z | subject)", data, reml=False)
    centred = hlmrs.lmer("y ~ f + x + (1 | item) + (0 + z | subject)", data, reml=False)
    assert cells.criterion == pytest.approx(centred.criterion, abs=1e-6)
    np.testing.assert_allclose(cells.theta, centred.theta, rtol=1e-5)
    np.testing.assert_allclose(cells.beta[1] - cells.beta[0], centred.beta[1], rtol=1e-5)
