"""Numbers spread evenly over units without drawing any: sizes of a distribution, values in shares, normal scores.

A design of these is the same every time, and grows smoothly with its units: what is drawn would add the chance of one
draw to the power of the design.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_quantile

Codes = NDArray[np.intp]
Vector = NDArray[np.float64]

_GOLDEN = (np.sqrt(5) - 1) / 2
_OTHERS = tuple(np.sqrt(np.array([2.0, 3.0, 7.0, 11.0, 13.0, 17.0, 19.0])) % 1)
_STEPS = (_GOLDEN, *_OTHERS)


def places(n: int, sequence: int = 0) -> Vector:
    """Return n places in (0, 1), each once: (0.5, 1.5, ...) / n in an order without a pattern.

    Any few units in a row have places that are spread over the whole, and so have every second or third.
    """
    order = np.argsort((np.arange(n) + 0.5) * _STEPS[sequence % len(_STEPS)] % 1)
    ranks = np.empty(n)
    ranks[order] = np.arange(n)
    return np.asarray((ranks + 0.5) / n)


def in_shares(positions: Codes, shares: Sequence[float]) -> Codes:
    """Return for every position which of the values it has, so that every run has them in these shares.

    >>> in_shares(np.arange(8), [0.5, 0.5]).tolist()
    [0, 1, 0, 1, 0, 1, 0, 1]
    >>> in_shares(np.arange(8), [0.75, 0.25]).tolist()
    [0, 0, 1, 0, 0, 0, 1, 0]
    """
    if np.ptp(shares) == 0:
        return np.asarray(positions % len(shares))
    n = int(positions.max(initial=-1)) + 1
    whole = np.round(np.asarray(shares) / sum(shares), 12)
    counts, out = np.zeros(len(whole)), np.empty(n, dtype=np.intp)
    for k in range(n):
        out[k] = np.argmax(np.round(whole * (k + 1) - counts, 9))
        counts[out[k]] += 1
    return np.asarray(out[positions])


def normal_scores(n: int, sequence: int = 0) -> Vector:
    """Return normal quantiles with mean 0 and standard deviation 1, in an order without a pattern."""
    scores = _normal_quantiles(places(n, sequence))
    centered = scores - scores.mean()
    sd = float(np.sqrt(np.mean(centered**2)))
    return np.asarray(centered / sd if sd > 0 else centered)


def sizes(n: int, mean: float, sd: float) -> Codes:
    """Return n sizes: quantiles of the lognormal distribution with this mean and standard deviation, rounded.

    Their sum is that of n means, rounded; none is below one.
    """
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    exact = np.exp(spread * _normal_quantiles(places(n)))
    exact *= n * mean / exact.sum()
    total = np.round(np.cumsum(exact), 9)
    whole = np.diff(np.floor(total + 0.5), prepend=0.0)
    return np.maximum(whole, 1).astype(np.intp)


def _normal_quantiles(probabilities: Vector) -> Vector:
    centers = 2 * probabilities - 1
    return np.array([np.copysign(two_sided_quantile(abs(center), np.inf), center) for center in centers.tolist()])
