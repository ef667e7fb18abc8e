"""What new rows have beside a prediction: weights, the variance that it leaves to chance, responses drawn for them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError, InferenceWarning, warn
from ..estimation import Estimate, evaluate
from ..formula import ColumnName
from ..resources import require_memory
from .new_residuals import deviations_of, residuals_to_draw

if TYPE_CHECKING:
    from .._core import NewRows

Vector = NDArray[np.float64]

UNSEEN = np.uint32(0xFFFFFFFF)


def weight_shares(estimate: Estimate, columns: Columns, weights: "str | Vector | None") -> Vector:
    """Return the residual variance of every row over that of a row of weight one, as far as it depends on weights.

    The weights of rows are those given, or the column of the data that weighted the fit.
    """
    name = weights if isinstance(weights, str) else estimate.request.weights
    if weights is not None and not isinstance(weights, str):
        values = weights
    elif name is None:
        return np.ones(columns.n_rows)
    elif name in columns.names:
        values = evaluate(columns, ColumnName(name, (0, 0)))
    elif weights is not None:
        raise DataError(f"weights={name!r}: the new data have no such column")
    else:
        warn(
            "the fit is weighted and the new rows have no weights: their residual variance is that of weight one; "
            "give weights=",
            InferenceWarning,
        )
        return np.ones(columns.n_rows)
    if values.shape != (columns.n_rows,):
        raise DataError(f"weights have {values.size} values, but the data have {columns.n_rows} rows")
    if (values <= 0).any() or np.isinf(values).any():
        bad = int(np.flatnonzero((values <= 0) | np.isinf(values))[0])
        raise DataError(f"weights are {values[bad]:g} at row {bad}; new rows need positive, finite weights")
    return np.asarray(1 / values)


def remaining_variance(estimate: Estimate, rows: "NewRows", use: list[bool], shares: Vector) -> Vector:
    """Return the variance of each row's response about its prediction: residuals, and random effects left out."""
    variance = shares * estimate.residual_variance
    for k, covariance in enumerate(estimate.core.covariances()):
        if not use[k]:
            z = _columns_of_term(estimate, rows, k)
            variance = variance + np.einsum("ij,ij->i", z @ covariance, z)
        elif (unseen := rows.term_codes(k) == UNSEEN).any():
            z = rows.term_matrix(k)
            variance = variance + np.where(unseen, np.einsum("ij,ij->i", z @ covariance, z), 0.0)
    return variance


def _columns_of_term(estimate: Estimate, rows: "NewRows", term: int) -> Vector:
    """Return z; a random intercept alone needs no column, not even its group."""
    if list(estimate.layout.random[term].columns) == ["(Intercept)"]:
        return np.ones((rows.n_rows, 1))
    return rows.term_matrix(term)


def simulate_rows(
    estimate: Estimate, columns: Columns, n: int, seed: int, weights: "str | Vector | None"
) -> NDArray[np.float64]:
    """Draw `n` responses of every row, one a column, with new effects of every group; NaN where a value is missing."""
    require_memory(8.0 * columns.n_rows * n, f"simulate(n={n:,}) needs", "draw fewer responses at once")
    rows = estimate.encoding.bind(columns, new_groups=True)
    shares = weight_shares(estimate, columns, weights)
    residuals = None if estimate.request.residual is None else residuals_to_draw(estimate, columns, rows, shares)
    return estimate.core.simulate_new(rows, shares, n, seed, residuals)


def residual_sd_of_rows(estimate: Estimate, columns: Columns, weights: "str | Vector | None") -> Vector:
    """Return the standard deviation of the residual of every row; NaN where a value is missing."""
    shares = weight_shares(estimate, columns, weights)
    if estimate.request.residual is None:
        return np.asarray(estimate.sigma * np.sqrt(shares))
    return deviations_of(estimate, columns, shares)
