"""Estimates, standard errors and degrees of freedom of L beta: what every table and test of fixed effects rests on.

One default everywhere: ``DEFAULT_DDF``.  ``methods`` is the entry: rows and joint tests by the method that ``ddf``
names, which ``satterthwaite``, ``kenward_roger`` and ``counted`` compute.  ``functions`` says which rows of L the data
determine, ``covariance`` has what they are estimated with, and ``uncertainty`` is what tables ask, whichever covariance
was chosen.
"""

from .covariance import wald_statistic
from .functions import are_estimable, estimated_columns, row_space
from .kenward_roger import KENWARD_ROGER
from .methods import DDF_METHODS, DEFAULT_DDF, VCOV_TYPES, chosen_ddf, contrast_rows, is_without_tests, joint_test, vcov
from .satterthwaite import joint_df, matched_df, prediction_df, variance_parts
from .uncertainty import ModelUncertainty, Uncertainty, WaldUncertainty

__all__ = [
    "DDF_METHODS",
    "DEFAULT_DDF",
    "KENWARD_ROGER",
    "VCOV_TYPES",
    "ModelUncertainty",
    "Uncertainty",
    "WaldUncertainty",
    "are_estimable",
    "chosen_ddf",
    "contrast_rows",
    "estimated_columns",
    "is_without_tests",
    "joint_df",
    "joint_test",
    "matched_df",
    "prediction_df",
    "row_space",
    "variance_parts",
    "vcov",
    "wald_statistic",
]
