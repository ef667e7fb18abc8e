"""Means that rest on several parts of a generalized model: zero parts, dispersions, thresholds and scales.

``views`` has the formula of each part and the variables of all, ``predictors`` their linear predictors as functions of
all coefficients, ``outcomes`` means and probabilities with their slopes in these, ``averages`` what is averaged, on the
grid or over the rows of the fit, ``scale_variables`` what the means of a scale depend on, ``uncertainty`` the
covariance of all coefficients.
"""

from .averages import PartMeans, category_axis, grid_means, row_slopes
from .outcomes import Outcome, outcome_of
from .scale_variables import ScaleVariables
from .uncertainty import all_coefficients
from .views import Parts, axes_of_parts, specs_and_by_of_parts, variables_of_parts, views

__all__ = [
    "Outcome",
    "PartMeans",
    "Parts",
    "ScaleVariables",
    "all_coefficients",
    "axes_of_parts",
    "category_axis",
    "grid_means",
    "outcome_of",
    "row_slopes",
    "specs_and_by_of_parts",
    "variables_of_parts",
    "views",
]
