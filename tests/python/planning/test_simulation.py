"""Power by simulation: the same tests as those of fits, seeded, and in agreement with what is computed."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError
from hlmrs.planning.simulation import _p_values, linear_predictors, responses, sided, wilson
from hlmrs.planning.single_test import Level

DESIGN = hlmrs.Design("school/pupil", {"school": 16, "pupil": (6, 2)}, {"treat": "pupil", "arm": "school"})
FORMULA = "y ~ treat * arm + (treat | school)"
GIVEN = {
    "effects": {"treat": 0.5, "treat:arm": 0.4},
    "sd": {"school": {"(Intercept)": 0.5, "treat": 0.3}},
    "sigma": 0.8,
}


def test_simulated_power_is_seeded_whatever_the_threads():
    power = hlmrs.power(FORMULA, DESIGN, **GIVEN)
    one, other = (power.simulate(60, seed=3, threads=k).to_dicts() for k in (1, 2))
    assert one == other
    assert one != power.simulate(60, seed=4).to_dicts()


def test_simulated_power_holds_the_computed_one():
    power = hlmrs.power(FORMULA, DESIGN, **GIVEN)
    for row in power.simulate(400, seed=1).to_dicts():
        assert row["conf_low"] < row["power"] < row["conf_high"]


@pytest.mark.filterwarnings("ignore::hlmrs.SingularFitWarning")
def test_tests_of_simulated_responses_are_those_of_their_fits():
    """Single coefficients go through one call of the core, all else through fits one by one."""
    single = hlmrs.power(FORMULA, DESIGN, test=["treat", "treat:arm"], **GIVEN)
    both = hlmrs.power(FORMULA, DESIGN, test=["treat", "treat:arm", "treat, treat:arm"], **GIVEN)
    one, other = single.simulate(80, seed=2).to_dicts(), both.simulate(80, seed=2).to_dicts()
    assert [row["simulated"] for row in one] == [row["simulated"] for row in other[:2]]
    outlook = single._plan.outlook()
    y = responses(outlook, 3, np.random.default_rng(2))
    fit = hlmrs.lmer(FORMULA, DESIGN.columns() | {"y": y[1]})
    table = fit.tidy()
    found = _p_values(outlook, y, lambda done: None)
    assert found[1] == pytest.approx(np.asarray(table["p_value"])[[1, 3]], rel=1e-6)


def test_covariates_beside_the_formula_cannot_be_simulated():
    design = hlmrs.Design.cluster_randomized(school=12, pupil=5)
    power = hlmrs.power(design, effects={"treat": 1.0}, icc=0.2, covariates=2)
    for ask in (power.simulate, power.with_simulation, lambda: power.curve({"school": [12]}, simulate=10)):
        with pytest.raises(OptionError, match="covariates=2: data sets are simulated of the formula alone"):
            ask()


def test_sides_of_a_test_are_shares_of_both():
    statistic, p = np.array([2.0, -2.0, np.nan]), np.array([0.04, 0.04, np.nan])
    assert sided(statistic, p, Level(0.05, "greater"))[:2] == pytest.approx([0.02, 0.98])
    assert sided(statistic, p, Level(0.05, "less"))[:2] == pytest.approx([0.98, 0.02])
    assert np.isnan(sided(statistic, p, Level(0.05, "less"))[2])


def test_random_effects_have_their_covariance():
    outlook = hlmrs.power(FORMULA, DESIGN, correlation={"school": 0.5}, **GIVEN)._plan.outlook()
    drawn = linear_predictors(outlook, 4000, np.random.default_rng(1))
    term, covariance = outlook.model.random[0], outlook.variances.terms[0].matrix
    expected = term.z[:8] @ covariance @ term.z[:8].T * (term.codes[:8, None] == term.codes[:8])
    assert np.cov(drawn[:, :8].T) == pytest.approx(expected, abs=0.03)


def test_intervals_are_those_of_wilson():
    """k = 8 of 10: 0.4902 to 0.9433 (Newcombe 1998's method 3, by hand)."""
    low, high = wilson(np.array([0.0, 8.0, 10.0]), 10)
    assert (low[0], high[2]) == (0, 1)
    assert (low[1], high[1]) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_a_power_by_simulation_shows_both():
    power = hlmrs.power(FORMULA, DESIGN, method="simulation", n=40, seed=1, **GIVEN)
    assert power.power == power.to_frame()["simulated"][0]
    assert max(map(len, repr(power).splitlines())) <= 80
    with pytest.raises(OptionError, match="a positive whole number"):
        power.simulate(0)
