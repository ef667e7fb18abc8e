"""Residuals, and the caller's frame with fitted values and residuals beside it."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .._core import leverage, normalized_residuals
from ..errors import DataError, OptionError, choose
from ..estimation import Estimate, cached, model_rows, require_plain_residuals
from ..frame import Column, Frame
from ..options import ResidualKind
from .prediction import Choice, Vector, predict

KINDS: tuple[ResidualKind, ...] = get_args(ResidualKind)
COLUMNS = (".fitted", ".resid", ".fixed")
NORMALIZED = ".normalized"
"""A further column where residuals have parameters."""

_FIXED = Choice(random_effects=False, new_levels="population", interval=None, level=0.95, offset=None)


@cached
def leverages(estimate: Estimate) -> dict[str, Vector]:
    """Return the leverage of every row used, ``conditional`` and ``fixed``, and ``marginal_variance`` over sigma²."""
    require_plain_residuals(estimate, "leverage")
    return leverage(estimate.core, estimate.rows, estimate.threads)


def residuals(estimate: Estimate, kind: str, *, marginal: bool = False) -> Vector:
    """Return the response less its fitted value, or less the fixed part, scaled as `kind` says."""
    kind = choose("kind", kind, KINDS, {"response": "raw"})
    values = estimate.values
    if not marginal:
        raw = values.response - values.fitted
    else:
        raw = values.response - estimate.linear_predictor([False] * len(estimate.layout.random))
    if kind == "raw":
        return raw
    if kind == "normalized":
        return _normalized(estimate, raw, marginal)
    if estimate.request.residual is not None:
        scaled: Vector = raw * estimate.sigma / estimate.residual_sd
    else:
        scaled = raw if values.weights is None else raw * np.sqrt(values.weights)
    if kind == "pearson":
        return scaled
    scaled = scaled / estimate.sigma
    if kind == "standardized":
        return scaled
    return _marginally_studentized(estimate, raw, kind) if marginal else _studentized(estimate, scaled, kind)


def _normalized(estimate: Estimate, raw: Vector, marginal: bool) -> Vector:
    """Free residuals of their correlations and standard deviations: by the Cholesky factor of their covariance."""
    if marginal and estimate.layout.random:
        raise OptionError("kind='normalized' is for conditional residuals: random effects correlate marginal ones")
    if estimate.request.residual is None:
        return raw / estimate.residual_sd
    return normalized_residuals(estimate.core, raw)


def _studentized(estimate: Estimate, scaled: Vector, kind: str) -> Vector:
    """Divide by the root of 1 - h; externally by the sigma that deletion of the row leaves, at the same theta."""
    left = 1 - leverages(estimate)["conditional"]
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(left > 1e-10, scaled / np.sqrt(left), np.nan)
        if kind == "studentized":
            return inner
        m = estimate.layout.n_rows - (len(estimate.core.beta) if estimate.request.reml else 0)
        return inner * np.sqrt((m - 1) / (m - inner**2))


def _marginally_studentized(estimate: Estimate, raw: Vector, kind: str) -> Vector:
    if kind != "studentized":
        raise OptionError("kind='externally-studentized' is for conditional residuals; choose 'studentized'")
    deviation: Vector = estimate.sigma * np.sqrt(leverages(estimate)["marginal_variance"])
    return raw / deviation


def augment(estimate: Estimate, frame: Frame) -> object:
    """Return the frame of the fit with fitted values, residuals and fixed part; missing where a row was dropped.

    Where residuals have parameters, their normalized values too.
    """
    values = estimate.values
    own = estimate.data.bound(estimate.encoding)
    fixed = predict(estimate, estimate.data.columns, _FIXED, own)["prediction"]
    columns = [*(spread(column, values.kept) for column in (values.fitted, residuals(estimate, "raw"))), fixed]
    names: tuple[str, ...] = COLUMNS
    residual = estimate.request.residual
    if residual is not None and residual.texts():
        names = (*COLUMNS, NORMALIZED)
        columns.append(spread(residuals(estimate, "normalized"), values.kept))

    def compute(rows: Frame) -> dict[str, Column]:
        require_same_rows(model_rows(estimate.request, rows).rows.response(), values.response)
        return dict(zip(names, columns, strict=True))

    return frame.extend(names, compute)


def require_same_rows(again: Vector, before: Vector) -> None:
    """Refuse data that changed since the fit, and queries that return their rows in another order."""
    if not np.array_equal(again, before):
        raise DataError(
            "the data are not, or not in the same order, what the model was fitted to; "
            "fit it again, or give a query an ORDER BY"
        )


def spread(values: Vector, kept: NDArray[np.bool_] | None) -> Vector:
    """Put the values of the rows used in their places among all rows."""
    if kept is None:
        return values
    whole = np.full(kept.size, np.nan)
    whole[kept] = values
    return whole
