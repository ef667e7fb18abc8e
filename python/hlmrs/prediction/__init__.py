"""Fitted and predicted values, and what has a value per row.

``prediction`` predicts, ``lazy_prediction`` does so as a query, from the expressions of ``expression``, ``level_keys``
and ``piecewise``; ``generalized`` turns linear predictors into means; ``residuals`` has residuals, leverages and the
rows beside the caller's data.
"""

from .expression import polars_expression
from .generalized import generalized_residuals, predict_generalized, predict_marginal, residual_deviations
from .generalized_simulation import quantile_residuals, simulate_generalized
from .lazy_prediction import lazy_prediction
from .new_rows import simulate_rows
from .prediction import Choice, predict, predict_rows
from .residuals import augment, leverages, residuals
from .response_scale import chosen_scale, response_scale

__all__ = [
    "Choice",
    "augment",
    "chosen_scale",
    "generalized_residuals",
    "lazy_prediction",
    "leverages",
    "polars_expression",
    "predict",
    "predict_generalized",
    "predict_marginal",
    "predict_rows",
    "quantile_residuals",
    "residual_deviations",
    "residuals",
    "response_scale",
    "simulate_generalized",
    "simulate_rows",
]
