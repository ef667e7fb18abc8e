"""What is known of parameters before the data: distributions, and what they are priors of."""

from .coefficients import CoefficientPrior, Prior, checked_prior, described, joined_prior, prior_by_column
from .covariances import covariance_prior, covariance_prior_alone, described_covariances, exponent_of
from .defaults import WIDE, DataScales, brms_priors, chosen_priors, default_priors
from .distribution import Distribution
from .horseshoe import Horseshoe
from .lkj import LKJ
from .matching import Assigned, assigned
from .parameters import INTERCEPT, THRESHOLDS, Parameter, coefficient, of_term
from .positive import Exponential, Gamma, HalfCauchy, HalfNormal, HalfStudentT, InverseGamma
from .real import Flat, Normal, StudentT, Uniform
from .saved import distribution_of

__all__ = [
    "INTERCEPT",
    "LKJ",
    "THRESHOLDS",
    "WIDE",
    "Assigned",
    "CoefficientPrior",
    "DataScales",
    "Distribution",
    "Exponential",
    "Flat",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "InverseGamma",
    "Normal",
    "Parameter",
    "Prior",
    "StudentT",
    "Uniform",
    "assigned",
    "brms_priors",
    "checked_prior",
    "chosen_priors",
    "coefficient",
    "covariance_prior",
    "covariance_prior_alone",
    "default_priors",
    "described",
    "described_covariances",
    "distribution_of",
    "exponent_of",
    "joined_prior",
    "of_term",
    "prior_by_column",
]
