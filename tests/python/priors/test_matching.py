"""A prior by a name reaches the parameters that the name is of, the most specific name first."""

import pytest

import hlmrs
from hlmrs.posterior.parameters import with_names_of_their_own
from hlmrs.priors import Parameter, assigned
from model_parameters import SIGMA, parameters_of

RHO = Parameter("rho", "correlation", low=-1.0, high=1.0)
MODEL = parameters_of(
    ["(Intercept)", "Days", "age"],
    [("Subject", ["(Intercept)", "Days"], True), ("item", ["(Intercept)"], True)],
    [SIGMA, RHO, Parameter("range", "positive"), Parameter("dispersion:age", "real")],
)
DEFAULTS = {one.name: hlmrs.Flat() for one in MODEL}


def given(priors):
    return {name: own.prior for name, own in assigned(priors, MODEL, DEFAULTS).items() if own.source == "given"}


def test_the_parameters_of_a_model_are_in_the_order_of_its_tables():
    assert [one.name for one in MODEL] == [
        "(Intercept)",
        "Days",
        "age",
        "sd((Intercept) | Subject)",
        "sd(Days | Subject)",
        "cor(Subject)",
        "sd((Intercept) | item)",
        "sigma",
        "rho",
        "range",
        "dispersion:age",
    ]
    assert list(assigned(None, MODEL, DEFAULTS)) == [one.name for one in MODEL]


def test_without_given_ones_all_are_defaults():
    assert {own.source for own in assigned(None, MODEL, DEFAULTS).values()} == {"default"}
    assert {own.source for own in assigned({}, MODEL, DEFAULTS, "brms").values()} == {"brms"}


def test_names_of_several_reach_all_of_them():
    normal, half, lkj = hlmrs.Normal(0, 1), hlmrs.HalfNormal(2), hlmrs.LKJ(2)
    assert given({"fixed": normal}) == {"Days": normal, "age": normal}
    assert given({"sd(Subject)": half}) == {"sd((Intercept) | Subject)": half, "sd(Days | Subject)": half}
    assert len(given({"sd": half})) == 3
    assert given({"cor": lkj}) == given({"cor(Subject)": lkj}) == {"cor(Subject)": lkj}
    assert given({"cor((Intercept), Days | Subject)": lkj}) == {"cor(Subject)": lkj}


def test_the_most_specific_name_wins_in_any_order():
    a, b, c = hlmrs.HalfNormal(1), hlmrs.HalfNormal(2), hlmrs.HalfNormal(3)
    expected = {"sd((Intercept) | Subject)": b, "sd(Days | Subject)": c, "sd((Intercept) | item)": a}
    assert given({"sd": a, "sd(Subject)": b, "sd(Days | Subject)": c}) == expected
    assert given({"sd(Days | Subject)": c, "sd(Subject)": b, "sd": a}) == expected
    wide, narrow = hlmrs.Normal(0, 9), hlmrs.Normal(0, 1)
    assert given({"fixed": wide, "Days": narrow}) == {"Days": narrow, "age": wide}


def test_terms_of_one_factor_have_correlations_of_their_own():
    terms = [("g", ["a", "b"], True), ("g", ["c", "d"], True), ("g", ["e", "f"], False)]
    model = parameters_of(["(Intercept)"], terms)
    cors = [one.name for one in model if one.kind == "correlations"]
    assert cors == ["cor(a, b | g)", "cor(c, d | g)"]
    found = assigned(
        {"cor(g)": hlmrs.LKJ(2), "cor(c, d | g)": hlmrs.LKJ(5)},
        model,
        DEFAULTS | dict.fromkeys([one.name for one in model], hlmrs.Flat()),
    )
    assert [found[name].prior for name in cors] == [hlmrs.LKJ(2), hlmrs.LKJ(5)]


@pytest.mark.parametrize(
    ("priors", "kind", "words"),
    [
        ({"Day": hlmrs.Normal(0, 1)}, hlmrs.OptionError, r"names 'Day'; the parameters are .*did you mean 'Days'"),
        ({"sd(Day | Subject)": hlmrs.HalfNormal(1)}, hlmrs.OptionError, r"mean 'sd\(Days \| Subject\)'"),
        ({"cor(item)": hlmrs.LKJ(1)}, hlmrs.OptionError, r"names 'cor\(item\)'.* of several are 'fixed', 'sd\(Subj"),
        ({"sigma": hlmrs.Normal(0, 3)}, hlmrs.OptionError, r"'sigma' is a standard deviation.*hlmrs.HalfNormal\(3\)"),
        ({"sd": hlmrs.StudentT(4, 0, 3)}, hlmrs.OptionError, r"'sd': Student.*give hlmrs.HalfStudentT\(4, 3\)"),
        ({"sd": hlmrs.LKJ(1)}, hlmrs.OptionError, r"give hlmrs.HalfNormal\(2.5\)"),
        ({"sigma": hlmrs.Uniform(-1, 3)}, hlmrs.OptionError, r"give hlmrs.HalfNormal\(3\)"),
        ({"Days": hlmrs.HalfStudentT(3, 2)}, hlmrs.OptionError, r"of either sign; give hlmrs.StudentT\(3, 0, 2\)"),
        ({"fixed": hlmrs.Exponential(2)}, hlmrs.OptionError, r"give hlmrs.Normal\(0, 2.5\)"),
        ({"cor": hlmrs.Uniform(-1, 1)}, hlmrs.OptionError, r"a matrix of correlations; give hlmrs.LKJ\(1\)"),
        ({"rho": hlmrs.LKJ(1)}, hlmrs.OptionError, r"a correlation; give hlmrs.Uniform\(-1, 1\)"),
        ({"rho": hlmrs.Uniform(0, 2)}, hlmrs.OptionError, r"give hlmrs.Uniform\(-1, 1\)"),
        ({"range": hlmrs.Normal(1, 1)}, hlmrs.OptionError, r"a number that is not negative"),
        ({"Days": 2.5}, TypeError, r"give a prior by a name"),
        ({3: hlmrs.Normal(0, 1)}, TypeError, r"give a prior by a name"),
        (hlmrs.Normal(0, 1), TypeError, r"give priors by name, such as .*'brms'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(priors, kind, words):
    with pytest.raises(kind, match=words):
        assigned(priors, MODEL, DEFAULTS)


@pytest.mark.parametrize(
    "priors",
    [
        {"sigma": hlmrs.Uniform(0, 30), "range": hlmrs.InverseGamma(3, 2), "sd(item)": hlmrs.Gamma(2, 0.1)},
        {"rho": hlmrs.Uniform(0, 1), "Days": hlmrs.Uniform(-5, 5), "dispersion:age": hlmrs.StudentT(3, 0, 1)},
        {"rho": hlmrs.Flat(), "sigma": hlmrs.Flat(), "Days": hlmrs.Flat(), "sd": hlmrs.HalfCauchy(2)},
    ],
)
def test_what_can_be_is_taken(priors):
    assert set(given(priors).values()) == set(priors.values())


def test_a_column_of_the_name_of_another_parameter_is_refused():
    with pytest.raises(hlmrs.DesignError, match="two parameters have the name 'sigma'"):
        with_names_of_their_own(parameters_of(["(Intercept)", "sigma"], [], [SIGMA]))
