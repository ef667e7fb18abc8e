"""Linear functions of the fixed effects as rows L: over the estimated columns, and which the data determine."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import OptionError
from ...estimation import Estimate, cached

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_RANK = 1e-10


def row_space(rows: Matrix) -> Matrix:
    """Return rows that span the same space and do not depend on each other: the given ones, if they do not."""
    if len(rows) == 0:
        return rows
    scale = np.linalg.norm(rows, axis=1, keepdims=True)
    _, s, v = np.linalg.svd(rows / np.where(scale > 0, scale, 1.0), full_matrices=False)
    rank = int((s > _RANK * max(s[0], 1e-300)).sum()) if s[0] > 0 else 0
    if rank == len(rows):
        return rows
    space: Matrix = v[:rank]
    return space


def estimated_columns(estimate: Estimate, functions: Matrix) -> Matrix:
    """Return the columns of the coefficients that are estimated."""
    return functions if functions.shape[1] == len(estimate.core.beta) else functions[:, list(estimate.layout.kept)]


def estimated_functions(estimate: Estimate, combinations: ArrayLike) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return L over the estimated columns, and which rows the data determine."""
    rows = np.atleast_2d(np.asarray(combinations, dtype=float))
    kept, n_columns = list(estimate.layout.kept), len(estimate.layout.columns)
    if rows.ndim != 2 or rows.shape[1] not in (len(kept), n_columns):
        raise OptionError(
            f"the combinations have shape {rows.shape}; they need a column for each of {len(kept)} coefficients"
        )
    if rows.shape[1] == len(kept):
        return rows, np.ones(len(rows), dtype=bool)
    implied = rows[:, _spanning(estimate)] @ _dependence(estimate)
    off = np.abs(rows[:, _dropped(estimate)] - implied).max(axis=1, initial=0.0)
    return rows[:, kept], off <= 1e-7 * np.abs(rows).max(axis=1, initial=0.0) + 1e-300


def are_estimable(estimate: Estimate, combinations: ArrayLike) -> NDArray[np.bool_]:
    """Return which combinations of all columns of X the data determine."""
    return estimated_functions(estimate, combinations)[1]


@cached
def _dependence(estimate: Estimate) -> Matrix:
    """Return the coefficients of the dropped columns of X on the others."""
    x = estimate.rows.model_matrix()
    return np.asarray(np.linalg.lstsq(x[:, _spanning(estimate)], x[:, _dropped(estimate)], rcond=None)[0])


def _spanning(estimate: Estimate) -> list[int]:
    """Return the columns that are estimated, with the constant that thresholds of an ordered response stand for."""
    return sorted({*estimate.layout.kept, *estimate.constants})


def _dropped(estimate: Estimate) -> list[int]:
    return sorted({*range(len(estimate.layout.columns))} - {*_spanning(estimate)})
