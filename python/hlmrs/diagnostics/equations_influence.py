"""What leaving a group out does to the coefficients of a marginal model, by one step of its equations.

Preisser and Qaqish (1996), Biometrika 83, 551-562: with the working correlation held, D_i' V_i^-1 (I - H_i)^-1 e_i are
the equations that the group takes with it.
"""

import numpy as np

from ..estimation.marginal import EquationsEstimate
from ..frame import Column, aside
from .generalized_influence import squared_distances


def group_deletions(estimate: EquationsEstimate) -> dict[str, Column]:
    """Tabulate every group: its rows, Cook's distance, and how much each coefficient falls without it."""
    fit, layout = estimate.own.fit, estimate.layout
    codes, moves = fit.deletions()
    naive = np.broadcast_to(estimate.own.covariance("naive"), (len(moves), *[moves.shape[1]] * 2))
    levels = list(layout.groups[0].levels)
    found: dict[str, Column] = {
        "level": [levels[code] for code in codes],
        "n_rows": fit.cluster_sizes(),
        "cooks_distance": squared_distances(moves, naive) / moves.shape[1],
    }
    return found | aside(dict(zip(layout.coef_names, moves.T.copy(), strict=True)), found)
