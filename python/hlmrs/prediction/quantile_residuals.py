"""Quantile residuals: where each response lies in its distribution, between 0 and 1."""

import numpy as np
from numpy.typing import NDArray

from ..estimation.generalized import GeneralizedEstimate
from ..inference.generalized_simulation import simulate_generalized

Vector = NDArray[np.float64]


def quantile_residuals(estimate: GeneralizedEstimate, n: int, seed: int) -> Vector:
    """Return where each response lies among n simulated ones, between 0 and 1; ties are broken at random."""
    draws = simulate_generalized(estimate, n, seed)
    y = (estimate.response.y + (1.0 if estimate.categories else 0.0))[:, None]
    below, same = (draws < y).mean(axis=1), (draws == y).mean(axis=1)
    rng = np.random.default_rng([seed, 1])
    # the response itself is one of n + 1
    return np.asarray((n * below + (n * same + 1) * rng.random(len(below))) / (n + 1))
