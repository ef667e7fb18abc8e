"""Weights of zero: refused by name where rows of none would have coefficients of their own."""

import numpy as np
import polars as pl
import pytest

import hlmrs


def _data():
    rng = np.random.default_rng(4)
    g, n = np.repeat(np.arange(30), 10), 300
    x, b = rng.normal(size=n), 0.7 * rng.normal(size=30)[g]
    counts, zero = rng.poisson(np.exp(0.3 * x + b + 0.5)), np.arange(n) % 10 > 7
    share = rng.binomial(4, 1 / (1 + np.exp(-x - b))) / 4
    order = np.digitize(x + b + rng.logistic(size=n), [0.0, 1.0])
    return pl.DataFrame(
        {"x": x, "g": g, "k": counts, "share": share, "o": order, "w": np.where(zero, 0.0, 4.0), "none": np.zeros(n)}
    )


@pytest.mark.parametrize(("response", "family"), [("k", "poisson"), ("share", "binomial"), ("o", "cumulative")])
def test_rows_of_weight_zero_are_refused_with_their_number(response, family):
    data, formula = _data(), f"{response} ~ x + (1 | g)"
    with pytest.raises(hlmrs.DataError, match=r"weights='w' are 0 in 60 rows, first in row 8 \(counted from 0\)"):
        hlmrs.glmer(formula, data, family=family, weights="w")
    with pytest.raises(hlmrs.DataError, match=r"weights are 0 in 60 rows, first in row 8"):
        hlmrs.glmer(formula, data, family=family, weights=data["w"].to_numpy())
    # rows are counted in the data, not among those used
    missing = data.with_columns(x=pl.when(pl.int_range(pl.len()) < 9).then(None).otherwise("x"))
    with pytest.raises(hlmrs.DataError, match=r"are 0 in 59 rows, first in row 9"):
        hlmrs.glmer(formula, missing, family=family, weights="w")
    assert hlmrs.glmer(formula, data.filter(pl.col("w") > 0), family=family, weights="w").nobs == 240


def test_weights_that_are_all_zero_are_refused_by_name():
    with pytest.raises(hlmrs.DataError, match="weights='none' are zero"):
        hlmrs.glmer("k ~ x + (1 | g)", _data(), family="poisson", weights="none")
    with pytest.raises(hlmrs.DataError, match="weights are zero"):
        hlmrs.glmer("k ~ x + (1 | g)", _data(), family="poisson", weights=np.zeros(300))
    with pytest.raises(hlmrs.DataError, match="weights='none' are zero"):
        hlmrs.gee("k ~ x", _data(), groups="g", family="poisson", weights="none")
