"""The largest of correlated Student statistics: what simultaneous tests of any contrasts refer to.

A multivariate t of rank r is a direction times a radius whose square over r is F distributed, so that
P(max |T_i| > t) is the mean of P(F_{r, df} > t² / (r m²)) over directions u, m = max |R u|_i (Genz and Bretz 2009,
section 4.3.2).  The radius is integrated exactly; directions come from a fixed lattice.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .._core import largest_statistic_quantile, largest_statistic_tail

Vector = NDArray[np.float64]

_POINTS = 60_013
_BINS = 200
_RANK = 1e-10
_SEED = 20_150_404


class LargestStatistic:
    """max |T_i| for statistics of a correlation matrix and one scale; the same arguments give the same numbers.

    Tails are good to about a thousandth of themselves.
    """

    def __init__(self, correlation: Vector) -> None:
        values, vectors = np.linalg.eigh(correlation)
        used = values > _RANK * values[-1]
        root = vectors[:, used] * np.sqrt(values[used])
        self.rank = root.shape[1]
        directions = _directions(self.rank)
        reach = np.sort(np.abs(directions @ root.T).max(axis=1))
        self._reach = np.array([part.mean() for part in np.array_split(reach, min(_BINS, len(reach)))])
        self._share = np.array([len(part) for part in np.array_split(reach, min(_BINS, len(reach)))]) / len(reach)

    def tail(self, t: float, df: float) -> float:
        """P(max |T_i| > t)."""
        return largest_statistic_tail(t, df, self.rank, self._reach, self._share)

    def quantile(self, probability: float, df: float) -> float:
        """Return the t that max |T_i| exceeds with `probability`."""
        return largest_statistic_quantile(probability, df, self.rank, self._reach, self._share)


def _directions(dimension: int) -> Vector:
    """Return points on the sphere: normal deviates of Richtmyer's lattice, by Box and Muller, scaled."""
    if dimension == 1:
        return np.ones((1, 1))
    n = dimension + dimension % 2
    primes = [k for k in range(2, 40 * n + 20) if all(k % d for d in range(2, math.isqrt(k) + 1))][:n]
    shift = np.random.default_rng(_SEED).random(n)
    uniform = (np.arange(1, _POINTS + 1)[:, None] * np.sqrt(primes)[None, :] + shift) % 1
    radius = np.sqrt(-2 * np.log(np.clip(uniform[:, ::2], 1e-300, None)))
    angle = 2 * math.pi * uniform[:, 1::2]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)[:, :dimension]
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))
