"""Plans of studies like one that was fitted."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import OptionError

SLEEP = hlmrs.datasets.load("sleepstudy", "dict")
FIT = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP)


def test_a_fit_is_its_own_plan():
    found = FIT.power()
    assert found.std_error == pytest.approx(np.sqrt(FIT.vcov()[1, 1]), rel=1e-8)
    assert found.effect == pytest.approx(FIT.beta[1], rel=1e-12)
    assert found.df == pytest.approx(17, rel=1e-6)
    assert hlmrs.power(FIT).power == found.power


def test_a_balanced_fit_of_twice_the_groups_has_half_the_variance():
    found = FIT.power({"Days": 4.0}, extend={"Subject": 36})
    assert found.std_error == pytest.approx(np.sqrt(FIT.vcov()[1, 1] / 2), rel=1e-8)
    assert found.df == pytest.approx(35, rel=1e-6)
    assert found.power == pytest.approx(FIT.power({"Days": 4.0}).with_units({"Subject": 36}).power, rel=1e-12)
    assert FIT.power({"Days": 4.0}).required("Subject", 0.9) > 18


def test_assurance_averages_over_what_is_not_given():
    given = FIT.power({"Days": 4.0})
    one, again = (given.assurance(60, seed=2).to_dicts() for _ in range(2))
    assert one == again
    (row,) = one
    assert row["lower_tenth"] < row["power"] < row["upper_tenth"]
    (wide,) = FIT.power(test="Days").assurance(60, seed=2).to_dicts()
    assert wide["assurance"] < 1.0


def test_interactions_have_one_name_in_whatever_order_they_are_given():
    rng = np.random.default_rng(4)
    data = {"x": rng.normal(size=300), "w": rng.normal(size=300), "g": np.repeat(np.arange(30), 10)}
    data["y"] = 0.2 * data["x"] * data["w"] + 0.5 * rng.normal(size=30)[data["g"]] + rng.normal(size=300)
    fit = hlmrs.lmer("y ~ x * w + (1 | g)", data)
    one, other = fit.power({"x:w": 0.1}), fit.power({"w:x": 0.1})
    assert one.assurance(40, seed=1).to_dicts() == other.assurance(40, seed=1).to_dicts()
    assert one.curve({"x:w": [0.1, 0.2]}).to_dicts() == other.curve({"x:w": [0.1, 0.2]}).to_dicts()
    with pytest.raises(OptionError, match="'w:x' is given twice, as the coefficient 'x:w'"):
        fit.power({"x:w": 0.1, "w:x": 0.2})


def test_assurance_of_a_large_study_is_its_power():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(400), 10)
    x = rng.normal(size=4000)
    y = 0.1 * x + 0.5 * rng.normal(size=400)[group] + rng.normal(size=4000)
    fit = hlmrs.lmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": group})
    (row,) = fit.power({"x": 0.1}, extend={"g": 60}).assurance(100, seed=1).to_dicts()
    assert row["assurance"] == pytest.approx(row["power"], abs=0.01)


def test_plans_in_words_have_nothing_to_average_over():
    plan = hlmrs.power(hlmrs.Design.cluster_randomized(school=10, pupil=5), effects={"treat": 0.5}, icc=0.2)
    with pytest.raises(OptionError, match="plan from one"):
        plan.assurance()


def test_generalized_fits_are_plans_too():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(40), 15)
    x = np.tile([0.0, 1.0], 300)
    eta = -0.5 + 0.6 * x + 0.7 * rng.normal(size=40)[group]
    y = rng.binomial(1, 1 / (1 + np.exp(-eta)))
    fit = hlmrs.glmer("y ~ x + (1 | g)", {"y": y, "x": x, "g": group}, family="binomial")
    found = fit.power(test="x")
    assert found.std_error == pytest.approx(float(fit.tidy()["std_error"][1]), rel=0.05)
    assert fit.power({"x": 0.6}, extend={"g": 80}).std_error < found.std_error
    with pytest.raises(OptionError, match="linear models"):
        found.assurance()


def test_what_a_plan_has_no_place_for_is_refused():
    with pytest.raises(OptionError, match="no coefficient 'days'"):
        FIT.power({"days": 3.0})
    with pytest.raises(OptionError, match="icc= beside a fit"):
        hlmrs.power(FIT, icc=0.2)
    with pytest.raises(OptionError, match="is no column of a grouping factor"):
        FIT.power(extend={"Day": 20})
    weighted = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, weights=np.linspace(1, 2, 180))
    with pytest.raises(OptionError, match="no weights"):
        weighted.power()
    held = hlmrs.lmer(
        "Reaction ~ Days + (1 | Subject)", SLEEP, control=hlmrs.Control(fix={"sd((Intercept) | Subject)": 30.0})
    )
    with pytest.raises(OptionError, match=r"no variance parameters held by Control\(fix=\)"):
        held.power()
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    counted = hlmrs.glmer(formula, hlmrs.datasets.load("cbpp", "dict"), family="binomial")
    with pytest.raises(OptionError, match="single trials"):
        counted.power()
