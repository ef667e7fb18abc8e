"""Bands for quantiles of n independent standard normal values: pointwise, and for all of them at once.

The i-th smallest of n uniform values is beta(i, n - i + 1), which gives the pointwise band.  The simultaneous band is
pointwise at a smaller level, the one at which 95 % of samples lie within it everywhere, found from simulated samples
(Aldor-Noiman, Brown, Buja, Rolke and Stine 2013, Am. Stat. 67, 249: the band is as wide in the tails as it must be).
"""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..._core import f_quantile

Vector = NDArray[np.float64]
_PLACES = 120
_LEVELS = 24
_SAMPLES = 2000
_SEED = 1
_NORMAL = NormalDist()


@lru_cache(maxsize=8)
def bands(n: int, level: float) -> tuple[Vector, Vector, Vector, Vector, Vector]:
    """Return places (normal quantiles), and there both ends of the pointwise and of the simultaneous band."""
    ranks = _ranks(n)
    places = np.array([_NORMAL.inv_cdf((k - 0.375) / (n + 0.25)) for k in ranks])
    alphas = np.geomspace(1 - level, (1 - level) / (4 * n), _LEVELS)
    edges = [_beta_edges(ranks, n, alpha) for alpha in alphas]
    samples = _uniform_order_statistics(ranks, n)
    inside = [float(((samples >= low) & (samples <= high)).all(axis=1).mean()) for low, high in edges]
    chosen = float(np.exp(np.interp(level, inside, np.log(alphas))))
    low, high = _beta_edges(ranks, n, chosen)
    inner_low, inner_high, outer_low, outer_high = map(_normal_quantiles, (*edges[0], low, high))
    return places, inner_low, inner_high, outer_low, outer_high


def _ranks(n: int) -> NDArray[np.int64]:
    """Return all ranks, or some that are even along the normal quantile."""
    if n <= _PLACES:
        return np.arange(1, n + 1)
    end = -_NORMAL.inv_cdf(0.625 / (n + 0.25))
    at = [_NORMAL.cdf(z) * (n + 0.25) + 0.375 for z in np.linspace(-end, end, _PLACES)]
    return np.unique(np.clip(np.round(at), 1, n).astype(np.int64))


def _beta_edges(ranks: NDArray[np.int64], n: int, alpha: float) -> tuple[Vector, Vector]:
    """Return the middle 1 - alpha of beta(i, n - i + 1); a quantile is that of F as a F / (a F + b)."""
    low, high = np.empty(len(ranks)), np.empty(len(ranks))
    for k, i in enumerate(ranks):
        a, b = float(i), float(n - i + 1)
        for out, p in ((low, alpha / 2), (high, 1 - alpha / 2)):
            f = f_quantile(1 - p, 2 * a, 2 * b)  # of the upper tail
            out[k] = a * f / (a * f + b)
    return low, high


def _uniform_order_statistics(ranks: NDArray[np.int64], n: int) -> Vector:
    """Draw order statistics of some ranks: sums of gamma variables over that of all n + 1."""
    rng = np.random.default_rng(_SEED)
    steps = np.diff([0, *ranks, n + 1])
    sums = np.cumsum(rng.standard_gamma(steps, size=(_SAMPLES, len(steps))), axis=1)
    return np.asarray(sums[:, :-1] / sums[:, -1:])


def _normal_quantiles(p: Vector) -> Vector:
    return np.array([_NORMAL.inv_cdf(min(max(value, 1e-300), 1 - 1e-16)) for value in p])
