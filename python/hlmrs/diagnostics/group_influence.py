"""What the estimates are without each group of a factor: by leaving it out, or to first order where groups are many.

To first order a coefficient moves by what the group has in it, its score times the covariance of all parameters (the
infinitesimal jackknife); what this leaves out is of the order of the group's leverage, small where groups are many.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..inference import moves_without_clusters
from .deletion_sets import fewest_levels, group_index
from .generalized_influence import squared_distances
from .influence import influence

Vector = NDArray[np.float64]

MOST_LEFT_OUT = 500
"""Groups of a generalized model that are left out one by one, each of which is a pass over all rows."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupInfluence:
    """Cook's distance of every group, and how far each coefficient moves without it, in standard errors.

    Without coefficients ``distances`` are likelihood displacements.  ``is_first_order`` says that no group was left
    out.
    """

    by: str
    levels: Sequence[str]
    n_rows: NDArray[np.int64]
    distances: Vector
    moves: Mapping[str, Vector]
    is_first_order: bool = False


def group_influence(estimate: Estimate, name: str | None, method: str | None) -> GroupInfluence:
    """Measure the groups of a factor, by default the one with fewest, of random effects or of residuals.

    Without a method by one step, or to first order where that would take long.
    """
    name = fewest_levels(estimate) if name is None else name
    residual = [group.name for group in estimate.layout.residual_groups]
    if residual and not estimate.layout.groups:
        choose("group", name, residual)
    has_fixed, g = len(estimate.core.beta) > 0, None if name in residual else group_index(estimate, name)
    if method is None and g is not None and has_fixed and isinstance(estimate, GeneralizedEstimate):
        with suppress(OptionError):  # groups that others cross have no scores of their own
            if len(estimate.layout.groups[g].levels) > MOST_LEFT_OUT:
                return _to_first_order(estimate, g)
    found = influence(estimate, name if g is None else estimate.layout.groups[g].name, method or "one-step")
    distances = found.cooks_distance if has_fixed else found.displacement
    return GroupInfluence(found.by, found.levels, found.n_rows, distances, found.moves() if has_fixed else {})


def _to_first_order(estimate: GeneralizedEstimate, g: int) -> GroupInfluence:
    group, own, names = estimate.layout.groups[g], estimate.core.vcov(), estimate.parts["conditional"].names
    moves = moves_without_clusters(estimate, group.name)
    distances = squared_distances(moves, np.broadcast_to(own, (len(moves), *own.shape))) / max(1, len(names))
    scaled = (moves / np.sqrt(np.diag(own))).T
    by_name = {name: column.copy() for name, column in zip(names, scaled, strict=True)}
    return GroupInfluence(group.name, group.levels, estimate.group_rows[g], distances, by_name, is_first_order=True)
