"""Estimated marginal means: averages of the reference grid (Searle, Speed and Milliken 1980)."""

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import InferenceWarning, choose, warn
from ..estimation import Estimate, require_plain_residuals
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..frame import Column, aside
from ..inference import TestOptions, interval, two_sided_quantiles, uncertainty
from ..options import MeanScale
from ..prediction import response_scale
from .averages import Averages
from .functions import LinearFunctions, axis_columns, estimates
from .grid import At, ReferenceGrid, check_size, reference_grid, specs_and_by
from .parts import Outcome, all_coefficients, grid_means, outcome_of, specs_and_by_of_parts, views

Vector = NDArray[np.float64]


def marginal_means(
    estimate: Estimate,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    scale: str,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate means with intervals: `specs` within `by`."""
    scale = choose("type", scale, get_args(MeanScale))
    warn_about_offset(estimate)
    outcome = outcome_of(estimate, scale)
    if outcome is not None:
        return _means_of_parts(outcome, specs, by, at, weights, options)
    functions = means_as_functions(estimate, specs, by, at, weights)
    found = estimates(functions, uncertainty(estimate, options))
    low, high = interval(found.value, found.std_error, found.df, options.level)
    value, std_error = found.value, found.std_error
    if scale != "link":
        way = response_scale(estimate, scale)
        value, std_error, low, high = way.table(scale, value, std_error, (low, high), _variance(estimate, scale))
    return _table(functions, {"estimate": value, "std_error": std_error, "df": found.df}, (low, high))


def means_as_functions(
    estimate: Estimate, specs: "str | Sequence[str]", by: "str | Sequence[str] | None", at: At | None, weights: str
) -> LinearFunctions:
    """Return means as linear functions of the coefficients: `specs` within `by`."""
    inner, outer = specs_and_by(estimate, specs, by)
    return mean_functions(estimate, reference_grid(estimate, at), [*inner, *outer], weights).that_are_possible()


def _means_of_parts(
    outcome: Outcome,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate averages over the grid of what rests on several parts, one for each category where there are such."""
    parts = views(outcome.estimate)
    inner, outer = specs_and_by_of_parts(parts, specs, by)
    functions = grid_means(outcome, parts, [*inner, *outer], [], at, weights).functions.that_are_possible()
    found = estimates(functions, all_coefficients(outcome.estimate, options))
    bounds = outcome.range.interval(found.value, found.std_error, two_sided_quantiles(options.level, found.df))
    return _table(functions, {"estimate": found.value, "std_error": found.std_error, "df": found.df}, bounds)


def _table(functions: LinearFunctions, numbers: dict[str, Column], bounds: Sequence[Vector]) -> dict[str, Column]:
    numbers |= {"conf_low": bounds[0], "conf_high": bounds[1]}
    return {**aside(functions.columns, numbers), **numbers}


def warn_about_offset(estimate: Estimate) -> None:
    """Warn of means for which the offset of a generalized fit is not known: it belongs to the rows of the fit."""
    if isinstance(estimate, GeneralizedEstimate | EquationsEstimate) and estimate.request.offset is not None:
        warn(
            "the fit has an offset= that is an array, which belongs to its rows; means are at an offset of zero (an "
            "offset that is a column has its value at the mean of that column, or where at= places it)",
            InferenceWarning,
        )


def _variance(estimate: Estimate, scale: str) -> Vector:
    """Return the variance of a row about the fixed part, as an array of one number."""
    if scale != "mean":
        return np.zeros(1)
    require_plain_residuals(estimate, "means of a transformed response")
    return np.array([sum(estimate.term_variances()) + estimate.residual_variance])


def mean_functions(estimate: Estimate, grid: ReferenceGrid, names: Sequence[str], weights: str) -> LinearFunctions:
    """Average the grid over all axes but those named, which come in their order, the last fastest."""
    averages = Averages(estimate, grid.axes, [grid.index(name) for name in names], weights)
    kept, shape = averages.kept, averages.shape
    n = math.prod(shape)
    check_size(n)
    values = np.empty((n, len(estimate.layout.columns) + 1))
    for part in grid.parts:
        averaged = [k for k in part.axes if k not in kept]
        order = [part.axes.index(k) for k in [*(k for k in kept if k in part.axes), *averaged]]
        outer = [size if k in part.axes else 1 for k, size in zip(kept, shape, strict=True)]
        x = part.values.transpose(*order, len(order)).reshape(*outer, -1, len(part.columns))
        share = averages.over(averaged)
        share = share.reshape(*share.shape[: len(kept)], 1, -1)
        mean = np.matmul(share, x)[..., 0, :]
        values[:, part.columns] = np.broadcast_to(mean, (*shape, len(part.columns))).reshape(n, -1)
    values[:, estimate.constants] = 0.0
    columns = axis_columns([grid.axes[k] for k in kept])
    return LinearFunctions(values[:, :-1], values[:, -1], columns, averages.possible.ravel())
