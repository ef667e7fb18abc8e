"""The plan of a model says what its fit is."""

import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed()


@pytest.mark.parametrize("rows", ["keep", "stream"])
def test_a_plan_is_fitted_as_lmer_fits(rows):
    formula = "y ~ x + f + (1 | subject) + (1 | item)"
    plan = hlmrs.model(formula, DATA, weights="w", reml=False, rows=rows)
    whole = hlmrs.lmer(formula, DATA, weights="w", reml=False)
    cost = plan.cost
    assert (cost.n_obs, cost.n_fixed, cost.n_random, cost.n_theta) == (3000, 4, 85, 2)
    assert cost.blocks.equals(whole.blocks)
    assert cost.n_bytes > 8 * 85 * 5
    assert plan.fit().criterion == pytest.approx(whole.criterion, rel=1e-9)
    for word in ("Random effects", "85", "flops", "Free memory", "subject"):
        assert word in str(cost)
    assert "<table" in cost._repr_html_()


def test_a_plan_refuses_what_lmer_refuses():
    with pytest.raises(hlmrs.DesignError, match="one level"):
        hlmrs.model("y ~ x + (1 | item)", DATA.filter(pl.col("item") == 1))
    with pytest.raises(hlmrs.OptionError, match="rows="):
        hlmrs.model("y ~ x + (1 | item)", DATA, rows="all")
