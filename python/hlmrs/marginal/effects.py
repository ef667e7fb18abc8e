"""Average marginal effects: slopes of the mean response in a covariate, averaged over the rows of the fit.

At random effects of zero; their standard errors are by the delta method, through the coefficients of the mean, or of
all parts that it rests on.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, name_in
from ..estimation import Estimate, spline_slopes
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column, aside
from ..inference import TestOptions, Uncertainty, uncertainty
from ..prediction import ResponseScale, response_scale
from .adjustment import Family, test_columns
from .functions import LinearFunctions, axis_columns, estimates
from .grid import Axis, axis_codes, grid_axes, variable_names
from .parts import (
    Outcome,
    all_coefficients,
    axes_of_parts,
    category_axis,
    outcome_of,
    row_slopes,
    variables_of_parts,
    views,
)
from .slopes import covariate, require_covariate

Vector = NDArray[np.float64]

_STEP = 1e-4


def average_effects(
    estimate: Estimate,
    variable: str,
    by: "str | Sequence[str] | None",
    scale: str,
    options: TestOptions,
    **of_a_grid: Any,
) -> dict[str, Column]:
    """Tabulate the averages with tests against zero, one for all rows or for each combination of levels.

    Options that are `of_a_grid` are refused if given: rows stand where they do.
    """
    given = [name for name, value in of_a_grid.items() if value is not None and value != "equal"]
    if given:
        raise OptionError(f"{given[0]}= is of slopes on a grid, type='link'; type={scale!r} averages over the rows")
    outcome = outcome_of(estimate, scale)
    how: Uncertainty
    if outcome is not None:
        functions, how = _of_parts(outcome, variable, by), all_coefficients(outcome.estimate, options)
    else:
        name = covariate(estimate, variable)
        axes = _axes(grid_axes(estimate, {}), variable_names(estimate, by, "by"))
        functions, how = _averages(estimate, scale, name, axes), uncertainty(estimate, options)
    found = estimates(functions, how)
    tests = test_columns(found, [(len(functions), Family("none", len(functions)))], options.level)
    return {"term": [variable] * len(functions), **aside(functions.columns, {"term", *tests}), **tests}


def _axes(axes: Sequence[Axis], by: Sequence[str]) -> list[Axis]:
    known = {axis.name: axis for axis in axes}
    for name in by:
        if known[name].factor is None:
            raise OptionError(f"by={name!r}: average marginal effects are of rows with the same level of a factor")
    return [known[name] for name in by]


def _of_parts(outcome: Outcome, variable: str, by: "str | Sequence[str] | None") -> LinearFunctions:
    """Return the averages of what rests on several parts, of each category where there are such."""
    parts = views(outcome.estimate)
    known = axes_of_parts(parts)
    (name,) = variables_of_parts(parts, name_in("variable", variable), "variable")
    require_covariate(variable, next(axis for axis in known if axis.name == name))
    axes = _axes(known, variables_of_parts(parts, by, "by"))
    value, gradient, counts = row_slopes(outcome, parts, name, *_cells(outcome.estimate, axes))
    there = np.flatnonzero(np.repeat(counts > 0, value.shape[1]))
    matrix = gradient.reshape(-1, gradient.shape[-1])
    constant = value.ravel() - matrix @ outcome.estimate.own.fit.coefficients
    listed = [*axes, category_axis(outcome, axes)] if outcome.labels else axes
    return LinearFunctions(matrix, constant, axis_columns(listed) if listed else {}).rows(there)


def _averages(estimate: Estimate, scale: str, name: str, axes: Sequence[Axis]) -> LinearFunctions:
    """Return the averages as linear functions that have their values and slopes at the estimates."""
    way = response_scale(estimate, scale)
    eta, x = _without_random_effects(estimate), estimate.rows.model_matrix()
    d, of_offset = _design_slopes(estimate, name)
    beta = np.zeros(x.shape[1])
    beta[list(estimate.layout.kept)] = estimate.core.beta
    move = d @ beta + of_offset
    first, second = way.slope(eta), _bend(way, eta)
    # d/dβ of m'(η) (Dβ + o)
    gradient = (second * move)[:, None] * x + first[:, None] * d
    cell, n_cells = _cells(estimate, axes)
    counts = np.bincount(cell, minlength=n_cells).astype(float)
    sums = np.zeros((n_cells, x.shape[1]))
    np.add.at(sums, cell, gradient)
    there = np.flatnonzero(counts)
    matrix = sums[there] / counts[there, None]
    value = np.bincount(cell, first * move, n_cells)[there] / counts[there]
    columns = LinearFunctions(sums, counts, axis_columns(axes) if axes else {}).rows(there).columns
    return LinearFunctions(matrix, value - matrix @ beta, columns)


def _cells(estimate: Estimate, axes: Sequence[Axis]) -> tuple[NDArray[np.intp], int]:
    """Return the combination of levels of every row used, and how many combinations there are."""
    shape = [len(axis.places) for axis in axes]
    if not axes:
        return np.zeros(estimate.layout.n_rows, dtype=np.intp), 1
    codes = [axis_codes(estimate, axis) for axis in axes]
    return np.asarray(np.ravel_multi_index(codes, shape), dtype=np.intp), int(np.prod(shape))


def _without_random_effects(estimate: Estimate) -> Vector:
    n_terms = len(estimate.layout.random) if isinstance(estimate, GeneralizedEstimate) else 0
    return np.asarray(estimate.linear_predictor([False] * n_terms))


def _design_slopes(estimate: Estimate, name: str) -> tuple[Vector, Vector]:
    """Return the derivatives of X and of the offset by a column in the rows used."""
    columns = estimate.data.columns
    bound = estimate.data.bound()
    d, offset = bound.slopes(name, spline_slopes(estimate.request, columns, estimate.splines, name))
    kept = estimate.rows.kept
    return (d, offset) if kept is None else (d[kept], offset[kept])


def _bend(way: ResponseScale, eta: Vector) -> Vector:
    """Return the second derivative of the response by the prediction, by central differences."""
    return (way.slope(eta + _STEP) - way.slope(eta - _STEP)) / (2 * _STEP)
