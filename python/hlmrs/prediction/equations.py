"""Predictions and residuals of marginal models: means of the population, with their standard errors."""

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows
from ..errors import DataError
from ..estimation import new_columns
from ..estimation.marginal import EquationsEstimate
from ..frame import Column, Frame
from ..inference import EquationOptions, interval, uncertainty
from .response_scale import response_scale

Vector = NDArray[np.float64]


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


def equation_residuals(estimate: EquationsEstimate, *, pearson: bool) -> Vector:
    """Return response minus fitted mean, or that over standard deviations of scale one; zero without weight."""
    values = estimate.values
    if not pearson:
        return values.response - values.fitted
    residual = np.nan_to_num(estimate.own.fit.pearson())
    return residual if values.weights is None else residual * np.sqrt(values.weights)


def _rows(estimate: EquationsEstimate, frame: Frame | None) -> NewRows:
    if frame is None:
        return estimate.rows.encoding().bind(estimate.data.columns)
    return estimate.encoding.bind(new_columns(estimate.request, frame, estimate.splines), new_groups=True)


def _predictor(estimate: EquationsEstimate, rows: NewRows, frame: Frame | None, offset: Vector | None) -> Vector:
    eta = rows.linear_predictor(estimate.full_coefficients(), estimate.own.modes(), [False])
    if offset is not None:
        if offset.shape != eta.shape:
            raise DataError(f"offset has {offset.size} values, but the data have {len(eta)} rows")
        eta = eta + offset
    return eta if frame is not None or estimate.rows.kept is None else eta[estimate.rows.kept]
