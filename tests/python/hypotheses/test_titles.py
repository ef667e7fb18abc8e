"""Titles of tables of tests say which tests they have."""

import pytest

import hlmrs
from generalized_models import quietly

ORTHODONT = hlmrs.datasets.load("Orthodont", "polars")


def title(table):
    return " ".join(str(table).partition("\n\n")[0].split())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Type 3 F tests of the terms (Satterthwaite's degrees of freedom)"),
        ({"type": "II", "ddf": "residual"}, "Type 2 F tests of the terms (residual degrees of freedom)"),
        ({"vcov": "CR2"}, "Type 3 F tests of the terms (CR2 covariance, Satterthwaite's degrees of freedom)"),
    ],
)
def test_tests_of_linear_models_name_their_type_and_degrees_of_freedom(options, expected):
    fit = hlmrs.lmer("distance ~ age + Sex + (1 | Subject)", ORTHODONT)
    assert title(fit.anova(**options)) == expected
    dropped = expected.split(" ", 2)[2].replace("of the terms", "of the terms that could be dropped")
    if "type" not in options:
        assert title(fit.drop1(**options)) == dropped


def test_tests_of_generalized_models_say_that_they_are_of_the_mean_beside_other_parts():
    data = hlmrs.datasets.load("cbpp", "polars")
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    alone = hlmrs.glmer(formula, data, family="binomial")
    assert title(alone.anova()) == "Type 3 F tests of the terms (chi-square over its degrees of freedom)"
    assert title(alone.drop1(method="lr")) == "Likelihood ratio tests of the terms that could be dropped"
    both = quietly(lambda: hlmrs.glmer(formula, data, family="betabinomial", dispersion="~ period"))
    assert title(both.anova()) == "Type 3 F tests of the mean's terms (chi-square over its degrees of freedom)"
    assert title(both.drop1()).startswith("F tests of the mean's terms that could be dropped")


def test_tests_of_marginal_models_name_their_covariance_and_law():
    fit = hlmrs.gee("distance ~ age + Sex", ORTHODONT, groups="Subject")
    assert title(fit.anova(type=2)) == "Type 2 chi-square tests of the terms (robust covariance)"
    assert "referred to F" in title(fit.anova(ddf="groups"))
