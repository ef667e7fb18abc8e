"""Where a slope differs from zero: regions of significance along a moderator (Johnson and Neyman 1936).

Bauer and Curran (2005) for multilevel models; here every point has its own degrees of freedom.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, OptionError
from ..estimation import Estimate
from ..frame import Column
from ..inference import Uncertainty, check_level, two_sided_quantiles
from .functions import LinearFunctions, estimates
from .grid import At, column_values, grid_axes
from .slopes import covariate, slope_functions

Vector = NDArray[np.float64]

_POINTS = 201
_BISECTIONS = 50


def significance_regions(
    estimate: Estimate,
    variable: str,
    moderator: str,
    at: At | None,
    limits: tuple[float, float] | None,
    level: float,
    uncertainty: Uncertainty,
) -> dict[str, Column]:
    """Tabulate the intervals of the moderator in which the slope is, or is not, different from zero."""
    check_level(level)
    name = covariate(estimate, moderator)
    low, high = _limits(estimate, name, limits)

    def excess(places: Vector) -> tuple[Vector, Vector]:
        functions, _ = slope_functions(estimate, variable, [name], {**(at or {}), name: places.tolist()}, "equal")
        return _excess(functions, level, uncertainty)

    places = np.linspace(low, high, _POINTS)
    value, slope = excess(places)
    if not np.isfinite(value).all():
        raise DesignError(f"the data do not determine the slope of {variable!r}: its columns depend on others")
    edges = [low]
    for k in np.flatnonzero(np.sign(value[1:]) != np.sign(value[:-1])):
        edges.append(_crossing(lambda x: float(excess(np.array([x]))[0][0]), places[k], places[k + 1], value[k]))
    edges.append(high)
    middles = np.array([(a + b) / 2 for a, b in pairwise(edges)])
    inside, slope = excess(middles)
    return {
        "moderator": [moderator] * len(middles),
        "low": np.array(edges[:-1]),
        "high": np.array(edges[1:]),
        "significant": inside > 0,
        "slope": slope,
    }


def _excess(functions: LinearFunctions, level: float, uncertainty: Uncertainty) -> tuple[Vector, Vector]:
    """|t| less its critical value, and the slope."""
    found = estimates(functions, uncertainty)
    critical = two_sided_quantiles(level, found.df)
    return np.abs(found.statistic) - critical, found.value


def _crossing(function: Callable[[float], float], low: float, high: float, at_low: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if np.sign(function(middle)) == np.sign(at_low):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _limits(estimate: Estimate, name: str, limits: tuple[float, float] | None) -> tuple[float, float]:
    if any(axis.name == name and axis.factor is not None for axis in grid_axes(estimate, {})):
        raise OptionError(f"moderator={name!r} is a factor; use slopes(..., by={name!r})")
    if limits is None:
        values = column_values(estimate, name)
        return float(values.min()), float(values.max())
    low, high = map(float, limits)
    if not (np.isfinite([low, high]).all() and low < high):
        raise OptionError(f"limits={limits!r}: give a finite lower and a higher number")
    return low, high
