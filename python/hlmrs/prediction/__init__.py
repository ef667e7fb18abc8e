"""Fitted and predicted values, and what has a value per row.

``prediction`` predicts, ``lazy_prediction`` does so as a query, from the expressions of ``expression``, ``level_keys``
and ``piecewise``; ``residuals`` has residuals, leverages and the rows beside the caller's data.
"""

from .expression import polars_expression
from .lazy_prediction import lazy_prediction
from .new_rows import simulate_rows
from .prediction import Choice, predict, predict_rows
from .residuals import augment, leverages, residuals
from .response_scale import chosen_scale, response_scale

__all__ = [
    "Choice",
    "augment",
    "chosen_scale",
    "lazy_prediction",
    "leverages",
    "polars_expression",
    "predict",
    "predict_rows",
    "residuals",
    "response_scale",
    "simulate_rows",
]
