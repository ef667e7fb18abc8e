"""Cluster-robust (sandwich) covariances of the fixed effects, and their small-sample tests.

Pustejovsky and Tipton (2018), J. Bus. Econ. Stat. 36, 672-683: CR2, Satterthwaite's degrees of freedom, and the
approximate Hotelling test (HTZ).  Cameron, Gelbach and Miller (2011), J. Bus. Econ. Stat. 29, 238-249: two ways.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .._core import cluster_contributions, row_contributions
from ..errors import InferenceWarning, OptionError, warn
from ..estimation import Estimate, cached
from ..options import RobustVcov
from .clusters import Clustering, Clusters, clusterings, crossed, require_whole_groups
from .degrees_of_freedom import (
    Uncertainty,
    WaldUncertainty,
    contrast_rows,
    estimated_columns,
    row_space,
    wald_statistic,
)

Vector = NDArray[np.float64]

ROBUST_TYPES: tuple[RobustVcov, ...] = get_args(RobustVcov)
_ADJUSTMENTS = {"CR0": "CR0", "CR1": "CR0", "CR1S": "CR0", "CR2": "CR2", "CR3": "CR3"}


@dataclass(frozen=True)
class Sandwich(Uncertainty):
    """A robust covariance by clusters within which all groups of the model lie."""

    estimate: Estimate
    kind: str
    clustering: Clustering
    ddf: str

    @property
    def parts(self) -> Mapping[str, Vector]:
        """Contributions, leverages and variances of the clusters."""
        return _parts(self.estimate, _ADJUSTMENTS[self.kind], self.clustering)

    @cached_property
    def matrix(self) -> Vector:
        """The covariance of the coefficients."""
        c = self.parts["contributions"]
        return np.asarray(small_sample_factor(self.kind, self.estimate, len(c)) * c.T @ c)

    def rows(self, functions: Vector) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row."""
        value, _, df = contrast_rows(self.estimate, functions, "normal")
        rows = estimated_columns(self.estimate, functions)
        std_error = np.sqrt(np.einsum("ki,ki->k", rows @ self.matrix, rows))
        if self.ddf == "satterthwaite":
            df = np.array([self._df(row) for row in rows])
        std_error[np.isnan(value)], df[np.isnan(value)] = math.nan, math.nan
        return value, std_error, df

    def joint(self, functions: Vector, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and F of L β = L origin: HTZ, or for "normal" Wald's test."""
        rows = row_space(estimated_columns(self.estimate, functions))
        q, wald = len(rows), wald_statistic(self.estimate, rows, self.matrix, origin)
        if self.ddf == "normal":
            return float(q), math.inf, wald / q
        if np.isnan(wald):
            return float(q), math.nan, math.nan
        eta = self._eta(rows)
        if eta <= q - 1:
            return float(q), math.nan, math.nan
        return float(q), eta - q + 1, (eta - q + 1) / (eta * q) * wald

    def _df(self, row: Vector) -> float:
        """Satterthwaite's degrees of freedom: twice the squared mean of l'Vl over its variance under the model."""
        p, u = self._moments(row[None, :])
        own, reach = p[:, 0, 0], u[:, 0]
        total = float(np.sum((reach.T @ reach) ** 2) - np.sum(np.sum(reach**2, axis=1) ** 2) + np.sum(own**2))
        return float(own.sum() ** 2 / total)

    def _eta(self, rows: Vector) -> float:
        """Degrees of freedom of Hotelling's T² that match the total variance of the covariance estimate."""
        p, _ = self._moments(rows)
        values, vectors = np.linalg.eigh(p.sum(axis=0))
        p, u = self._moments((vectors / np.sqrt(values)).T @ rows)
        q, total = len(rows), 0.0
        for s in range(q):
            for t in range(q):
                c = u[:, s].T @ u[:, t]
                lengths = np.einsum("jka,jla->jkl", u[:, [s, t]], u[:, [s, t]])
                pairs = np.sum(c * c) + np.sum(c * c.T)
                pairs -= np.sum(lengths[:, 0, 0] * lengths[:, 1, 1] + lengths[:, 0, 1] ** 2)
                total += float(pairs + np.sum(p[:, s, s] * p[:, t, t] + p[:, s, t] ** 2))
        return q * (q + 1) / total

    def _moments(self, rows: Vector) -> tuple[Vector, Vector]:
        """Return, by cluster, Cov(l'c, m'c) under the model for all pairs of rows, and the vectors G l."""
        u = np.einsum("jab,kb->jka", self.parts["leverages"], rows)
        v = rows @ self.parts["variances"] @ rows.T
        return v - np.einsum("jka,jla->jkl", u, u), u


@dataclass(frozen=True)
class AsymptoticSandwich(WaldUncertainty):
    """A robust covariance by one or two clusterings that random effects cross: right for many clusters only."""

    estimate: Estimate
    kind: str
    clusterings: tuple[Clustering, ...]
    ddf: str

    @cached_property
    def matrix(self) -> Vector:
        """The covariance of the coefficients; two ways by inclusion and exclusion, made positive semidefinite."""
        scores = row_contributions(self.estimate.core, self.estimate.rows)
        parts = [self._one(scores, clustering) for clustering in self.clusterings]
        if len(parts) == 1:
            return parts[0]
        both = parts[0] + parts[1] - self._one(scores, crossed(self.estimate, *self.clusterings))
        values, vectors = np.linalg.eigh(both)
        if values[0] < -1e-10 * values[-1]:
            message = "the two-way covariance is not positive semidefinite: its negative eigenvalues count as zero"
            warn(message, InferenceWarning)
        return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)

    def _one(self, scores: Vector, clustering: Clustering) -> Vector:
        sums = np.zeros((clustering.n_clusters, scores.shape[1]))
        np.add.at(sums, clustering.codes, scores)
        return np.asarray(small_sample_factor(self.kind, self.estimate, len(sums)) * sums.T @ sums)

    @property
    def df(self) -> float:
        """One less than the smaller number of clusters; infinite for "normal"."""
        return math.inf if self.ddf == "normal" else float(min(c.n_clusters for c in self.clusterings) - 1)


def sandwich(estimate: Estimate, kind: str, cluster: Clusters, ddf: str = "satterthwaite") -> Uncertainty:
    """Choose the sandwich for the clusters named."""
    found = many_clusters(estimate, cluster)
    require_whole_groups(estimate, found)
    if len(found) == 1 and found[0].nested:
        return Sandwich(estimate, kind, found[0], ddf)
    return _asymptotic(estimate, kind, tuple(found), ddf)


def many_clusters(estimate: Estimate, cluster: Clusters) -> list[Clustering]:
    """Read the clusters named, and refuse a single one."""
    found = clusterings(estimate, cluster)
    for clustering in found:
        if clustering.n_clusters < 2:
            raise OptionError(f"cluster={clustering.name!r} has one cluster; a robust covariance needs many")
    return found


@cached
def _parts(estimate: Estimate, adjustment: str, clustering: Clustering) -> Mapping[str, Vector]:
    return cluster_contributions(estimate.core, estimate.rows, clustering.codes, clustering.n_clusters, adjustment)


def _asymptotic(estimate: Estimate, kind: str, found: tuple[Clustering, ...], ddf: str) -> AsymptoticSandwich:
    names = " and ".join(repr(clustering.name) for clustering in found)
    if kind in ("CR2", "CR3"):
        raise OptionError(
            f"vcov={kind!r} needs clusters within which all groups of the model lie, and random effects cross {names}; "
            "use 'CR0', 'CR1' or 'CR1S', which are right for many clusters only"
        )
    alone = len(found) == 1
    warn(
        f"random effects cross the clusters {names}: this covariance is right for many clusters only"
        + ("; it takes clusters as independent, so name both crossed factors in cluster=[...]" if alone else ""),
        InferenceWarning,
    )
    return AsymptoticSandwich(estimate, kind, found, ddf)


def small_sample_factor(kind: str, estimate: Estimate, n_clusters: int) -> float:
    """Return the small-sample factor of CR1 and CR1S."""
    if kind not in ("CR1", "CR1S"):
        return 1.0
    n, p = estimate.layout.n_rows, len(estimate.core.beta)
    clusters = n_clusters / (n_clusters - 1)
    return clusters if kind == "CR1" else clusters * (n - 1) / (n - p)
