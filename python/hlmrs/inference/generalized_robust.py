"""Cluster-robust covariances of generalized models: squares of what clusters contribute to the estimates.

White (1982), Econometrica 50, 1-25, for all parameters of Laplace's likelihood, covariances of random effects and
dispersion included; with the factors of clubSandwich for few clusters.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .._core import generalized_contributions, is_nested
from ..errors import OptionError
from ..estimation import Estimate, cached
from ..estimation.generalized import GeneralizedEstimate
from .clusters import Clustering, Clusters
from .degrees_of_freedom import WaldUncertainty
from .robust import many_clusters, small_sample_factor

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class GeneralizedSandwich(WaldUncertainty):
    """A robust covariance by clusters within which all groups of all parts lie."""

    estimate: GeneralizedEstimate
    kind: str
    clustering: Clustering

    @cached_property
    def matrix(self) -> Vector:
        """The covariance of the coefficients of the mean."""
        return self.of_part("conditional")

    @property
    def df(self) -> float:
        """Infinite: tests are right for many clusters."""
        return math.inf

    def of_part(self, part: str) -> Vector:
        """Return the covariance of the coefficients of a part."""
        own = self.estimate.parts[part]
        return self._of(slice(own.first, own.first + own.n))

    def of_all(self) -> Vector:
        """Return the covariance of the coefficients of all parts."""
        return self._of(slice(len(self.estimate.own.fit.coefficients)))

    def _of(self, places: slice) -> Vector:
        c = _contributions(self.estimate, self.clustering)[:, places]
        return np.asarray(small_sample_factor(self.kind, self.estimate, len(c)) * c.T @ c)


def generalized_sandwich(estimate: GeneralizedEstimate, kind: str, cluster: Clusters) -> GeneralizedSandwich:
    """Choose the sandwich for the clusters named; refuse those that groups cross, and corrections of linear models."""
    if kind in ("CR2", "CR3"):
        raise OptionError(
            f"vcov={kind!r} corrects residuals by their leverage in a linear model, which a generalized one does not "
            "have; use 'CR0', 'CR1' or 'CR1S', or bootstrap(kind='case')"
        )
    found = many_clusters(estimate, cluster)
    if len(found) > 1:
        names = " and ".join(repr(clustering.name) for clustering in found)
        raise OptionError(f"cluster: {names} cross, and the likelihood of a generalized model {_NO_SUM}")
    clustering = found[0]
    parts = [design for design in estimate.designs.values() if design.random]
    if not all(is_nested(design.rows, clustering.codes) for design in parts):
        raise OptionError(
            f"cluster={clustering.name!r}: random effects cross these clusters, and the likelihood of a generalized "
            f"model {_NO_SUM}"
        )
    return GeneralizedSandwich(estimate, kind, clustering)


def moves_without_clusters(estimate: GeneralizedEstimate, cluster: str) -> Vector:
    """Return to first order how far the coefficients of the mean fall without each cluster."""
    own = estimate.parts["conditional"]
    clustering = generalized_sandwich(estimate, "CR0", cluster).clustering
    return _contributions(estimate, clustering)[:, own.first : own.first + own.n]


_NO_SUM = (
    "is then no sum over clusters, so that there is nothing to take the variance of; choose clusters within which all "
    "groups lie, or bootstrap(kind='case')"
)


@cached
def _contributions(estimate: Estimate, clustering: Clustering) -> Vector:
    fit: GeneralizedEstimate = estimate  # type: ignore[assignment]
    return generalized_contributions(fit.own.fit, clustering.codes, clustering.n_clusters, estimate.threads)
