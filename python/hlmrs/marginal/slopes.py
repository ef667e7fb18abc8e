"""Slopes of a covariate: derivatives of the reference grid."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation import Estimate
from ..frame import Column
from ..inference import Uncertainty, check_level
from .adjustment import Family, adjusted
from .contrasts import ContrastChoice, tabulate
from .functions import LinearFunctions, estimates
from .grid import At, ReferenceGrid, column_values, grid_axes, reference_grid, variable_names
from .means import mean_functions

Vector = NDArray[np.float64]

_STEP = 1e-3
_STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))


def slope_table(
    estimate: Estimate,
    variable: str,
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    contrast: ContrastChoice | None,
    level: float,
    uncertainty: Uncertainty,
) -> dict[str, Column]:
    """Tabulate slopes with tests against zero, or contrasts of them."""
    check_level(level)
    names = variable_names(estimate, by, "by")
    places = moderator_places(estimate, names, at or {})
    functions, grid = slope_functions(estimate, variable, names, places, weights)
    if contrast is not None:
        if not names:
            raise OptionError("contrast= compares slopes: name in by= what they differ by")
        return tabulate(functions, [grid.axes[grid.index(name)] for name in names], [], contrast, uncertainty)
    found = estimates(functions, uncertainty)
    p_value, quantile = adjusted(found, Family("none", len(functions)), level)
    margin = quantile * found.std_error
    return {
        "term": [variable] * len(functions),
        **functions.columns,
        "estimate": found.value,
        "std_error": found.std_error,
        "df": found.df,
        "statistic": found.statistic,
        "p_value": p_value,
        "conf_low": found.value - margin,
        "conf_high": found.value + margin,
    }


def slope_functions(
    estimate: Estimate, variable: str, by: Sequence[str], at: At, weights: str
) -> tuple[LinearFunctions, ReferenceGrid]:
    """Differentiate the grid's means by a covariate, by five-point differences: exact up to the fourth power."""
    name = covariate(estimate, variable)
    if name in by:
        raise OptionError(f"by={list(by)!r} holds {variable!r} itself; use at={{{variable!r}: values}}")
    axis = next(axis for axis in grid_axes(estimate, at) if axis.name == name)
    step = _STEP * spread(estimate, name)
    matrix: Vector = np.zeros(())
    constant: Vector = np.zeros(())
    columns: dict[str, Column] = {}
    grid = None
    for place, weight in _STENCIL:
        moved = {**at, name: [float(value) + place * step for value in axis.places]}
        grid = reference_grid(estimate, moved)
        part = mean_functions(estimate, grid, by, weights)
        matrix, constant = matrix + weight * part.matrix / step, constant + weight * part.constant / step
        columns = dict(part.columns)
    assert grid is not None
    size = np.abs(matrix).max(axis=1, keepdims=True, initial=0.0)
    matrix[np.abs(matrix) < 1e-10 * size] = 0.0
    return LinearFunctions(matrix, constant, columns), grid


def covariate(estimate: Estimate, variable: str) -> str:
    """Return the column of a numeric variable of the fixed part."""
    (name,) = variable_names(estimate, variable, "variable")
    if any(axis.name == name and axis.factor is not None for axis in grid_axes(estimate, {})):
        raise OptionError(f"{variable!r} is a factor and has no slope; compare its means with contrasts({variable!r})")
    return name


def spread(estimate: Estimate, name: str) -> float:
    """Return the range of a column, or one where it is constant."""
    values = column_values(estimate, name)
    return float(np.ptp(values)) or 1.0


def moderator_places(estimate: Estimate, by: Sequence[str], at: At) -> At:
    """Put covariates in `by` at their mean and one standard deviation to each side, where `at` does not place them."""
    places = dict(at)
    for axis in grid_axes(estimate, at):
        if axis.name in by and axis.factor is None and axis.name not in at:
            values = column_values(estimate, axis.name)
            mean, sd = float(values.mean()), float(values.std(ddof=1))
            places[axis.name] = [mean - sd, mean, mean + sd]
    return places
