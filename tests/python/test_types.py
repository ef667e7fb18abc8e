"""What a type checker sees: the words of options, and no parameter that takes any keyword."""

import inspect
import typing

import pytest

import hlmrs
from hlmrs import options
from hlmrs.results.accessors import Checks, Marginal, Variances

FUNCTIONS = {
    f"{owner.__name__}.{name}": method
    for owner in (hlmrs.LinearMixedFit, hlmrs.SufficientStatistics, Checks, Marginal, Variances)
    for name, method in inspect.getmembers(owner, inspect.isfunction)
    if not name.startswith("_")
} | {"lmer": hlmrs.lmer, "model": hlmrs.model, "fit_many": hlmrs.fit_many, "compare": hlmrs.compare}


def parameters(function):
    """The parameters of a function and their types, which modules may give as text."""
    inner = inspect.unwrap(function)
    for parameter in inspect.signature(inner).parameters.values():
        kind = parameter.annotation
        yield parameter, eval(kind, inner.__globals__) if isinstance(kind, str) else kind


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_no_keyword_is_of_any_type(function):
    for parameter, kind in parameters(function):
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            assert typing.get_origin(kind) is typing.Unpack


OPTIONS = {
    ("LinearMixedFit.confint", "method"): options.ConfintMethod,
    ("LinearMixedFit.vcov", "type"): options.Vcov,
    ("LinearMixedFit.anova", "type"): options.AnovaType,
    ("LinearMixedFit.resid", "kind"): options.ResidualKind,
    ("LinearMixedFit.predict", "new_levels"): options.NewLevels,
    ("LinearMixedFit.bootstrap", "kind"): options.BootstrapKind,
    ("LinearMixedFit.influence", "method"): options.DeletionMethod,
    ("LinearMixedFit.emmeans", "weights"): options.MeanWeights,
    ("LinearMixedFit.contrasts", "adjust"): options.Adjustment,
    ("lmer", "missing"): options.Missing,
    ("lmer", "rows"): options.Reading,
    ("fit_many", "ddf"): options.ManyDdf,
}


@pytest.mark.parametrize(("place", "kind"), OPTIONS.items(), ids=str)
def test_options_are_the_words_that_they_can_be(place, kind):
    name, option = place
    assert {parameter.name: found for parameter, found in parameters(FUNCTIONS[name])}[option] == kind


def test_a_fit_has_the_frame_of_its_data():
    overloads = typing.get_overloads(inspect.unwrap(hlmrs.lmer))
    kinds = [typing.get_type_hints(one)["return"] for one in overloads]
    assert [typing.get_origin(kind) for kind in kinds] == [hlmrs.LinearMixedFit] * 4
    assert [typing.get_args(kind)[0] is typing.Any for kind in kinds] == [False, True, True, False]
