"""What is known of parameters before the data: distributions, and what they are priors of."""

from .coefficients import INTERCEPT, Prior, checked_prior, described, prior_by_column
from .distribution import Distribution
from .lkj import LKJ
from .positive import Exponential, Gamma, HalfCauchy, HalfNormal, HalfStudentT, InverseGamma
from .real import Flat, Normal, StudentT, Uniform

__all__ = [
    "INTERCEPT",
    "LKJ",
    "Distribution",
    "Exponential",
    "Flat",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Normal",
    "Prior",
    "StudentT",
    "Uniform",
    "checked_prior",
    "described",
    "prior_by_column",
]
