"""Priors as they are given, by name, brought to the parameters of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..errors import ArgumentError, OptionError, listed, quote, suggestion
from .distribution import Distribution
from .horseshoe import Horseshoe
from .lkj import LKJ
from .parameters import Parameter, ParameterKind
from .positive import Exponential, Gamma, HalfCauchy, HalfNormal, HalfStudentT, InverseGamma
from .real import Flat, Normal, StudentT, Uniform

Source: TypeAlias = Literal["given", "default", "brms"]

_EXAMPLE = '{"fixed": hlmrs.Normal(0, 2.5), "sd": hlmrs.HalfStudentT(3, 2)}'
_POSITIVE = (HalfStudentT, HalfNormal, HalfCauchy, Exponential, Gamma, InverseGamma)
_WHAT: dict[ParameterKind, str] = {
    "coefficient": "a coefficient, of either sign",
    "real": "a number of either sign",
    "sd": "a standard deviation, which is not negative",
    "positive": "a number that is not negative",
    "correlations": "a matrix of correlations",
    "correlation": "a correlation",
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """The prior of a parameter, and where it is from."""

    prior: Distribution
    source: Source


def assigned(
    priors: Mapping[str, Any] | None,
    parameters: Sequence[Parameter],
    defaults: Mapping[str, Distribution],
    source: Source = "default",
) -> dict[str, Assigned]:
    """Return the prior of each parameter, by name: the most specific that is given, else the default.

    Parameters
    ----------
    priors : mapping of str to Distribution, or None
        Priors by names of parameters, or of several: ``"fixed"`` (all coefficients but the intercept), ``"sd"`` (all
        standard deviations of random effects), ``"sd(Subject)"`` (those of a grouping factor), ``"cor"``.
    parameters : sequence of Parameter
        What the model has.
    defaults : mapping of str to Distribution
        A prior of every parameter, by name.
    source : {"default", "brms"}
        Where the defaults are from.

    Returns
    -------
    dict of str to Assigned
        In the order of the parameters.

    Raises
    ------
    ArgumentError
        For what is no mapping of names to priors.
    OptionError
        For a name that matches nothing, or a prior that its parameter cannot have.
    """
    given = _spelled(_checked(priors), parameters)
    _require_known(given, parameters)
    return {one.name: _given_or(one, given, Assigned(defaults[one.name], source)) for one in parameters}


def _given_or(parameter: Parameter, given: Mapping[str, Distribution], default: Assigned) -> Assigned:
    name = next((name for name in parameter.names if name in given), None)
    if name is None:
        return default
    prior = given[name]
    if not _suits(prior, parameter):
        raise OptionError(
            f"priors={{{name!r}: {prior}}}: {quote(parameter.name)} is {_WHAT[parameter.kind]}; give "
            f"hlmrs.{_instead(prior, parameter)}"
        )
    return Assigned(prior, "given")


def _checked(priors: Any) -> dict[str, Distribution]:
    if priors is None:
        return {}
    if not isinstance(priors, Mapping):
        raise ArgumentError(f"priors={priors!r}: give priors by name, such as {_EXAMPLE}, or 'brms'")
    for name, prior in priors.items():
        if not isinstance(name, str) or not isinstance(prior, Distribution):
            raise ArgumentError(f"priors={{{name!r}: {prior!r}}}: give a prior by a name, such as {_EXAMPLE}")
    return dict(priors)


def _spelled(given: Mapping[str, Distribution], parameters: Sequence[Parameter]) -> dict[str, Distribution]:
    """Return priors by the names as tables have them, however these are spaced."""
    known = {"".join(name.split()): name for one in parameters for name in one.names}
    found = dict[str, Distribution]()
    for name, prior in given.items():
        own = known.get("".join(name.split()), name)
        if own in found:
            raise OptionError(f"priors= names {quote(own)} twice, in two spellings: give one of them")
        found[own] = prior
    return found


def _require_known(given: Mapping[str, Distribution], parameters: Sequence[Parameter]) -> None:
    own = [one.name for one in parameters]
    several = list(dict.fromkeys(name for one in parameters for name in one.also if name not in own))
    for name in given:
        if name not in own and name not in several:
            groups = f"; names of several are {listed(several)}" if several else ""
            hint = suggestion(name, [*own, *several])
            raise OptionError(f"priors= names {quote(name)}; the parameters are {listed(own)}{groups}{hint}")


def _suits(prior: Distribution, parameter: Parameter) -> bool:
    if parameter.kind == "correlations":
        return isinstance(prior, LKJ)
    if isinstance(prior, Flat):
        return True
    if parameter.kind == "coefficient" and isinstance(prior, Horseshoe):
        return True
    if parameter.kind in ("coefficient", "real"):
        return isinstance(prior, Normal | StudentT | Uniform)
    low, high = (parameter.low, parameter.high) if parameter.kind == "correlation" else (0.0, float("inf"))
    if isinstance(prior, Uniform):
        return low <= prior.low and prior.high <= high
    return parameter.kind != "correlation" and isinstance(prior, _POSITIVE)


def _instead(prior: Distribution, parameter: Parameter) -> Distribution:
    """Return a prior that the parameter can have, as near to the given one as can be told."""
    if parameter.kind == "correlations":
        return LKJ(1)
    if parameter.kind == "correlation":
        return Uniform(parameter.low, parameter.high)
    scale = next((getattr(prior, name) for name in ("sd", "scale", "high") if hasattr(prior, name)), 2.5)
    scale = scale if scale > 0 else 2.5
    if parameter.kind in ("coefficient", "real"):
        return StudentT(prior.df, 0, scale) if isinstance(prior, HalfStudentT) else Normal(0, scale)
    return HalfStudentT(prior.df, scale) if isinstance(prior, StudentT) else HalfNormal(scale)
