"""Fits whose covariances have a prior: for which models there is one, what is not there for them, what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DesignError, OptionError
from ..formula import STRUCTURES
from ..priors import exponent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ..formula import ModelSpec
    from ..formula.random_term import RandomTerm
    from ..options import CovariancePrior
    from .estimate import Estimate
    from .residual_request import ResidualRequest
    from .verdict import Verdict

_OFFER = 'prior="avoid-boundary" keeps variances above zero and correlations inside their limits.'


def require_penalty(spec: ModelSpec, residual: ResidualRequest | None) -> None:
    """Refuse a prior of covariances for a model in which it has no meaning."""
    if not spec.random:
        raise OptionError("prior='avoid-boundary' is of covariances of random effects, and the model has none")
    require_prior_of_terms(spec.random)
    if residual is not None and not residual.has_one_variance:
        text = ", ".join(f"{name}={value!r}" for name, value in residual.texts())
        raise OptionError(
            f"prior='avoid-boundary' is of covariances relative to the residual variance, and with {text} there is no "
            "one residual variance: leave out the prior, or take residuals of one variance, such as ar1 or corr"
        )


def require_prior_of_terms(terms: Iterable[RandomTerm]) -> None:
    """Refuse a prior of covariances whose structure has none."""
    for term in terms:
        if not _takes_prior(term):
            raise OptionError(_why_none(term))


def _takes_prior(term: RandomTerm) -> bool:
    """Whether every effect of a term has a standard deviation of its own, and their covariance full rank."""
    structure, pair = STRUCTURES[term.structure], ["a", "b"]
    kinds = [kind for *_, kind in structure.reported(pair, "g")]
    return kinds.count("sd") == len(pair) and not structure.has_rank


def _why_none(term: RandomTerm) -> str:
    if STRUCTURES[term.structure].has_rank:
        return (
            f"prior='avoid-boundary' keeps covariances at full rank, and {term.name} has one of reduced rank: leave "
            "out the prior, or write the term without rr()"
        )
    return (
        f"prior='avoid-boundary' is a power of the determinant of a covariance, in which the one standard deviation of "
        f"{term.name} counts once for every effect, and pulls it up without measure: leave out the prior, or take a "
        "structure whose effects have a standard deviation each, such as cs, ar1h or toep"
    )


def has_prior(estimate: Estimate) -> bool:
    """Whether estimates are those of the likelihood times a prior, of covariances or coefficients."""
    return bool(estimate.prior_in_words)


def log_density(prior: CovariancePrior, covariances: Iterable[NDArray[np.float64]]) -> float:
    """Return the log-density of covariances, up to a constant."""
    return exponent_of(prior) * sum(float(np.linalg.slogdet(covariance)[1]) for covariance in covariances)


def require_no_covariance_prior(estimate: Estimate, what: str, instead: str) -> None:
    """Refuse what is not there for a fit whose covariances have a prior."""
    if estimate.request.prior is not None:
        raise DesignError(f"{what}: not there for a fit with prior={estimate.request.prior!r}: {instead}")


def with_prior(verdict: Verdict, estimate: Estimate, terms: Iterable[RandomTerm]) -> Verdict:
    """Say of a fit what prior it has, or of a singular one that there is one which it could have."""
    words = estimate.prior_in_words
    verdict = replace(verdict, prior=words) if words else verdict
    offered = verdict.singular_terms and verdict.status == "boundary" and estimate.request.prior is None
    if not offered or not all(map(_takes_prior, terms)):
        return verdict
    return replace(verdict, advice=_offered(verdict.advice))


def _offered(advice: Sequence[str]) -> tuple[str, ...]:
    first, *rest = advice
    return (f"{first} {_OFFER}", *rest)
