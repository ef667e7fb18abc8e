"""Estimated marginal means: averages of the reference grid (Searle, Speed and Milliken 1980)."""

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import choose
from ..estimation import Estimate
from ..frame import Column
from ..inference import TestOptions, interval, uncertainty
from ..options import MeanWeights
from .functions import LinearFunctions, axis_columns, estimates
from .grid import At, Axis, ReferenceGrid, level_shares, reference_grid, specs_and_by

Vector = NDArray[np.float64]

WEIGHTS: tuple[MeanWeights, ...] = get_args(MeanWeights)


def marginal_means(
    estimate: Estimate,
    specs: "str | Sequence[str]",
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: str,
    options: TestOptions,
) -> dict[str, Column]:
    """Tabulate means with intervals: `specs` within `by`."""
    inner, outer = specs_and_by(estimate, specs, by)
    grid = reference_grid(estimate, at)
    functions = mean_functions(estimate, grid, [*inner, *outer], weights)
    found = estimates(functions, uncertainty(estimate, options))
    low, high = interval(found.value, found.std_error, found.df, options.level)
    return {
        **functions.columns,
        "estimate": found.value,
        "std_error": found.std_error,
        "df": found.df,
        "conf_low": low,
        "conf_high": high,
    }


def mean_functions(estimate: Estimate, grid: ReferenceGrid, names: Sequence[str], weights: str) -> LinearFunctions:
    """Average the grid over all axes but those named, which come in their order, the last fastest."""
    weights = choose("weights", weights, WEIGHTS)
    places = [grid.index(name) for name in names]
    others = [k for k in range(len(grid.axes)) if k not in places]
    order = [*places, *others]
    matrix = grid.matrix.transpose([*order, len(order)])
    offset = grid.offset.transpose(order)
    shape = tuple(len(grid.axes[k].places) for k in order)
    share = _weights(estimate, [grid.axes[k] for k in places], [grid.axes[k] for k in others], weights)
    n = math.prod(shape[: len(places)])
    flat = np.broadcast_to(share, shape).reshape(n, -1)
    return LinearFunctions(
        np.einsum("ij,ijk->ik", flat, matrix.reshape(n, flat.shape[1], -1)),
        (flat * offset.reshape(n, -1)).sum(axis=1),
        axis_columns([grid.axes[k] for k in places]),
    )


def _weights(estimate: Estimate, kept: Sequence[Axis], averaged: Sequence[Axis], rule: str) -> Vector:
    """Return the weights over the axes averaged, shaped to broadcast over all axes, summing to one in each mean."""
    shape = [len(axis.places) for axis in averaged]
    factors = [axis for axis in averaged if axis.factor is not None]
    if rule == "equal" or not factors:
        return np.full([1] * len(kept) + shape, 1 / math.prod(shape))
    whole = np.ones([1] * len(kept) + shape)
    if rule == "outer":
        for axis in factors:
            whole = whole * _spread(level_shares(estimate, [axis]), [axis], kept, averaged)
    else:
        counted = [axis for axis in kept if axis.factor is not None] if rule == "cells" else []
        whole = whole * _spread(level_shares(estimate, [*counted, *factors]), [*counted, *factors], kept, averaged)
    total = whole.sum(axis=tuple(range(len(kept), whole.ndim)), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, whole / total, math.nan)


def _spread(shares: Vector, of: Sequence[Axis], kept: Sequence[Axis], averaged: Sequence[Axis]) -> Vector:
    """Shape an array over some axes, in the order of all, so that it broadcasts over all."""
    return shares.reshape([len(axis.places) if axis in of else 1 for axis in [*kept, *averaged]])
