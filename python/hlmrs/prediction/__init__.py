"""Fitted and predicted values, and what has a value per row.

``prediction`` predicts, ``frames`` does so for data frames, ``lazy_prediction`` as a query, from the expressions of
``expression``, ``level_keys`` and ``piecewise``; ``new_rows`` has what new rows have beside a prediction,
``new_residuals`` says what residuals with parameters are in them, ``response_scale`` goes back from ``log(y)``;
``residuals`` has residuals, leverages and the rows beside the caller's data.  ``generalized`` turns linear predictors
into means, ``family_expression`` does in expressions, ``generalized_frames`` for data frames; ``generalized_rows`` has
the rows beside the data, ``distribution_function`` where responses lie in their distributions; ``generalized_interval``
has intervals of means, which stay inside their ``ranges``, ``new_responses`` those of new responses; ``equations``
predicts means of marginal models.
"""

from .distribution_function import exact_quantile_residuals
from .equations import (
    augment_mean,
    augment_new_means,
    equation_residuals,
    mean_intervals,
    predict_mean,
    predict_mean_lazily,
)
from .expression import polars_expression
from .family_expression import generalized_expression
from .frames import beside, predict_frame, residual_sd_frame, simulate_frame, weights_beside
from .generalized import generalized_residuals, predict_generalized, residual_deviations
from .generalized_frames import GeneralizedChoice, predict_generalized_frame
from .generalized_interval import predict_interval, require_interval
from .generalized_rows import augment_generalized, augment_new
from .new_responses import ResponseChoice, predict_responses
from .new_rows import UNSEEN, weight_shares
from .prediction import Choice, check_weights, predict_rows
from .residuals import augment, leverages, residuals
from .response_scale import ResponseScale, response_scale

__all__ = [
    "UNSEEN",
    "Choice",
    "GeneralizedChoice",
    "ResponseChoice",
    "ResponseScale",
    "augment",
    "augment_generalized",
    "augment_mean",
    "augment_new",
    "augment_new_means",
    "beside",
    "check_weights",
    "equation_residuals",
    "exact_quantile_residuals",
    "generalized_expression",
    "generalized_residuals",
    "leverages",
    "mean_intervals",
    "polars_expression",
    "predict_frame",
    "predict_generalized",
    "predict_generalized_frame",
    "predict_interval",
    "predict_mean",
    "predict_mean_lazily",
    "predict_responses",
    "predict_rows",
    "require_interval",
    "residual_deviations",
    "residual_sd_frame",
    "residuals",
    "response_scale",
    "simulate_frame",
    "weight_shares",
    "weights_beside",
]
