"""Residuals of groups: random effects as predicted, and as their own rows estimate them.

Raudenbush and Bryk (2002), Hierarchical Linear Models, pp. 48, 85-87 and 263-277.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._core import group_regressions
from ..estimation import Estimate, cached
from ..frame import Column
from ..inference import require_random_effects
from .deletion_sets import group_index

if TYPE_CHECKING:
    from .._core import GroupRegressions

Vector = NDArray[np.float64]

_SINGULAR = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class GroupResiduals:
    """Random effects of one grouping factor, all its terms side by side; arrays of shape (levels, effects).

    ``distance`` is Mahalanobis's, squared, and ``rank`` its degrees of freedom: fewer than effects where some
    combination has no variance.
    """

    group: str
    levels: list[str]
    terms: list[str]
    modes: Vector
    least_squares: Vector
    standardized: Vector
    distance: Vector
    rank: int


@cached
def regressions(estimate: Estimate, group: int) -> "GroupRegressions":
    """Regress every group's rows by themselves, once a fit."""
    return group_regressions(estimate.core, estimate.rows, group, estimate.threads)


def group_residuals(estimate: Estimate, group: int) -> GroupResiduals:
    """Compare the modes of a grouping factor with least squares, and with their own variance, Σ - Var(b̂ - b)."""
    layout, core = estimate.layout, estimate.core
    own = layout.terms_of(group)
    modes, covariances, errors = core.modes(), core.covariances(), core.mode_covariances(True)
    estimates = regressions(estimate, group)["coefficients"]
    distance, rank, scaled = np.zeros(len(layout.groups[group].levels)), 0, []
    for k in own:
        variance = covariances[k] - errors[k]
        deviation = np.sqrt(np.maximum(np.diagonal(variance, axis1=1, axis2=2), 0))
        enough = deviation > 1e-5 * np.sqrt(np.diag(covariances[k]))
        scaled.append(
            np.divide(modes[k], deviation, out=np.full_like(modes[k], np.nan), where=enough & (deviation > 0))
        )
        term_distance, term_rank = _distances(modes[k], variance, covariances[k])
        distance, rank = distance + term_distance, rank + term_rank
    return GroupResiduals(
        layout.groups[group].name,
        list(layout.groups[group].levels),
        [column for k in own for column in layout.random[k].columns],
        np.concatenate([modes[k] for k in own], axis=1),
        np.concatenate(estimates, axis=1),
        np.concatenate(scaled, axis=1),
        distance,
        rank,
    )


def _distances(modes: Vector, variance: Vector, covariance: Vector) -> tuple[Vector, int]:
    """Return b'V⁻b by group, over the directions in which effects vary."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _SINGULAR * max(values.max(initial=0.0), np.finfo(float).tiny)
    if not kept.any():
        return np.zeros(len(modes)), 0
    root = vectors[:, kept] / np.sqrt(values[kept])
    along, within = modes @ root, np.einsum("ir,jik,ks->jrs", root, variance, root)
    return np.einsum("jr,jrs,js->j", along, np.linalg.pinv(within, rcond=_SINGULAR, hermitian=True), along), kept.sum()


def group_residual_table(estimate: Estimate, name: str | None) -> dict[str, Column]:
    """Tabulate the residuals of one grouping factor, or of all."""
    require_random_effects(estimate)
    chosen = range(len(estimate.layout.groups)) if name is None else [group_index(estimate, name)]
    parts = [group_residuals(estimate, k) for k in chosen]
    return {
        "group": [part.group for part in parts for _ in range(part.modes.size)],
        "level": [level for part in parts for level in part.levels for _ in part.terms],
        "term": [term for part in parts for _ in part.levels for term in part.terms],
        "estimate": np.concatenate([part.modes.ravel() for part in parts]),
        "least_squares": np.concatenate([part.least_squares.ravel() for part in parts]),
        "standardized": np.concatenate([part.standardized.ravel() for part in parts]),
        "mahalanobis": np.concatenate([np.repeat(part.distance, len(part.terms)) for part in parts]),
    }
