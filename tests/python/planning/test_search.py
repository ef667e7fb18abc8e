"""Numbers of units that are searched for."""

from dataclasses import replace

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import DesignError, OptionError
from hlmrs.planning.search import Unreached, fewest_units, reach, sized

DESIGN = hlmrs.Design.cluster_randomized(school=20, pupil=10)
POWER = hlmrs.power(DESIGN, effects={"treat": 0.5}, icc=0.2)


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
def test_the_fewest_units_have_the_power_and_one_less_has_not(target):
    n = POWER.required("school", target)
    assert POWER.with_units({"school": n}).power >= target > POWER.with_units({"school": n - 1}).power
    assert n == POWER.mrss("school", target)


def test_units_are_required_of_every_test():
    found = hlmrs.power(
        "y ~ a + b + (1 | school)",
        hlmrs.Design("school/pupil", {"school": 20, "pupil": 10}, {"a": "school", "b": "pupil"}),
        effects={"a": 0.5, "b": 0.15},
        icc=0.1,
    )
    n = found.required("school", 0.8)
    powers = found.with_units({"school": n}).to_frame()["power"]
    assert min(powers) >= 0.8 > min(found.with_units({"school": n - 1}).to_frame()["power"])


def test_units_that_lead_nowhere_say_how_far():
    with pytest.raises(OptionError, match=r"out of reach by more of 'pupil' alone: with \d+ of them it is 0\.\d+"):
        POWER.required("pupil", 0.9)
    with pytest.raises(OptionError, match="did you mean 'school'"):
        POWER.required("schools")
    with pytest.raises(OptionError, match="a probability"):
        POWER.required("school", 80)
    lists = hlmrs.power(DESIGN.with_units({"pupil": [5, 10]}), effects={"treat": 0.5}, icc=0.2)
    with pytest.raises(OptionError, match="a list of sizes"):
        lists.required("pupil")


def test_what_is_out_of_reach_is_a_value_that_tells_why():
    plan = hlmrs.power(DESIGN, effects={"treat": 0.5}, icc=0.2)._plan
    few = reach(sized(plan, "school", 2))
    assert (few.power, few.n_rows, type(few.lacking)) == (0.0, 0, DesignError)
    many = reach(sized(plan, "school", 3_000_000))
    assert "30,000,000 rows, and 2,000,000 is the most" in str(many.lacking)
    none = fewest_units(plan, "pupil", 0.9)
    assert isinstance(none, Unreached)
    assert "out of reach by more of 'pupil' alone" in str(none.why)


def test_mistakes_of_a_plan_are_not_taken_for_few_units():
    """An option that is wrong is told, and no reason to try other numbers."""
    plan = hlmrs.power(DESIGN, effects={"treat": 0.5}, icc=0.2)._plan
    with pytest.raises(OptionError, match="say how much school varies"):
        fewest_units(replace(plan, given=replace(plan.given, icc=None)), "school", 0.8)


def test_sizes_keep_their_spread():
    found = hlmrs.power(DESIGN.with_units({"pupil": (10, 4)}), effects={"treat": 0.65}, icc=0.1)
    n = found.required("pupil", 0.8)
    assert found.with_units({"pupil": (float(n), 0.4 * n)}).power >= 0.8


def test_a_curve_has_the_power_of_each_number():
    found = POWER.curve({"school": [10, 20], "pupil": [5, 15]})
    for row in found.to_dicts():
        units = {name: row[name] for name in ("school", "pupil")}
        assert POWER.with_units(units).power == pytest.approx(row["power"], rel=1e-12)
    with pytest.raises(OptionError, match="no number of units"):
        POWER.curve({"school": [0]})
    with pytest.raises(OptionError, match="give a dictionary"):
        POWER.curve([10, 20])


def test_a_curve_runs_over_effects_and_intraclass_correlations_too():
    found = POWER.curve({"treat": [0.3, 0.6], "icc": [0.1, 0.3]})
    for row in found.to_dicts():
        alone = hlmrs.power(DESIGN, effects={"treat": row["treat"]}, icc=row["icc"])
        assert alone.power == pytest.approx(row["power"], rel=1e-12)
    with pytest.raises(OptionError, match="neither units nor a coefficient"):
        POWER.curve({"size": [1, 2]})


def test_a_curve_has_simulated_data_sets_beside_it():
    (first, second) = POWER.curve({"school": [10, 20]}, simulate=50, seed=1).to_dicts()
    assert first["simulated"] == POWER.with_units({"school": 10}).simulate(50, seed=1).to_dicts()[0]["simulated"]
    assert second["conf_low"] < second["simulated"] < second["conf_high"]


def test_the_optimum_of_a_budget_is_that_of_all_sizes():
    cost = {"school": 300, "pupil": 10}
    (found,) = POWER.optimum(cost, budget=12_000).to_dicts()
    affordable = [(12_000 // (300 + 10 * n), n) for n in range(2, 40)]
    best = max(POWER.with_units({"school": j, "pupil": n}).power for j, n in affordable if j > 3)
    assert found["power"] == pytest.approx(best, abs=2e-3)
    assert found["power"] <= best + 1e-12
    assert found["cost"] == found["school"] * 300 + found["rows"] * 10 <= 12_000


def test_sizes_of_more_rows_than_a_design_may_have_are_passed_over(monkeypatch):
    cost = {"school": 300, "pupil": 10}
    (found,) = POWER.optimum(cost, budget=12_000).to_dicts()
    monkeypatch.setattr("hlmrs.planning.design._MOST_ROWS", 500)
    (within,) = POWER.optimum(cost, budget=12_000).to_dicts()
    assert within == found
    with pytest.raises(OptionError, match="the rows too many"):
        POWER.optimum(cost, budget=1_000_000)
    with pytest.raises(OptionError, match="cost nothing"):
        POWER.optimum({"school": 0, "pupil": 0}, budget=12_000)


def test_the_cheapest_plan_has_the_power_and_what_is_cheaper_has_not():
    cost = {"school": 300, "pupil": 10}
    (found,) = POWER.optimum(cost, power=0.8).to_dicts()
    assert found["power"] >= 0.8
    prices = [POWER.with_units({"pupil": n}).required("school", 0.8) * (300 + 10 * n) for n in range(4, 30)]
    assert found["cost"] <= 1.02 * min(prices)


def test_rows_have_a_price_in_crossed_designs():
    design = hlmrs.Design("subject * item", {"subject": 20, "item": 20}, {"x": "item"})
    found = hlmrs.power(
        "y ~ x + (1 | subject) + (1 | item)", design, effects={"x": 0.5}, icc={"subject": 0.2, "item": 0.1}
    )
    (best,) = found.optimum({"subject": 20, "item": 5, "rows": 0.1}, budget=800).to_dicts()
    assert best["cost"] == pytest.approx(20 * best["subject"] + 5 * best["item"] + 0.1 * best["rows"])
    assert best["cost"] <= 800


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cost": {"school": 300}}, "give budget= .* or power="),
        ({"cost": {"school": 300}, "budget": 9000.0, "power": 0.8}, "give budget= .* or power="),
        ({"cost": {"class": 300}, "budget": 9000.0}, "give prices by units"),
        ({"cost": {"school": 300, "class": 1}, "budget": 9000.0}, "called 'class'"),
        ({"cost": {"school": -300}, "budget": 9000.0}, "not negative"),
        ({"cost": {"school": 300}, "budget": 100.0}, "no plan was found"),
    ],
)
def test_costs_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        POWER.optimum(**arguments)


def test_curves_and_contours_are_drawn_with_their_words():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    found = POWER.curve({"school": [20, 40, 60], "pupil": [5, 20]}, simulate=5, seed=1)
    lines = found.plot(target=0.9)
    assert "pupil 5" in lines.hlmrs_alt
    assert "0.9" in lines.hlmrs_alt
    assert len(lines.get_lines()) == 5
    assert len(lines.collections) == 2
    assert found.contours().hlmrs_alt.startswith("Contours")
    with pytest.raises(OptionError, match="over two kinds of units"):
        POWER.curve({"school": [20, 40]}).contours()
    matplotlib.pyplot.close("all")


def test_powers_rise_to_the_closed_form_of_the_best_size():
    """Without regard to degrees of freedom the best size is sqrt(cost ratio (1 - icc) / icc)."""
    many = hlmrs.power(DESIGN, effects={"treat": 0.1}, icc=0.2)
    (found,) = many.optimum({"school": 300, "pupil": 10}, budget=60_000).to_dicts()
    assert found["pupil"] == pytest.approx(np.sqrt(30 * 0.8 / 0.2), abs=1)
