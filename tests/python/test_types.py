"""What a type checker sees: the words of options, and no parameter that takes any keyword."""

import inspect
import typing
from pathlib import Path

import pytest

import hlmrs
from hlmrs import options
from hlmrs.models import Model
from hlmrs.results.likelihood.marginal import Marginal
from hlmrs.results.linear.checks import Checks
from hlmrs.results.linear.variances import Variances

OWNERS = (
    hlmrs.LinearMixedFit,
    hlmrs.GeneralizedMixedFit,
    hlmrs.MarginalFit,
    hlmrs.SufficientStatistics,
    Checks,
    Marginal,
    Variances,
)
FUNCTIONS = {
    f"{owner.__name__}.{name}": method
    for owner in OWNERS
    for name, method in inspect.getmembers(owner, inspect.isfunction)
    if not name.startswith("_")
} | {
    function.__name__: function
    for function in (hlmrs.lmer, hlmrs.model, hlmrs.glmer, hlmrs.gee, hlmrs.fit_many, hlmrs.compare)
}


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
    ("fit_many", "ddf"): options.ManyDdf | None,
}


@pytest.mark.parametrize(("place", "kind"), OPTIONS.items(), ids=str)
def test_options_are_the_words_that_they_can_be(place, kind):
    name, option = place
    assert {parameter.name: found for parameter, found in parameters(FUNCTIONS[name])}[option] == kind


@pytest.mark.parametrize(("function", "kind"), [(hlmrs.lmer, hlmrs.LinearMixedFit), (hlmrs.model, Model)])
def test_a_fit_has_the_frame_of_its_data(function, kind):
    overloads = typing.get_overloads(inspect.unwrap(function))
    kinds = [typing.get_type_hints(one)["return"] for one in overloads]
    assert [typing.get_origin(one) for one in kinds[:4]] == [kind] * 4
    assert [typing.get_args(one)[0] is typing.Any for one in kinds[:4]] == [False, True, True, False]
    # a model of the dispersion is a linear one, or a generalized one where it has random effects
    of_dispersion = [{typing.get_origin(one) for one in typing.get_args(both)} for both in kinds[4:]]
    assert of_dispersion == [{kind, hlmrs.GeneralizedMixedFit}] * (function is hlmrs.lmer)


CALLS = """
from typing import assert_type

import polars

import hlmrs

frame, lazy = polars.DataFrame(), polars.LazyFrame()
assert_type(hlmrs.model("y ~ 1 + (1 | g)", frame).fit().tidy(), polars.DataFrame)
assert_type(hlmrs.model("y ~ 1 + (1 | g)", lazy, reml=False).fit().tidy(), polars.DataFrame)
assert_type(hlmrs.fit_many(["y"], "~ 1 + (1 | g)", frame, level=0.9), polars.DataFrame)
assert_type(hlmrs.fit_many(["y"], "~ 1 + (1 | g)", lazy), polars.DataFrame)
hlmrs.model("y ~ 1 + (1 | g)", frame, levle=0.9)
"""


def test_a_type_checker_knows_the_frames_of_results(tmp_path):
    """Every line but the last is right, so that mypy is seen to have looked."""
    api = pytest.importorskip("mypy.api")
    (tmp_path / "calls.py").write_text(CALLS, encoding="utf-8")
    config = Path(__file__).parents[2] / "pyproject.toml"
    cache = ["--config-file", str(config), "--cache-dir", str(tmp_path / "cache")]
    found, _, _ = api.run([*cache, "--follow-imports=silent", str(tmp_path / "calls.py")])
    errors = [line for line in found.splitlines() if ": error: " in line]
    last = len(CALLS.splitlines())
    assert {line.split(":")[1] for line in errors} == {str(last)}, found
