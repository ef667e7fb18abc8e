"""Tests, intervals, predictions and other tables of a fit.

``distributions`` has the tails, ``coefficients`` the Wald table of the fixed effects, ``variances`` the variance
components, ``effects`` random effects and group coefficients, ``prediction`` predictions, ``residuals`` residuals,
``tables`` puts them under broom's names.
"""

from .cells import CellDesign, CellTerm, cell_design
from .coefficients import CoefficientTable, check_level
from .distributions import two_sided_p, two_sided_quantile
from .effects import group_coefficients, random_effects
from .prediction import Choice, predict, predict_rows
from .residuals import augment, residuals
from .studentized_range import (
    largest_statistic_quantile,
    largest_statistic_tail,
    studentized_range_quantile,
    studentized_range_tail,
)
from .tables import (
    coefficients,
    confidence_table,
    fixed_table,
    glance_table,
    random_parameter_table,
    record,
    structure_table,
    variance_table,
)
from .tails import chi_square_tail, f_quantile, f_tail
from .uncertainty import Uncertainty
from .variances import RESIDUAL, variance_components, variance_shares

__all__ = [
    "RESIDUAL",
    "CellDesign",
    "CellTerm",
    "Choice",
    "CoefficientTable",
    "Uncertainty",
    "augment",
    "cell_design",
    "check_level",
    "chi_square_tail",
    "coefficients",
    "confidence_table",
    "f_quantile",
    "f_tail",
    "fixed_table",
    "glance_table",
    "group_coefficients",
    "largest_statistic_quantile",
    "largest_statistic_tail",
    "predict",
    "predict_rows",
    "random_effects",
    "random_parameter_table",
    "record",
    "residuals",
    "structure_table",
    "studentized_range_quantile",
    "studentized_range_tail",
    "two_sided_p",
    "two_sided_quantile",
    "variance_components",
    "variance_shares",
    "variance_table",
]
