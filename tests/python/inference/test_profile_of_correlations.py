"""Profiles of correlations where the best standard deviation beside them is zero."""

from typing import Any

import numpy as np
import pytest

import hlmrs


def data_of(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(20), 15), rng.normal(size=300)
    intercept, slope = rng.normal(size=20), 0.05 * rng.normal(size=20)
    return {"g": g.astype(str), "x": x, "y": intercept[g] + (0.3 + slope[g]) * x + rng.normal(size=300)}


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 6])
def test_the_profile_ends_where_the_slope_has_no_variance(seed: int) -> None:
    """The deviance rises no higher than that of the model without the slope, which has no correlation."""
    data = data_of(seed)
    fit = hlmrs.lmer("y ~ x + (x | g)", data)
    table = fit.profile()
    chosen = [name.startswith("cor(") for name in table["term"]]
    value, zeta = (np.asarray(table[name])[chosen] for name in ("value", "zeta"))
    order = np.argsort(value)
    assert (np.diff(zeta[order]) > -1e-5).all()
    best = hlmrs.lmer("y ~ x + (x | g)", data, reml=False).criterion
    without = hlmrs.lmer("y ~ x + (1 | g)", data, reml=False).criterion
    highest = np.sqrt(without - best)
    assert np.abs(zeta).max() <= highest + 1e-5
    ends = np.abs(zeta[order])[[0, -1]]
    assert max(ends) == pytest.approx(highest, abs=1e-4)
