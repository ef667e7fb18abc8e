"""Ranks of groups, with what is uncertain of them.

The effects of groups are normal about their modes with their conditional variances, each by itself.  The expected rank
of a group is one more than the expected number of groups below it, Σ Φ((b_j - b_k) / √(v_j + v_k)); intervals and
probabilities are of ranks of draws (Laird and Louis 1989; Goldstein and Spiegelhalter 1996, J. R. Stat. Soc. A
159, 385).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..inference import check_level, two_sided_ps, two_sided_quantile

Vector = NDArray[np.float64]
_DRAWS = 2000
_SEED = 1
_BLOCK = 500_000
_END, _STEPS = 10, 2000


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Expected ranks, 1 the lowest; their intervals; probabilities of the quarters; pairs that can be told apart."""

    expected: Vector
    low: Vector
    high: Vector
    bottom: Vector
    top: Vector
    apart: float

    def columns(self, order: NDArray[np.intp]) -> dict[str, Vector]:
        """Return what tables and pictures show of groups in an order."""
        return {
            "expected_rank": self.expected[order],
            "rank_low": self.low[order],
            "rank_high": self.high[order],
            "bottom_quarter": self.bottom[order],
            "top_quarter": self.top[order],
        }


def ranks_of(value: Vector, error: Vector, level: float) -> Ranks:
    """Rank effects by their values and standard errors."""
    check_level(level)
    expected, apart = _expected(value, error, two_sided_quantile(level, np.inf))
    n, rng = len(value), np.random.default_rng(_SEED)
    drawn = np.empty((_DRAWS, n), dtype=np.int32)
    for k in range(_DRAWS):
        # of groups that are equal any may be first
        order = np.lexsort((rng.random(n), value + error * rng.standard_normal(n)))
        drawn[k, order] = np.arange(1, n + 1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method="nearest")
    quarter = max(1, n // 4)
    bottom, top = (drawn <= quarter).mean(axis=0), (drawn > n - quarter).mean(axis=0)
    return Ranks(expected, low, high, bottom, top, apart)


def _expected(value: Vector, error: Vector, limit: float) -> tuple[Vector, float]:
    """Return expected ranks, and the share of pairs whose difference is beyond chance; pairs block by block."""
    n = len(value)
    below, apart = np.empty(n), 0
    for start in range(0, n, max(1, _BLOCK // n)):
        own = slice(start, min(n, start + max(1, _BLOCK // n)))
        spread = np.hypot(error[own, None], error)
        gap = value[own, None] - value
        below[own] = _normal_below(gap / np.maximum(spread, 1e-200)).sum(axis=1) - 0.5
        apart += int((np.abs(gap) > limit * spread).sum())
    return 1 + below, apart / max(n * (n - 1), 1)


def _normal_below(z: Vector) -> Vector:
    """Return Φ(z) to 8e-9, on lines between places of a table: pairs of groups are very many."""
    at = np.clip((z + _END) * _STEPS, 0, 2 * _END * _STEPS)
    left = at.astype(np.int32)
    table, rise = _normal_table()
    return table[left] + (at - left) * rise[left]


@cache
def _normal_table() -> tuple[Vector, Vector]:
    """Return Φ at places 1 / 2000 from each other, and by how much it rises from each to the next."""
    places = np.arange(-_END * _STEPS, _END * _STEPS + 1) / _STEPS
    half = two_sided_ps(np.abs(places), np.inf) / 2
    table = np.where(places > 0, 1 - half, half)
    return table, np.diff(table, append=table[-1])
