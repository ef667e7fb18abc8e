"""Statistics are of one model: it is read at once, and everything else is refused."""

import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed()


def test_levels_that_come_late_are_refused_with_what_to_do():
    stats = hlmrs.SufficientStatistics("y ~ f + (1 | item)").update(DATA.filter(pl.col("f") != "hi"))
    before = hlmrs.lmer(stats).criterion
    place = DATA["f"].to_list().index("hi")
    with pytest.raises(
        hlmrs.DataError, match=rf"'hi' at row {place}, a level that earlier.*known are 'lo', 'mid'.*levels="
    ):
        stats.update(DATA)
    assert hlmrs.lmer(stats).criterion == before


def test_formulas_are_checked_before_there_are_rows():
    with pytest.raises(hlmrs.FormulaError, match="expected"):
        hlmrs.SufficientStatistics("y ~ x + (1 |")
    with pytest.raises(hlmrs.DesignError, match="no random term"):
        hlmrs.SufficientStatistics("y ~ x")
    columns = DATA.select("y", "x", "item")
    dot = hlmrs.SufficientStatistics("y ~ . + (1 | item)").update(columns)
    whole = hlmrs.lmer("y ~ x + (1 | item)", DATA)  # the dot leaves out grouping factors
    assert hlmrs.lmer(dot).criterion == pytest.approx(whole.criterion, rel=1e-9)


def test_statistics_merge_with_nothing_but_their_own_model():
    """Those without rows are of a model too: to take the sums of another would drop weights without a word."""
    formula = "y ~ x + (1 | item)"
    full = hlmrs.SufficientStatistics(formula).update(DATA)
    for other in (
        hlmrs.SufficientStatistics(formula, weights="w"),
        hlmrs.SufficientStatistics(formula, missing="error"),
        hlmrs.SufficientStatistics("y ~ z + (1 | item)"),
        hlmrs.SufficientStatistics("y ~ x + (1 | subject)"),
    ):
        for one, two in ((full.copy(), other), (other, full)):
            with pytest.raises(hlmrs.DesignError, match=r"differ in weights|different models"):
                one.merge(two)
    other_spelling = hlmrs.SufficientStatistics("y~1+x+(1|item)")
    assert hlmrs.lmer(other_spelling.merge(full)).criterion == hlmrs.lmer(full).criterion
    assert full.copy().merge(hlmrs.SufficientStatistics(formula)).n_rows == full.n_rows
    dot = hlmrs.SufficientStatistics("y ~ . + (1 | item)").update(DATA.select("y", "x", "item"))
    assert hlmrs.SufficientStatistics("y ~ . + (1 | item)").merge(dot).n_rows == full.n_rows


@pytest.mark.parametrize("levels", ["abc", [], ["hi", "lo", "hi"]])
def test_levels_are_a_list_of_different_ones(levels):
    with pytest.raises(hlmrs.OptionError, match="'f'"):
        hlmrs.SufficientStatistics("y ~ f + (1 | item)", levels={"f": levels})


def test_a_plan_of_statistics_is_that_of_the_rows():
    formula = "y ~ x + (1 + z | subject) + (1 | item)"
    stats = hlmrs.SufficientStatistics(formula).update(DATA)
    whole = hlmrs.model(formula, DATA, reml=False)
    for plan in (hlmrs.model(stats, reml=False), hlmrs.model(formula, stats, reml=False)):
        assert plan.cost.blocks.equals(whole.cost.blocks)
        assert (plan.cost.n_obs, plan.cost.n_theta) == (3000, 4)
        assert plan.fit().criterion == pytest.approx(whole.fit().criterion, rel=1e-9)
    assert stats.update(DATA).n_rows == 6000  # a plan takes nothing away
    with pytest.raises(hlmrs.DesignError, match="leave the formula out"):
        hlmrs.model("y ~ x + (1 | item)", stats)
    for function in (hlmrs.lmer, hlmrs.model):
        with pytest.raises(hlmrs.OptionError, match=r"stats\.update"):
            function(stats, DATA)
        with pytest.raises(TypeError, match="needs data"):
            function(formula)
