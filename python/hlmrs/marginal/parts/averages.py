"""Averages of outcomes over the reference grid of all parts, and of their slopes over the rows of the fit.

Each is a function of all coefficients, linear to first order about the estimates (delta method): with w the weights, S
the slopes of the outcome in the predictors and X_j the design of predictor j, its gradient is the sum of w S_j X_j.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...estimation import Estimate, spline_slopes
from ...estimation.generalized import GeneralizedEstimate
from ...frame import new_names
from ...inference.degrees_of_freedom import are_estimable
from ...resources import require_memory
from ..averages import Averages
from ..functions import LinearFunctions, axis_columns
from ..grid import At, Axis, check_size, design_rows, grid_axes, grid_values
from .outcomes import Outcome
from .predictors import Predictor, linear_predictors
from .views import Parts, axes_of_parts

Vector = NDArray[np.float64]

CATEGORY = "category"
_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class PartMeans:
    """Averages as functions of all coefficients, and the axes of their rows, the last fastest."""

    functions: LinearFunctions
    axes: list[Axis]


def grid_means(
    outcome: Outcome, parts: Parts, first: Sequence[str], last: Sequence[str], at: At | None, weights: str
) -> PartMeans:
    """Average an outcome over the grid, but for the variables named; its categories come between these."""
    estimate = outcome.estimate
    axes = axes_of_parts(parts, at)
    names = [axis.name for axis in axes]
    kept = [names.index(name) for name in (*first, *last)]
    averages = Averages(estimate, axes, kept, weights)
    averaged = [k for k in range(len(axes)) if k not in kept]
    order = [axes[k] for k in (*kept, *averaged)]
    n_cells, n_each = (math.prod(len(axes[k].places) for k in some) for some in (kept, averaged))
    check_size(n_cells * n_each)
    predictors = _on_grid(estimate, parts, order)
    share = np.broadcast_to(averages.over(averaged), [len(axis.places) for axis in order]).reshape(n_cells, n_each)
    value, gradient = _averaged(outcome, predictors, share)
    gradient[~_estimable(parts, order, share)] = np.nan
    matrix, constant = gradient, value - gradient @ estimate.own.fit.coefficients
    rows_axes = [axes[k] for k in kept]
    functions = LinearFunctions(
        matrix.reshape(-1, matrix.shape[-1]), constant.ravel(), {}, np.repeat(averages.possible, value.shape[1])
    )
    return _arranged(functions, outcome, rows_axes, len(first))


def _on_grid(estimate: GeneralizedEstimate, parts: Parts, order: Sequence[Axis]) -> list[Predictor]:
    """Return the predictors of all parts on every combination of the axes, the last fastest."""
    points, n = _points(order)

    def design(view: Estimate) -> tuple[Vector, Vector]:
        return design_rows(view, _own_columns(view, order, points), n)

    return linear_predictors(estimate, parts, n, design)


def _points(order: Sequence[Axis]) -> tuple[list[NDArray[np.intp]], int]:
    shape = [len(axis.places) for axis in order]
    index = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij") if shape else []
    return [own.ravel() for own in index], math.prod(shape)


def _own_columns(view: Estimate, order: Sequence[Axis], points: Sequence[NDArray[np.intp]]) -> dict[str, object]:
    own = {axis.name for axis in grid_axes(view, {})}
    return {axis.name: grid_values(axis, place) for axis, place in zip(order, points, strict=True) if axis.name in own}


def _averaged(outcome: Outcome, predictors: Sequence[Predictor], share: Vector) -> tuple[Vector, Vector]:
    """Return averages (cells, outcomes) and their gradients (cells, outcomes, coefficients)."""
    coefficients = outcome.estimate.own.fit.coefficients
    n_cells, n_each = share.shape
    _require_room(predictors, n_cells * n_each, max(len(outcome.labels), 1))
    value, slopes = outcome.values([own.values(coefficients) for own in predictors])
    average = np.einsum("ca,cao->co", share, value.reshape(n_cells, n_each, -1))
    gradient = np.zeros((*average.shape, len(coefficients)))
    weighted = share[:, :, None, None] * slopes.reshape(n_cells, n_each, value.shape[1], -1)
    for j, own in enumerate(predictors):
        x = own.x.reshape(n_cells, n_each, own.x.shape[1])
        gradient[:, :, own.places] += np.einsum("cao,cap->cop", weighted[..., j], x, optimize=True)
    return average, gradient


def _require_room(predictors: Sequence[Predictor], n: int, n_outcomes: int) -> None:
    numbers = n * n_outcomes * (len(predictors) + max(own.x.shape[1] for own in predictors))
    require_memory(8 * numbers, "means on the grid need", "place variables by at=")


def _estimable(parts: Parts, order: Sequence[Axis], share: Vector) -> NDArray[np.bool_]:
    """Return for which cells the data determine all points that count."""
    found = np.ones(share.shape, dtype=bool)
    points, n = _points(order)
    for view in parts.values():
        if view.dropped_columns:
            x = design_rows(view, _own_columns(view, order, points), n)[0]
            found &= are_estimable(view, x).reshape(share.shape)
    return np.asarray((found | (share == 0)).all(axis=1))


def _arranged(functions: LinearFunctions, outcome: Outcome, axes: list[Axis], first: int) -> PartMeans:
    """Put the categories of an outcome after the first so many axes, and name the rows."""
    if not outcome.labels:
        columns = axis_columns(axes)
        return PartMeans(LinearFunctions(functions.matrix, functions.constant, columns, functions.possible), axes)
    shape = [*(len(axis.places) for axis in axes), len(outcome.labels)]
    places = np.moveaxis(np.arange(math.prod(shape)).reshape(shape), -1, first).ravel()
    axes = [*axes[:first], category_axis(outcome, axes), *axes[first:]]
    possible = None if functions.possible is None else functions.possible[places]
    own = LinearFunctions(functions.matrix[places], functions.constant[places], axis_columns(axes), possible)
    return PartMeans(own, axes)


def category_axis(outcome: Outcome, axes: Sequence[Axis]) -> Axis:
    """Return the categories of an outcome as an axis beside others, one of which may have its name."""
    (name,) = new_names([CATEGORY], [axis.name for axis in axes]).values() or [CATEGORY]
    return Axis(name, tuple(outcome.labels), None)


def row_slopes(
    outcome: Outcome, parts: Parts, name: str, cell: NDArray[np.intp], n_cells: int
) -> tuple[Vector, Vector, Vector]:
    """Average the derivatives of an outcome by a column over the rows used, within cells.

    Returns values (cells, outcomes), gradients (cells, outcomes, coefficients) and the rows of every cell.
    """
    estimate = outcome.estimate
    n = estimate.layout.n_rows
    x = linear_predictors(estimate, parts, n, _rows_of)
    d = linear_predictors(estimate, parts, n, lambda view: _row_derivatives(view, name))
    coefficients = estimate.own.fit.coefficients
    eta = [own.values(coefficients) for own in x]
    move = [own.values(coefficients) if own.name in parts else np.zeros(n) for own in d]
    slopes = outcome.values(eta)[1]
    value = sum(slopes[:, :, j] * move[j][:, None] for j in range(len(x)))
    counts = np.bincount(cell, minlength=n_cells).astype(float)
    share = 1 / counts[cell]
    total = np.zeros((n_cells, slopes.shape[1]))
    np.add.at(total, cell, share[:, None] * value)
    gradient = np.zeros((*total.shape, len(coefficients)))
    for j in range(len(x)):
        bend = _bend(outcome, eta, move, j)
        for o in range(slopes.shape[1]):
            own = (share * bend[:, o])[:, None] * x[j].x
            if x[j].name in parts:
                own = own + (share * slopes[:, o, j])[:, None] * d[j].x
            sums = np.zeros((n_cells, own.shape[1]))
            np.add.at(sums, cell, own)
            gradient[:, o, x[j].places] += sums
    return total, gradient, counts


def _bend(outcome: Outcome, eta: list[Vector], move: list[Vector], j: int) -> Vector:
    """Return the derivative of the sum of slopes times moves by predictor j, by central differences."""

    def moved(step: float) -> Vector:
        slopes = outcome.values([own + step if k == j else own for k, own in enumerate(eta)])[1]
        return np.asarray(np.einsum("nok,kn->no", slopes, np.stack(move)))

    return (moved(_STEP) - moved(-_STEP)) / (2 * _STEP)


def _rows_of(view: Estimate) -> tuple[Vector, Vector]:
    """Return X and the offset of the rows used."""
    bound = view.data.bound()
    nothing = np.zeros(len(view.layout.columns))
    offset = bound.linear_predictor(nothing, view.core.modes(), [False] * len(view.layout.random))
    return _used(view, bound.model_matrix(), offset)


def _row_derivatives(view: Estimate, name: str) -> tuple[Vector, Vector]:
    """Return the derivatives of X and of the offset by a column in the rows used."""
    columns = view.data.columns
    bound = view.data.bound()
    return _used(view, *bound.slopes(name, spline_slopes(view.request, columns, view.splines, name)))


def _used(view: Estimate, x: Vector, offset: Vector) -> tuple[Vector, Vector]:
    kept = view.rows.kept
    return (x, offset) if kept is None else (x[kept], offset[kept])
