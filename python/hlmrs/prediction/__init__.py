"""Fitted and predicted values, and what has a value per row.

``prediction`` predicts, ``frames`` does so for data frames, ``lazy_prediction`` as a query, from the expressions of
``expression``, ``level_keys`` and ``piecewise``; ``generalized`` turns linear predictors into means,
``generalized_rows`` puts them beside the caller's data; ``residuals`` has
residuals, leverages and the rows beside the caller's data.
"""

from .expression import polars_expression
from .frames import beside, predict_frame, simulate_frame, weights_beside
from .generalized import generalized_residuals, predict_generalized, predict_marginal, residual_deviations
from .generalized_rows import augment_generalized, augment_new
from .generalized_simulation import quantile_residuals, simulate_generalized
from .prediction import Choice, predict_rows
from .residuals import augment, leverages, residuals
from .response_scale import chosen_scale, response_scale

__all__ = [
    "Choice",
    "augment",
    "augment_generalized",
    "augment_new",
    "beside",
    "chosen_scale",
    "generalized_residuals",
    "leverages",
    "polars_expression",
    "predict_frame",
    "predict_generalized",
    "predict_marginal",
    "predict_rows",
    "quantile_residuals",
    "residual_deviations",
    "residuals",
    "response_scale",
    "simulate_frame",
    "simulate_generalized",
    "weights_beside",
]
