"""Variance components: standard deviations, correlations, shares of the variance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate

NAN = float("nan")
RESIDUAL = "Residual"


@dataclass(frozen=True, slots=True)
class VarianceComponent:
    """A variance (`term2` is None) or a covariance of two random effects; the residual has no term."""

    group: str
    term1: str | None
    term2: str | None
    variance: float
    sd: float
    corr: float


def variance_components(estimate: Estimate) -> list[VarianceComponent]:
    """List the variances of every random term, each term's covariances after them, and the residual's last."""
    layout, sigma = estimate.layout, estimate.core.sigma
    rows: list[VarianceComponent] = []
    for term, covariance in zip(layout.random, estimate.core.covariances(), strict=True):
        rows += _of_term(layout.groups[term.group].name, term.columns, covariance)
    return [*rows, VarianceComponent(RESIDUAL, None, None, sigma**2, sigma, NAN)]


def variance_shares(estimate: Estimate) -> list[NDArray[np.float64]]:
    """Return, by random term and last for the residual, each effect's share of the variance of a mean row.

    An effect's share is its row of tr(Σ M), where M is the mean of z z'; the shares of a term sum to that of the term.
    """
    parts = [
        (covariance * moments).sum(axis=1)
        for covariance, moments in zip(estimate.core.covariances(), estimate.moments, strict=True)
    ]
    parts.append(np.array([estimate.core.sigma**2]))
    total = sum(float(part.sum()) for part in parts)
    return [part / total for part in parts]


def _of_term(group: str, columns: Sequence[str], covariance: NDArray[np.float64]) -> Iterator[VarianceComponent]:
    sd = np.sqrt(np.diag(covariance))
    for k, name in enumerate(columns):
        yield VarianceComponent(group, name, None, float(covariance[k, k]), float(sd[k]), NAN)
    for j, first in enumerate(columns):
        for i in range(j + 1, len(columns)):
            scale = float(sd[i] * sd[j])
            corr = float(covariance[i, j]) / scale if scale > 0 else NAN
            yield VarianceComponent(group, first, columns[i], float(covariance[i, j]), NAN, corr)
