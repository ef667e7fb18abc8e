"""Residuals, and the caller's frame with fitted values and residuals beside it."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .._core import leverage
from ..errors import DataError, OptionError, choose
from ..estimation import Estimate, cached, model_rows
from ..frame import Column, Frame
from ..options import ResidualKind
from .prediction import Choice, Vector, predict

KINDS: tuple[ResidualKind, ...] = get_args(ResidualKind)
COLUMNS = (".fitted", ".resid", ".fixed")

_FIXED = Choice(random_effects=False, new_levels="population", interval=None, level=0.95, offset=None)


@cached
def leverages(estimate: Estimate) -> dict[str, Vector]:
    """Return the leverage of every row used, ``conditional`` and ``fixed``, and ``marginal_variance`` over sigma²."""
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
    scaled: Vector = raw if values.weights is None else raw * np.sqrt(values.weights)
    if kind == "pearson":
        return scaled
    scaled = scaled / estimate.sigma
    if kind == "standardized":
        return scaled
    return _marginally_studentized(estimate, raw, kind) if marginal else _studentized(estimate, scaled, kind)


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
    """Return the frame of the fit with fitted values, residuals and fixed part; missing where a row was dropped."""
    values = estimate.values
    fixed = predict(estimate, estimate.data.columns, _FIXED)["prediction"]

    def compute(rows: Frame) -> dict[str, Column]:
        require_same_rows(model_rows(estimate.request, rows).rows.response(), values.response)
        whole = [spread(column, values.kept) for column in (values.fitted, residuals(estimate, "raw"))]
        return dict(zip(COLUMNS, [*whole, fixed], strict=True))

    return frame.extend(COLUMNS, compute)


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
