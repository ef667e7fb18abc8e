"""Predictions and simulated responses for data frames: values given beside rows, and tables of the frame's kind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import Columns
from ..errors import OptionError
from ..estimation import Estimate, columns_to_predict, numeric_array
from ..frame import Column, Frame, PolarsLazyFrame, build_rows, in_order, open_frame, row_index
from .lazy_prediction import lazy_prediction
from .new_rows import residual_sd_of_rows, simulate_rows
from .prediction import Choice, predict

Vector = NDArray[np.float64]


def beside(frame: Frame | None, name: str, values: ArrayLike | None) -> Vector | None:
    """Read numbers given beside new rows, in the order of these."""
    if values is None:
        return None
    return numeric_array(name, in_order(name, values, row_index(_new(frame, name))))


def weights_beside(frame: Frame | None, weights: str | ArrayLike | None) -> str | Vector | None:
    """Return the name of a column of new rows as it is, and numbers in the order of the rows."""
    if isinstance(weights, str):
        _new(frame, "weights")
        return weights
    return beside(frame, "weights", weights)


def _new(frame: Frame | None, name: str) -> Frame:
    if frame is None:
        raise OptionError(f"{name}= is for new data; the rows of the fit have theirs already")
    return frame


def predict_frame(estimate: Estimate, frame: Frame, choice: Choice) -> Any:
    """Predict for new rows: an array, with an interval a frame of their kind, or a LazyFrame with further columns."""
    if isinstance(frame, PolarsLazyFrame):
        return _predict_lazily(estimate, frame, choice)
    columns = _predicted(estimate, frame, choice)
    return build_rows(frame, columns) if choice.interval else columns["prediction"]


def simulate_frame(
    estimate: Estimate, frame: Frame, n: int, seed: int, weights: str | Vector | None
) -> NDArray[np.float64]:
    """Draw responses of new rows, one a column."""
    return simulate_rows(estimate, _columns(estimate, frame, weights, residuals=True), n, seed, weights)


def residual_sd_frame(estimate: Estimate, frame: Frame, weights: str | Vector | None) -> Vector:
    """Return the standard deviations of the residuals of new rows."""
    return residual_sd_of_rows(estimate, _columns(estimate, frame, weights, residuals=True), weights)


def _predict_lazily(estimate: Estimate, frame: PolarsLazyFrame, choice: Choice) -> Any:
    """Make a query of it; what is no query is computed batch by batch, or from all rows if a row needs the others."""
    named = (
        choice.weights if isinstance(choice.weights, str) else None
    )  # an array is of the rows, which are not read yet
    plain = replace(choice, interval=None, offset=None, weights=named, type="link", forecast=False)
    plan = lazy_prediction(estimate, frame.query, choice, lambda rows: _predicted(estimate, open_frame(rows), plain))
    if plan is not None:
        return plan
    by_row = choice.offset is None and not isinstance(choice.weights, np.ndarray)
    return frame.extend(
        choice.columns,
        lambda rows: cast("Mapping[str, Column]", _predicted(estimate, rows, choice)),
        by_row=by_row and not estimate.request.spec.takes_group_means,
    )


def _predicted(estimate: Estimate, frame: Frame, choice: Choice) -> dict[str, Vector]:
    needed = choice.needs_weights
    columns = _columns(estimate, frame, choice.weights if needed else "", residuals=needed)
    return predict(estimate, columns, choice)


def _columns(estimate: Estimate, frame: Frame, weights: str | Vector | None, *, residuals: bool) -> Columns:
    """Read new rows, with the weights that are a column: by this name, or (None) those of the fit.

    `residuals`: with what the model of the residuals reads.
    """
    column = weights if isinstance(weights, str) else estimate.request.weights
    further, model = [] if column is None else [column], estimate.request.residual
    if residuals and model is not None:
        further += model.columns()
    return columns_to_predict(estimate.request, frame, estimate.splines, further)
