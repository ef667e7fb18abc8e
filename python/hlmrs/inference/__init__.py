"""Tests, intervals, predictions and other tables of a fit.

``distributions`` has the tails, ``degrees_of_freedom`` the one entry to tests of L beta, by ``satterthwaite``,
``kenward_roger`` or ``containment``; ``coefficients`` has the Wald table of the fixed effects, ``variances`` the
variance components, ``profiles`` profile likelihood, ``bootstrap`` replicates, ``effects`` random effects and group
coefficients, ``prediction`` predictions, ``residuals`` residuals, ``tables`` puts them under broom's names.
"""

from .bootstrap import Bootstrap, draw, draw_statistic
from .coefficients import CoefficientTable, check_level
from .degrees_of_freedom import DDF_METHODS, DEFAULT_DDF, contrast_rows, joint_test, vcov
from .effects import group_coefficients, random_effects
from .prediction import Choice, predict, predict_rows
from .profiles import parameter_codes, profile_table, profiles
from .residuals import augment, residuals
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
from .variances import RESIDUAL, variance_components, variance_shares

__all__ = [
    "DDF_METHODS",
    "DEFAULT_DDF",
    "RESIDUAL",
    "Bootstrap",
    "Choice",
    "CoefficientTable",
    "augment",
    "check_level",
    "coefficients",
    "confidence_table",
    "contrast_rows",
    "draw",
    "draw_statistic",
    "fixed_table",
    "glance_table",
    "group_coefficients",
    "joint_test",
    "parameter_codes",
    "predict",
    "predict_rows",
    "profile_table",
    "profiles",
    "random_effects",
    "random_parameter_table",
    "record",
    "residuals",
    "structure_table",
    "variance_components",
    "variance_shares",
    "variance_table",
    "vcov",
]
