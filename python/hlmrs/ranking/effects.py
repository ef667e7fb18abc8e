"""The random effects of one term in all groups, with what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation import Estimate
from ..frame import Column
from ..inference import find_effect, group_index, group_keys, mode_variances

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupEffects:
    """One random effect in every group: modes, their standard errors, and the variance between groups."""

    group: str
    term: str
    levels: list[str]
    estimate: Vector
    std_error: Vector
    variance: float
    estimate_of: Estimate
    index: int

    @property
    def reliability(self) -> Vector:
        """Share of the variance between groups that the data of a group resolve, 1 - se²/τ²; 0 where there is none."""
        if not self.variance > 0:
            return np.zeros(len(self.estimate))
        return np.clip(1 - self.std_error**2 / self.variance, 0, 1)

    def table(self, order: NDArray[np.intp], columns: Mapping[str, Any]) -> dict[str, Column]:
        """Put columns behind those of the data that name the groups; all are in the order of the former."""
        keys = group_keys(self.estimate_of, self.index, order, ("term", *columns))
        return {**keys, "term": [self.term] * len(order), **columns}


def group_effects(estimate: Estimate, group: str | None, term: str | None) -> GroupEffects:
    """Find a random effect: by default the first of the first grouping factor."""
    layout = estimate.layout
    if not layout.random:
        raise OptionError(
            "the mean has no random effects: lmer() and glmer() take terms such as (1 | g); of gls() and mmrm() "
            "fits plot.effect(x) shows means, and residual_covariance() how rows of a group vary together"
        )
    g = layout.random[0].group if group is None else group_index(estimate, group)
    k, column, name = find_effect(estimate, g, term)
    mode, variance = estimate.core.modes()[k], mode_variances(estimate)[k]
    found = layout.groups[g]
    own = float(estimate.core.covariances()[k][column, column])
    error = np.sqrt(np.maximum(variance[:, column], 0))
    return GroupEffects(found.name, name, list(found.levels), mode[:, column], error, own, estimate, g)
