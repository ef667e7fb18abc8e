"""Profile likelihood: intervals for every parameter on its natural scale, and the profiles themselves.

Profiles are of maximum likelihood, as they must be for the fixed effects; a fit by REML is fitted again for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from .._core import profile, two_sided_quantile
from ..errors import OptionError
from ..estimation import Estimate, cached
from ..frame import Column
from .wald import check_level

Vector = NDArray[np.float64]
Code = tuple[str, int, int, int]


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


def parameter_codes(estimate: Estimate) -> dict[str, Code]:
    """Return the core's code of every parameter by name: fixed effects, then ``sd_x|g``, ``cor_y.x|g``, ``sigma``."""
    layout = estimate.layout
    codes: dict[str, Code] = {name: ("fixed", k, 0, 0) for k, name in enumerate(layout.coef_names)}
    for t, term in enumerate(layout.random):
        group, names = layout.groups[term.group].name, term.columns
        for name, code in _term_codes(t, list(names), term.structure):
            codes[_free_name(f"{name}|{group}", codes)] = code
    return codes | {"sigma": ("sigma", 0, 0, 0)}


def _free_name(name: str, taken: Mapping[str, Code]) -> str:
    """Return the name, numbered for further terms on the same group, as R does: ``sd_x|g``, ``sd_x|g.1``."""
    numbered = (name if k == 0 else f"{name}.{k}" for k in count())
    return next(candidate for candidate in numbered if candidate not in taken)


def _term_codes(t: int, names: list[str], structure: str) -> list[tuple[str, Code]]:
    """Return the parameters of a term; equal standard deviations and correlations are one parameter."""
    one_sd = structure in ("homcs", "ar1") and len(names) > 1
    sds = [("sd", ("sd", t, 0, 0))] if one_sd else [(f"sd_{name}", ("sd", t, k, 0)) for k, name in enumerate(names)]
    pairs = [(i, j) for j in range(len(names)) for i in range(j + 1, len(names))]
    if structure == "diag":
        pairs = []
    elif structure == "toep":
        return [*sds, *[(f"cor_lag{lag}", ("cor", t, lag, 0)) for lag in range(1, len(names))]]
    elif structure in ("cs", "homcs", "ar1"):
        return [*sds, *[("cor", ("cor", t, i, j)) for i, j in pairs[:1]]]
    return [*sds, *[(f"cor_{names[i]}.{names[j]}", ("cor", t, i, j)) for i, j in pairs]]


def profiles(estimate: Estimate, level: float, names: Sequence[str] | None = None) -> list[ParameterProfile]:
    """Profile parameters to the ends of their intervals of `level`; each is computed once per fit."""
    check_level(level)
    codes = parameter_codes(estimate)
    wanted = list(codes) if names is None else list(names)
    unknown = [name for name in wanted if name not in codes]
    if unknown:
        raise OptionError(f"parameter {unknown[0]!r} is not one of {', '.join(map(repr, codes))}")
    known = _known_profiles(estimate.fitted, level)
    missing = [name for name in wanted if name not in known]
    if missing:
        limit = two_sided_quantile(level, np.inf)
        found = profile(estimate.fitted.core, [codes[name] for name in missing], limit, estimate.threads)
        for name, (value, low, high, points) in zip(missing, found, strict=True):
            known[name] = ParameterProfile(name, value, low, high, points)
    return [known[name] for name in wanted]


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
    found = profiles(estimate, level)
    return {
        "term": [p.name for p in found],
        "conf_low": np.array([p.low for p in found]),
        "conf_high": np.array([p.high for p in found]),
    }
