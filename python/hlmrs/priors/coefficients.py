"""The option ``prior=`` of penalized fits: one prior of all coefficients, or one by name, and one of covariances."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..errors import ArgumentError, OptionError, suggestion
from ..options import CovariancePrior
from .covariances import COVARIANCE, covariance_prior
from .parameters import INTERCEPT
from .real import Normal

CoefficientPrior: TypeAlias = Normal | Mapping[str, Normal]
Prior: TypeAlias = Normal | CovariancePrior | Mapping[str, Normal | CovariancePrior]


def checked_prior(prior: Any) -> tuple[CoefficientPrior | None, CovariancePrior | None]:
    """Return the prior of coefficients and that of covariances, each of which there may be."""
    if prior is None or isinstance(prior, Normal):
        return prior, None
    if isinstance(prior, str):
        return None, covariance_prior(prior)
    own = dict(prior) if isinstance(prior, Mapping) else {"": prior}
    word = own.pop(COVARIANCE) if isinstance(own.get(COVARIANCE), str) else None
    if not all(isinstance(one, Normal) for one in own.values()):
        raise ArgumentError(
            f"prior={prior!r}: give hlmrs.Normal(0, 2.5), or one by the name of a coefficient; or 'avoid-boundary', "
            f"beside coefficients as {{{COVARIANCE!r}: 'avoid-boundary'}}, of the covariances of random effects"
        )
    return own or None, covariance_prior(word)


def joined_prior(coefficients: CoefficientPrior | None, covariances: CovariancePrior | None) -> Prior | None:
    """Return both as the option has them."""
    if coefficients is None or covariances is None:
        return coefficients or covariances
    assert isinstance(coefficients, Mapping), "a prior of all coefficients stands alone"
    return {**coefficients, COVARIANCE: covariances}


def prior_by_column(prior: CoefficientPrior | None, columns: Sequence[str]) -> dict[int, Normal]:
    """Return the prior of each column that has one: all but the intercept, or those named."""
    if prior is None:
        return {}
    if isinstance(prior, Normal):
        return {k: prior for k, name in enumerate(columns) if name != INTERCEPT}
    for name in prior:
        if name not in columns:
            listed = ", ".join(map(repr, columns))
            raise OptionError(f"prior= names {name!r}; the coefficients are {listed}{suggestion(name, columns)}")
    return {columns.index(name): own for name, own in prior.items()}


def described(prior: CoefficientPrior) -> str:
    """Write a prior of coefficients for people."""
    if isinstance(prior, Normal):
        return f"{prior} of every coefficient of the mean but the intercept"
    return ", ".join(f"{own} of {name}" for name, own in prior.items())
