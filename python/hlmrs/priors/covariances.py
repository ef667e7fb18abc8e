"""The prior that keeps covariances of random effects off their boundary, as a word of the option ``prior=``."""

from collections.abc import Mapping
from typing import Any, get_args

from ..errors import ArgumentError, OptionError, choose
from ..options import CovariancePrior
from .distribution import Distribution

COVARIANCE = "covariance"
"""What covariances are called beside coefficients in a dictionary of priors."""
_WORDS: tuple[CovariancePrior, ...] = get_args(CovariancePrior)
_EXPONENTS: dict[CovariancePrior, float] = {"avoid-boundary": 0.75}
"""The power of the determinant of a covariance that its density is."""


def covariance_prior(prior: Any) -> CovariancePrior | None:
    """Return the word for a prior of covariances."""
    return None if prior is None else choose("prior", prior, _WORDS)


def covariance_prior_alone(prior: Any) -> CovariancePrior | None:
    """Return the same where coefficients have no prior: of linear models."""
    if isinstance(prior, Distribution | Mapping):
        raise OptionError(
            f"prior={prior!r}: a linear model is fitted with prior='avoid-boundary' or none; "
            "fit.posterior(priors=...) takes any prior of coefficients, standard deviations and correlations, and "
            "draws from the posterior"
        )
    if prior is not None and not isinstance(prior, str):
        raise ArgumentError(f"prior={prior!r}: give {' or '.join(map(repr, _WORDS))}, or leave it out")
    return covariance_prior(prior)


def exponent_of(prior: CovariancePrior) -> float:
    """Return the power of the determinants that a prior is."""
    return _EXPONENTS[prior]


def described_covariances(prior: CovariancePrior, *, relative: bool) -> str:
    """Write the prior for people; `relative`: to the residual variance."""
    over = " over the residual variance" if relative else ""
    return f"{prior}, |covariance{over}|^{exponent_of(prior):g} of every random term"
