"""Default priors are in the units of the data, and those of brms are brms's."""

from math import hypot

import pytest

import hlmrs
from hlmrs.priors import DataScales, Parameter, chosen_priors
from model_parameters import SIGMA, parameters_of

SLEEP = parameters_of(["(Intercept)", "Days"], [("Subject", ["(Intercept)", "Days"], True)], [SIGMA])
SCALES = DataScales(mean=298.5, sd=56.3, median=288.6508, mad=59.33929, columns={"Days": 2.88})


def chosen(priors, parameters, scales):
    return {name: own.prior for name, own in chosen_priors(priors, parameters, scales).items()}


def test_defaults_are_in_the_units_of_response_and_columns():
    assert chosen(None, SLEEP, SCALES) == {
        "(Intercept)": hlmrs.Normal(298.5, 2.5 * 56.3),
        "Days": hlmrs.Normal(0, 2.5 * 56.3 / 2.88),
        "sd((Intercept) | Subject)": hlmrs.HalfStudentT(3, 56.3),
        "sd(Days | Subject)": hlmrs.HalfStudentT(3, 56.3 / 2.88),
        "cor(Subject)": hlmrs.LKJ(1),
        "sigma": hlmrs.HalfStudentT(3, 56.3),
    }


def test_in_other_units_priors_are_the_same_in_theirs():
    a, b = 1000.0, 24.0
    other = DataScales(a * 298.5, a * 56.3, 0, 0, {"Days": b * 2.88})
    one, two = chosen(None, SLEEP, SCALES), chosen(None, SLEEP, other)
    assert two["(Intercept)"].mean == pytest.approx(a * one["(Intercept)"].mean)
    assert two["Days"].sd == pytest.approx(a / b * one["Days"].sd)
    assert two["sd(Days | Subject)"].scale == pytest.approx(a / b * one["sd(Days | Subject)"].scale)
    assert two["sigma"].scale == pytest.approx(a * one["sigma"].scale)


def test_behind_a_link_the_scale_is_that_of_the_link():
    model = parameters_of(["(Intercept)", "x"], [("g", ["(Intercept)", "x"], True)])
    scales = DataScales(-1.2, 1, 0, 1, {"x": 0.5}, linked=True)
    assert chosen(None, model, scales) == {
        "(Intercept)": hlmrs.Normal(-1.2, 2.5),
        "x": hlmrs.Normal(0, 5),
        "sd((Intercept) | g)": hlmrs.HalfStudentT(3, 2.5),
        "sd(x | g)": hlmrs.HalfStudentT(3, 5),
        "cor(g)": hlmrs.LKJ(1),
    }


def test_without_an_intercept_coefficients_reach_as_far_as_the_response_is_from_zero():
    model = parameters_of(["a", "b"], [("g", ["(Intercept)"], True)], [SIGMA])
    found = chosen(None, model, DataScales(300, 40, 0, 0, {"a": 0.5, "b": 0.5}))
    assert found["a"] == hlmrs.Normal(0, 2.5 * hypot(300, 40) / 0.5)


def test_priors_of_brms_are_as_get_prior_prints_them():
    # brms 2.18.0: get_prior(Reaction ~ Days + (Days | Subject), sleepstudy), and with Reaction / 1000
    assert list(map(str, chosen("brms", SLEEP, SCALES).values())) == [
        "StudentT(3, 288.7, 59.3)",
        "Flat()",
        "HalfStudentT(3, 59.3)",
        "HalfStudentT(3, 59.3)",
        "LKJ(1)",
        "HalfStudentT(3, 59.3)",
    ]
    seconds = chosen("brms", SLEEP, DataScales(0.3, 0.06, 0.2886508, 0.05933929))
    assert str(seconds["(Intercept)"]) == "StudentT(3, 0.3, 2.5)"
    assert str(seconds["sigma"]) == "HalfStudentT(3, 2.5)"
    assert {own.source for own in chosen_priors("brms", SLEEP, SCALES).values()} == {"brms"}


def test_given_priors_take_the_place_of_defaults():
    found = chosen_priors({"Days": hlmrs.Normal(5, 2)}, SLEEP, SCALES)
    assert found["Days"].prior == hlmrs.Normal(5, 2)
    assert [name for name, own in found.items() if own.source == "given"] == ["Days"]


def test_what_does_not_vary_has_the_scale_one():
    found = chosen(None, SLEEP, DataScales(5, 0, 5, 0, {"Days": 0.0}))
    assert found["Days"] == hlmrs.Normal(0, 2.5)
    assert found["sigma"] == hlmrs.HalfStudentT(3, 1)


def test_other_parameters_have_priors_on_their_own_scales():
    others = [
        Parameter("rho", "correlation", low=-0.5, high=1),
        Parameter("range", "positive"),
        Parameter("dispersion:x", "real"),
    ]
    model = parameters_of(["(Intercept)"], [], [SIGMA, *others])
    found = chosen(None, model, DataScales(0, 1, 0, 1, others={"range": 4}))
    assert [found[one.name] for one in others] == [
        hlmrs.Uniform(-0.5, 1),
        hlmrs.HalfStudentT(3, 10),
        hlmrs.Normal(0, 2.5),
    ]


def test_other_words_are_refused():
    with pytest.raises(hlmrs.OptionError, match=r"priors='brm': .*did you mean 'brms'"):
        chosen_priors("brm", SLEEP, SCALES)
