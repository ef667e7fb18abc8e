"""Probabilities of generalized Poisson counts (Consul and Jain 1973, Technometrics 15, 791-799), many rows at a time.

P(k) = theta (theta + lambda k)^(k - 1) exp(-theta - lambda k) / k! with theta = mean / sqrt(phi) and
lambda = 1 - 1 / sqrt(phi).
Of less dispersion than Poisson's (phi < 1) counts with theta + lambda k <= 0 are impossible, and the others are taken
relative to their sum, which is not exactly one.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
# counts are left out where their probability is below exp(-_FAR) of the largest, or nearly so
_FAR = 60.0
_ENTRIES = 1 << 20
_HALVINGS = 64


def generalized_poisson_quantiles(u: Vector, mean: Vector, dispersion: Vector) -> Vector:
    """Return the count of each row below which a share u of the probability lies."""
    out = np.empty(len(u))
    for rows, low, below in _tables(mean, dispersion):
        out[rows] = low + (below < u[rows, None]).sum(axis=1)
    return out


def generalized_poisson_below(y: Vector, mean: Vector, dispersion: Vector) -> Vector:
    """Return P(Y <= y) of each row."""
    out = np.empty(len(y))
    for rows, low, below in _tables(mean, dispersion):
        at = np.minimum(y[rows] - low, below.shape[1] - 1).astype(int)
        out[rows] = np.where(at < 0, 0.0, below[np.arange(len(at)), np.maximum(at, 0)])
    return out


def _tables(mean: Vector, dispersion: Vector) -> Iterator[tuple[NDArray[np.intp], Vector, Vector]]:
    """Yield rows, the lowest count that matters in each, and P(Y <= k) of it and of those after it."""
    theta, children = mean / np.sqrt(dispersion), 1 - 1 / np.sqrt(dispersion)
    low, high = _range(mean, theta, children)
    # rows of similar numbers of counts together
    order, widths = np.argsort(high - low, kind="stable"), high - low + 1
    first = 0
    while first < len(order):
        # the widest of these rows is the last
        reach = widths[order[first:]] * np.arange(1, len(order) - first + 1)
        rows = order[first : first + max(1, int(np.searchsorted(reach, _ENTRIES, side="right")))]
        yield rows, low[rows], _sums(low[rows], int(widths[rows[-1]]), mean[rows], theta[rows], children[rows])
        first += len(rows)


def _sums(low: Vector, width: int, mean: Vector, theta: Vector, children: Vector) -> Vector:
    mean, theta, children = mean[:, None], theta[:, None], children[:, None]
    counts = low[:, None] + np.arange(width)
    rate = theta + children * counts
    possible = (rate > 0) | (counts == 0)
    # relative to the mean, so that large counts lose no digits
    steps = np.log(np.maximum(counts, 1.0) / mean)
    steps[:, 0] = 0.0
    log = (counts - 1) * np.log(np.where(possible, rate, mean) / mean) - children * counts - np.cumsum(steps, axis=1)
    log[~possible] = -np.inf
    each = np.cumsum(np.exp(log - log.max(axis=1, keepdims=True)), axis=1)
    return np.asarray(each / each[:, -1:])


def _range(mean: Vector, theta: Vector, children: Vector) -> tuple[Vector, Vector]:
    """Return the lowest and the highest count that matter, by halving on both sides of the mean."""

    def matters(count: Vector) -> NDArray[np.bool_]:
        rate = theta + children * count
        inside = rate > 0
        rate = np.where(inside, rate, 1.0)
        # Stirling's formula: minus the logarithm of the probability, but for a slowly varying factor
        fall = count * np.log(np.maximum(count, np.finfo(float).tiny) / rate) + rate - count
        return inside & (fall <= _FAR)

    outside = mean + 1
    while (far := matters(outside)).any():
        outside = np.where(far, 2 * outside, outside)
    high = _border(mean, outside, matters)
    low = _border(mean, np.full(len(mean), -1.0), lambda count: (count >= 0) & matters(np.maximum(count, 0.0)))
    return np.floor(np.maximum(low, 0.0)), np.floor(high)


def _border(inside: Vector, outside: Vector, holds: Callable[[Vector], NDArray[np.bool_]]) -> Vector:
    """Return the farthest value from inside toward outside where it holds."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        held = holds(middle)
        inside, outside = np.where(held, middle, inside), np.where(held, outside, middle)
    return inside
