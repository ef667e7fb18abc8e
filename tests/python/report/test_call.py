"""The call that a report writes makes the same fit again."""

import numpy as np
import pytest

import hlmrs
from generalized_models import MODELS, data_of, quietly
from generalized_models import fit_of as generalized_fit_of
from hlmrs.report import call_of

NUMBERS = {"weights": np.linspace(0.5, 2.0, 120), "offset": np.linspace(-0.2, 0.2, 120)}
SUM_OF_F = {"f": {"one": [1.0, 0.0, -1.0], "two": [0.0, 1.0, -1.0]}}
LINEAR = {
    "reml": {"reml": True},
    "everything": {"reml": False, "weights": "w", "offset": "shift", "contrasts": {"f": "sum"}, "missing": "error"},
    "arrays": {**NUMBERS, "contrasts": SUM_OF_F, "control": hlmrs.Control(optimizer="bobyqa")},
}
GENERALIZED = {
    "hurdle": ("count ~ x + (1 | g)", {"family": "truncated_poisson", "zero_inflation": "~ f", "offset": "shift"}),
    "quadrature": ("win ~ x + f + (1 | g)", {"nagq": 5, "contrasts": {"f": "helmert"}}),
    "expected": ("win ~ x + (1 | g)", {"link": "probit", "information": "expected", "weights": "w"}),
    "penalized": ("win ~ x + (1 | g)", {"nagq": 0, "offset": NUMBERS["offset"]}),
    "restricted": ("count ~ x + (1 | g)", {"family": "poisson", "reml": True}),
    "prior": ("win ~ x + (1 | g)", {"prior": {"x": hlmrs.Normal(0, 1)}}),
    "scale": ("grade ~ f + (1 | g)", {"family": "cumulative", "scale": "~ x", "thresholds": "symmetric"}),
    "nominal": ("grade ~ f + (1 | g)", {"family": "cumulative", "nominal": "~ x"}),
}


def made_again(fit):
    names = {"hlmrs": hlmrs, "data": data_of(), **NUMBERS}
    return quietly(lambda: eval(call_of(fit._estimate), names))


@pytest.mark.parametrize("case", LINEAR)
def test_a_linear_fit_is_made_again(case):
    fit = quietly(lambda: hlmrs.lmer("time ~ x + f + (1 | g)", data_of(), **LINEAR[case]))
    again = made_again(fit)
    assert again.criterion == fit.criterion
    assert list(again.coef_names) == list(fit.coef_names)


@pytest.mark.parametrize("case", [*GENERALIZED, *MODELS])
def test_a_generalized_fit_is_made_again(case):
    formula, options = GENERALIZED.get(case, (None, None))
    fit = generalized_fit_of(case) if formula is None else quietly(lambda: hlmrs.glmer(formula, data_of(), **options))
    again = made_again(fit)
    assert again.criterion == fit.criterion
    assert list(again.coef_names) == list(fit.coef_names)


def test_a_model_of_mean_and_dispersion_is_made_again():
    fit = hlmrs.lmer("time ~ x + (1 | g)", data_of(), dispersion="~ x")
    assert made_again(fit).criterion == fit.criterion


def test_a_short_call_is_one_line():
    fit = generalized_fit_of("two levels")
    assert call_of(fit._estimate) == "hlmrs.glmer('win ~ x + (1 | g)', data, family='binomial', link='logit')"
