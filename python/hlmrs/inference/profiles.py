"""Profile likelihood: intervals for every parameter on its natural scale, and the profiles themselves.

Profiles are of maximum likelihood, as they must be for the fixed effects; a fit by REML is fitted again for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter, profile, two_sided_quantile
from ..errors import InferenceWarning, OptionError, listed, warn
from ..estimation import Estimate, cached
from ..estimation.fixed_parameters import fixed_names, require_nothing_fixed
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.penalty import require_no_covariance_prior
from ..formula.names import find_name
from ..frame import Column, columns_of, distinct
from .wald import check_level

Vector = NDArray[np.float64]

_INSTEAD = (
    "they are of the likelihood alone; method='wald' and method='boot' of confint have intervals, and "
    "fit.update('. ~ .', prior=None) has profiles"
)


@dataclass(frozen=True, slots=True)
class ParameterProfile:
    """One parameter: its estimate by maximum likelihood, its interval, and points (value, zeta) of its profile.

    A bound at the end of the parameter's range (0 or infinity for a standard deviation, -1 or 1 for a correlation)
    means that the interval reaches it.
    """

    name: str
    estimate: float
    low: float
    high: float
    points: Vector


def parameters(estimate: Estimate) -> dict[str, Parameter]:
    """Return all parameters by name: fixed effects, ``sd(x | g)``, ``cor(x, y | g)`` of each random term, ``sigma``.

    Before ``sigma`` stand those of residuals that have some: correlations, ``sd(visit)``, ``dispersion:x``.
    Those that are held at a value are none of them.
    Of a generalized model these are the coefficients of all parts, and there is no ``sigma``.
    A name that a coefficient has already gets an underscore at its end.
    """
    names = list(estimate.layout.coef_names), term_names(estimate)
    if isinstance(estimate, GeneralizedEstimate):
        names = estimate.parameter_names()
    found = estimate.core.parameters(*names)
    all_known = zip(distinct(parameter.name for parameter in found), found, strict=True)
    fixed = fixed_names(estimate.request)
    return {
        name: own for name, own in all_known if name not in fixed and not (own.kind == "sigma" and "sigma" in fixed)
    }


def term_names(estimate: Estimate) -> list[tuple[str, list[str]]]:
    """Return the grouping factor and the columns of each random term."""
    layout = estimate.layout
    return [(layout.groups[term.group].name, list(term.columns)) for term in layout.random]


def profiles(estimate: Estimate, level: float, names: Sequence[str] | None = None) -> list[ParameterProfile]:
    """Profile parameters to the ends of their intervals of `level`; each is computed once per fit."""
    check_level(level)
    require_no_covariance_prior(estimate, "profiles", _INSTEAD)
    known_names = parameters(estimate)
    _refuse_fixed(estimate, names or ())
    wanted = list(known_names) if names is None else [_meant(name, known_names) for name in names]
    known = _known_profiles(estimate.fitted, level)
    missing = [name for name in wanted if name not in known]
    if missing:
        require_nothing_fixed(estimate, "profiles")
        limit = two_sided_quantile(level, np.inf)
        found = profile(estimate.fitted.core, [known_names[name] for name in missing], limit, estimate.threads)
        for name, (value, low, high, points) in zip(missing, found, strict=True):
            known[name] = ParameterProfile(name, value, low, high, points)
    return [known[name] for name in wanted]


def _refuse_fixed(estimate: Estimate, names: Sequence[str]) -> None:
    fixed = fixed_names(estimate.request)
    for name in names:
        if name in fixed:
            raise OptionError(f"{name} is fixed at {fixed[name]:g} and not estimated: there is nothing to profile")


def _meant(name: str, known: Iterable[str]) -> str:
    found = find_name(name, known)
    if found is None:
        raise OptionError(f"parameter {name!r} is not one of {', '.join(map(repr, known))}")
    return found


@cached
def _known_profiles(_: Estimate, level: float) -> dict[str, ParameterProfile]:
    """Return the profiles that reach to this level, by parameter: none at first."""
    return {}


def profile_table(estimate: Estimate, level: float, names: Sequence[str] | None) -> dict[str, Column]:
    """Tabulate the points of the profiles."""
    found = profiles(estimate, level, names)
    points = np.concatenate([p.points for p in found]) if found else np.empty((0, 2))
    return {
        "term": [p.name for p in found for _ in range(len(p.points))],
        "value": points[:, 0],
        "zeta": points[:, 1],
    }


def profile_intervals(estimate: Estimate, level: float) -> dict[str, Column]:
    """Tabulate the intervals."""
    if isinstance(estimate, GeneralizedEstimate):
        return _generalized_intervals(estimate, level)
    rows = [(found.name, found.low, found.high) for found in profiles(estimate, level)]
    return columns_of(("term", "conf_low", "conf_high"), rows, ("term",))


def _generalized_intervals(estimate: GeneralizedEstimate, level: float) -> dict[str, Column]:
    """Tabulate the intervals of the parameters of all parts; coefficients without a finite estimate have none."""
    check_level(level)
    require_no_covariance_prior(estimate, "profiles", _INSTEAD)
    limit = two_sided_quantile(level, np.inf)
    known, endless = parameters(estimate), set(estimate.own.fit.without_end)
    chosen = {name: parameter for k, (name, parameter) in enumerate(known.items()) if k not in endless}
    found = estimate.own.fit.profile_intervals(list(chosen.values()), limit, estimate.threads)
    ends = dict(zip(chosen, found, strict=True))
    _warn_of_missing([name for name, own in ends.items() if np.isnan(own).any()])
    rows = [(name, *ends.get(name, (np.nan, np.nan))) for name in known]
    return columns_of(("term", "conf_low", "conf_high"), rows, ("term",))


def _warn_of_missing(lost: list[str]) -> None:
    if lost:
        warn(
            f"the likelihood could not be followed to an end of the intervals of {listed(lost)}, which is missing; "
            "method='wald' has intervals of the coefficients, method='boot' of all parameters",
            InferenceWarning,
        )
