"""Residuals of rows and effects of groups, on a scale on which they are standard normal if the model is right."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ...diagnostics import group_residuals, simulated
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import mode_variances
from ...prediction import predict_generalized, residuals

Vector = NDArray[np.float64]
_DRAWS = 250


def of_rows(estimate: Estimate, seed: int) -> tuple[Vector, str]:
    """Return studentized residuals, or quantile residuals as normal quantiles, and what they are called."""
    if not isinstance(estimate, GeneralizedEstimate):
        return residuals(estimate, "studentized"), "Studentized residual"
    normal = NormalDist()
    found = simulated(estimate, _DRAWS, seed).residuals
    return np.array([normal.inv_cdf(u) for u in found]), "Quantile residual (normal)"


def means_of_rows(estimate: Estimate) -> tuple[Vector, str]:
    """Return what residuals are drawn over: fitted values, or predictions by the fixed part alone.

    Quantile residuals are of responses with new random effects, and are shown over what these leave out (Hartig 2022).
    """
    if not isinstance(estimate, GeneralizedEstimate):
        return estimate.values.fitted, "Fitted value"
    return predict_generalized(estimate, None, False, "error", "link", None), "Linear predictor of the fixed part"


def of_groups(estimate: Estimate, g: int) -> tuple[list[str], Vector]:
    """Return the names of the random effects of a grouping factor, and each over its own standard deviation."""
    if not isinstance(estimate, GeneralizedEstimate):
        found = group_residuals(estimate, g)
        return found.terms, found.standardized
    layout, variances = estimate.layout, mode_variances(estimate)
    names, columns = [], []
    for k in layout.terms_of(g):
        own = np.diag(estimate.core.covariances()[k]) - variances[k]
        deviation = np.sqrt(np.maximum(own, 0))
        enough = deviation > 1e-5 * np.sqrt(np.diag(estimate.core.covariances()[k]))
        modes = estimate.core.modes()[k]
        columns.append(np.divide(modes, deviation, out=np.full_like(modes, np.nan), where=enough & (deviation > 0)))
        names += list(layout.random[k].columns)
    return names, np.concatenate(columns, axis=1)
