"""Predictions and residuals of marginal models: means of the population, with their standard errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows
from ..errors import DataError
from ..estimation import columns_to_predict
from ..estimation.marginal import EquationsEstimate
from ..estimation.parts import read_response
from ..frame import Column, Frame, PolarsLazyFrame
from ..inference import EquationOptions, interval, uncertainty
from .residuals import require_same_rows, spread
from .response_scale import response_scale

Vector = NDArray[np.float64]

AUGMENTED = (".fitted", ".resid", ".link")
_OF_NEW = {".fitted": "response", ".link": "link"}


def predict_mean(estimate: EquationsEstimate, frame: Frame | None, scale: str, offset: Vector | None) -> Vector:
    """Predict for the rows of the fit, or for new ones; NaN where a value is missing."""
    eta = _predictor(estimate, _rows(estimate, frame), frame, offset)
    return eta if scale == "link" else estimate.means(eta)


def mean_intervals(
    estimate: EquationsEstimate, frame: Frame | None, scale: str, offset: Vector | None, options: EquationOptions
) -> dict[str, Column]:
    """Tabulate predictions with standard errors and intervals."""
    rows = _rows(estimate, frame)
    eta = _predictor(estimate, rows, frame, offset)
    x = rows.model_matrix()
    if frame is None and estimate.rows.kept is not None:
        x = x[estimate.rows.kept]
    _, std_error, df = uncertainty(estimate, options).rows(x)
    missing = np.isnan(eta)
    std_error, df = np.where(missing, np.nan, std_error), np.where(missing, np.nan, df)
    low, high = interval(eta, std_error, df, options.level)
    value = eta
    if scale == "response":
        way = response_scale(estimate, scale)
        value, std_error, low, high = way.table(scale, eta, std_error, (low, high), np.zeros(1))
    return {"prediction": value, "std_error": std_error, "conf_low": low, "conf_high": high}


def predict_mean_lazily(
    estimate: EquationsEstimate,
    frame: PolarsLazyFrame,
    scale: str,
    offset: Vector | None,
    options: EquationOptions | None,
) -> Any:
    """Make a LazyFrame with predictions, and with `options` their intervals, beside its own columns."""
    names = ["prediction"] if options is None else ["prediction", "std_error", "conf_low", "conf_high"]

    def compute(rows: Frame) -> dict[str, Column]:
        if options is not None:
            return mean_intervals(estimate, rows, scale, offset, options)
        return {"prediction": predict_mean(estimate, rows, scale, offset)}

    by_row = offset is None and not estimate.request.spec.takes_group_means
    return frame.extend(names, compute, by_row=by_row)


def augment_mean(estimate: EquationsEstimate, residuals: Vector) -> Any:
    """Return the frame of the fit with means, residuals and linear predictors; missing where a row was dropped."""
    values = estimate.values
    parts = (values.fitted, residuals, estimate.linear_predictor())
    columns = [spread(column, values.kept) for column in parts]

    def compute(rows: Frame) -> dict[str, Column]:
        _, again = read_response(estimate.asked.generalized, rows)
        y = (
            again.y
            if values.kept is None
            else again.y[values.kept]
            if len(values.kept) == len(again.y)
            else again.y[:0]
        )
        require_same_rows(y, estimate.response.y)
        return dict(zip(AUGMENTED, columns, strict=True))

    return estimate.frame.extend(AUGMENTED, compute)


def augment_new_means(estimate: EquationsEstimate, frame: Frame) -> Any:
    """Return new rows with their means and linear predictors."""

    def compute(rows: Frame) -> dict[str, Column]:
        return {name: predict_mean(estimate, rows, scale, None) for name, scale in _OF_NEW.items()}

    return frame.extend(tuple(_OF_NEW), compute, by_row=not estimate.request.spec.takes_group_means)


def equation_residuals(estimate: EquationsEstimate, *, pearson: bool) -> Vector:
    """Return response minus fitted mean, or that over standard deviations of scale one; zero without weight."""
    values = estimate.values
    if not pearson:
        return values.response - values.fitted
    residual = np.nan_to_num(estimate.own.fit.pearson())
    return residual if values.weights is None else residual * np.sqrt(values.weights)


def _rows(estimate: EquationsEstimate, frame: Frame | None) -> NewRows:
    if frame is None:
        return estimate.data.bound()
    return estimate.encoding.bind(columns_to_predict(estimate.request, frame, estimate.splines), new_groups=True)


def _predictor(estimate: EquationsEstimate, rows: NewRows, frame: Frame | None, offset: Vector | None) -> Vector:
    eta = rows.linear_predictor(estimate.full_coefficients(), estimate.own.modes(), [False])
    if offset is not None:
        if offset.shape != eta.shape:
            raise DataError(f"offset has {offset.size} values, but the data have {len(eta)} rows")
        eta = eta + offset
    return eta if frame is not None or estimate.rows.kept is None else eta[estimate.rows.kept]
