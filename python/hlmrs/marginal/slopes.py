"""Slopes of a covariate, derivatives of the reference grid, and where along a moderator they differ from zero.

Regions of significance: Johnson and Neyman (1936); Bauer and Curran (2005) for multilevel models.  Here every point has
its own degrees of freedom.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, OptionError, name_in
from ..estimation import Estimate
from ..frame import Column, aside
from ..inference import TestOptions, two_sided_quantiles, uncertainty
from .adjustment import Family, test_columns
from .contrasts import ContrastChoice, Turn, tabulate
from .functions import LinearFunctions, estimates
from .grid import (
    At,
    Axis,
    ReferenceGrid,
    column_values,
    design_slopes,
    grid_axes,
    places_in,
    reference_grid,
    variable_names,
)
from .means import mean_functions
from .parts import ScaleVariables
from .variables import interacting_pairs

Vector = NDArray[np.float64]

_POINTS = 201
_BISECTIONS = 50


def slope_table(
    estimate: Estimate,
    variable: str,
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    contrast: ContrastChoice | None,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate slopes with tests against zero, or contrasts of them."""
    functions, grid, along = _along(estimate, variable, by, at, weights)
    if contrast is not None:
        if not along:
            raise OptionError("contrast= compares slopes: name in by= what they differ by, or list values in at=")
        axes = [grid.axes[grid.index(name)] for name in along]
        return tabulate(functions, uncertainty(estimate, options), axes, [], contrast, options.level, Turn(1.0))
    functions = functions.that_are_possible()
    found = estimates(functions, uncertainty(estimate, options))
    tests = test_columns(found, [(len(functions), Family("none", len(functions)))], options.level)
    return {"term": [variable] * len(functions), **aside(functions.columns, {"term", *tests}), **tests}


def slopes_as_functions(
    estimate: Estimate, variable: str, by: "str | Sequence[str] | None", at: At | None, weights: str
) -> LinearFunctions:
    """Return slopes as linear functions of the coefficients."""
    return _along(estimate, variable, by, at, weights)[0].that_are_possible()


def _along(
    estimate: Estimate, variable: str, by: "str | Sequence[str] | None", at: At | None, weights: str
) -> tuple[LinearFunctions, ReferenceGrid, list[str]]:
    """Return slopes, the grid that they are on, and the variables along which there are several."""
    names, at = variable_names(estimate, by, "by"), places_in(at)
    places = ScaleVariables(estimate, "link").moderator_places(names, at)
    along = [*names, *_listed_in(estimate, at, names)]
    return *slope_functions(estimate, variable, names, places, weights, along), along


def _listed_in(estimate: Estimate, at: At, by: Sequence[str]) -> list[str]:
    """Name the covariates that `at` puts in several places: there is a slope for each."""
    axes = grid_axes(estimate, at)
    return [axis.name for axis in axes if axis.factor is None and len(axis.places) > 1 and axis.name not in by]


def slope_functions(
    estimate: Estimate, variable: str, by: Sequence[str], at: At, weights: str, along: Sequence[str] | None = None
) -> tuple[LinearFunctions, ReferenceGrid]:
    """Average the derivatives of the grid by a covariate, exact by the chain rule, over all but `along` (as `by`)."""
    name = covariate(estimate, variable)
    if name in by:
        raise OptionError(f"by={list(by)!r} holds {variable!r} itself; use at={{{variable!r}: values}}")

    def design(estimate: Estimate, columns: Mapping[str, Any], n: int) -> tuple[Vector, Vector]:
        return design_slopes(estimate, columns, n, name)

    grid = reference_grid(estimate, at, design)
    functions = mean_functions(estimate, grid, by if along is None else along, weights)
    if any(np.isinf(part.values).any() for part in grid.parts):
        places = next(axis.labels for axis in grid.axes if axis.name == name)
        raise OptionError(
            f"the slope of {variable!r} is infinite at {', '.join(places)}; "
            f"place it elsewhere: at={{{variable!r}: value}}"
        )
    return functions, grid


def covariate(estimate: Estimate, variable: str) -> str:
    """Return the column of a numeric variable of the fixed part."""
    (name,) = variable_names(estimate, name_in("variable", variable), "variable")
    require_covariate(variable, next(axis for axis in grid_axes(estimate, {}) if axis.name == name))
    return name


def require_covariate(variable: str, axis: Axis) -> None:
    """Refuse the slope of a factor."""
    if axis.factor is not None:
        raise OptionError(f"{variable!r} is a factor and has no slope; compare its means with contrasts({variable!r})")


def _require_product(estimate: Estimate, variable: str, moderator: str) -> None:
    """Refuse a moderator on which the slope does not depend."""
    pairs = {frozenset(pair) for pair in interacting_pairs(estimate)}
    if variable != moderator and frozenset((variable, moderator)) not in pairs:
        raise OptionError(
            f"the slope of {variable!r} does not depend on {moderator!r}: the model has no product of both, such as "
            f"{variable}:{moderator}"
        )


def significance_regions(
    estimate: Estimate,
    variable: str,
    moderator: str,
    at: At | None,
    limits: tuple[float, float] | None,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate the intervals of the moderator in which the slope is, or is not, different from zero."""
    name = covariate(estimate, moderator)
    _require_product(estimate, covariate(estimate, variable), name)
    low, high = _limits(estimate, name, limits)
    how = uncertainty(estimate, options)

    def excess(places: Vector) -> tuple[Vector, Vector]:
        """|t| less its critical value, and the slope."""
        functions, _ = slope_functions(estimate, variable, [name], {**places_in(at), name: places.tolist()}, "equal")
        found = estimates(functions, how)
        return np.abs(found.statistic) - two_sided_quantiles(options.level, found.df), found.value

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
    if limits is None:
        values = column_values(estimate, name)
        return float(values.min()), float(values.max())
    low, high = map(float, limits)
    if not (np.isfinite([low, high]).all() and low < high):
        raise OptionError(f"limits={limits!r}: give a finite lower and a higher number")
    return low, high
