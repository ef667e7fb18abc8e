"""Residuals, and the caller's frame with fitted values and residuals beside it."""

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, OptionError
from ..fitting import Estimate, model_rows
from ..frame import Column, Frame
from .prediction import Choice, Vector, predict

KINDS = ("raw", "pearson", "standardized")
COLUMNS = (".fitted", ".resid", ".fixed")

_FIXED = Choice(random_effects=False, new_levels="population", interval=None, level=0.95, offset=None)


def residuals(estimate: Estimate, kind: str) -> Vector:
    """Return y - fitted, times the root of the weight, over sigma."""
    if kind not in KINDS:
        raise OptionError(f"kind={kind!r}: choose one of {', '.join(map(repr, KINDS))}")
    values = estimate.values
    raw = values.response - values.fitted
    if kind == "raw":
        return raw
    scaled = raw if values.weights is None else raw * np.sqrt(values.weights)
    return scaled if kind == "pearson" else scaled / estimate.core.sigma


def augment(estimate: Estimate, frame: Frame) -> object:
    """Return the frame of the fit with fitted values, residuals and fixed part; missing where a row was dropped."""
    values = estimate.values
    fixed = predict(estimate, estimate.data.columns, _FIXED)["prediction"]

    def compute(rows: Frame) -> dict[str, Column]:
        _check_same_rows(estimate, rows)
        whole = [_spread(column, values.kept) for column in (values.fitted, residuals(estimate, "raw"))]
        return dict(zip(COLUMNS, [*whole, fixed], strict=True))

    return frame.extend(COLUMNS, compute)


def _check_same_rows(estimate: Estimate, frame: Frame) -> None:
    """Refuse data that changed since the fit, and queries that return their rows in another order."""
    again = model_rows(estimate.request, frame).rows.response()
    if not np.array_equal(again, estimate.values.response):
        raise DataError(
            "the data are not, or not in the same order, what the model was fitted to; "
            "fit it again, or give a query an ORDER BY"
        )


def _spread(values: Vector, kept: NDArray[np.bool_] | None) -> Vector:
    """Put the values of the rows used in their places among all rows."""
    if kept is None:
        return values
    whole = np.full(kept.size, np.nan)
    whole[kept] = values
    return whole
