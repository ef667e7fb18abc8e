"""Whether chains of draws agree, and how precise what is computed from them is (Vehtari et al. 2021).

Draws have the shape chains x draws.  A statistic of draws that are all equal or not all finite is nan.
"""

from __future__ import annotations

from functools import lru_cache
from math import isnan, log10, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from .._core import f_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ONE_SD_BELOW = NormalDist().cdf(-1)


def rhat(draws: ArrayLike) -> float:
    """Return the potential scale reduction: above 1.01 the chains have not mixed.

    The larger one of two, by normal scores of ranks, of halves of chains: of the draws, which finds chains at
    different places, and of their distances from the median, which finds chains of different spread.

    >>> bool(rhat(np.random.default_rng(1).normal(size=(4, 1000))) < 1.01)
    True
    """
    x = _halves(draws)
    if _is_degenerate(x):
        return nan
    return max(_scale_reduction(_normal_scores(x)), _scale_reduction(_normal_scores(np.abs(x - np.median(x)))))


def ess_bulk(draws: ArrayLike) -> float:
    """Return the effective number of draws for the mean: that of normal scores of ranks."""
    x = _halves(draws)
    return nan if _is_degenerate(x) else _ess(_normal_scores(x))


def ess_tail(draws: ArrayLike) -> float:
    """Return the effective number of draws for the 5 % and 95 % quantiles, of which it is the smaller one."""
    return min(ess_quantile(draws, 0.05), ess_quantile(draws, 0.95))


def ess_quantile(draws: ArrayLike, probability: float) -> float:
    """Return the effective number of draws for a quantile: that of being below it."""
    x = _halves(draws)
    return nan if _is_degenerate(x) else _ess(1.0 * (x <= np.quantile(np.asarray(draws), probability)))


def ess_mean(draws: ArrayLike) -> float:
    """Return the effective number of draws for the mean."""
    x = _halves(draws)
    return nan if _is_degenerate(x) else _ess(x)


def mcse_mean(draws: ArrayLike) -> float:
    """Return the Monte Carlo standard error of the mean."""
    ess = ess_mean(draws)
    return nan if isnan(ess) else float(np.asarray(draws, dtype=np.float64).std(ddof=1)) / sqrt(ess)


def mcse_sd(draws: ArrayLike) -> float:
    """Return the Monte Carlo standard error of the standard deviation, by the delta method."""
    x = np.asarray(draws, dtype=np.float64)
    if isnan(ess_mean(x)):
        return nan
    squares = (x - x.mean()) ** 2
    variance = float(squares.mean())
    return sqrt(max(float(np.mean(squares**2)) / variance - variance, 0.0)) / (2 * sqrt(ess_mean(squares)))


def mcse_quantile(draws: ArrayLike, probability: float) -> float:
    """Return the Monte Carlo standard error of a quantile: half the width of an interval of one standard deviation.

    The share of effective draws below the quantile has a beta distribution; its quantiles at one standard deviation are
    places among the sorted draws.
    """
    ess = ess_quantile(draws, probability)
    if isnan(ess):
        return nan
    ordered = np.sort(np.asarray(draws, dtype=np.float64), axis=None)
    a, b = ess * probability + 1, ess * (1 - probability) + 1
    low = max(int(np.floor(_beta_quantile(_ONE_SD_BELOW, a, b) * ordered.size)) - 1, 0)
    high = min(int(np.ceil(_beta_quantile(1 - _ONE_SD_BELOW, a, b) * ordered.size)), ordered.size) - 1
    return float(ordered[high] - ordered[low]) / 2


def _halves(draws: ArrayLike) -> NDArray[np.float64]:
    """Return both halves of every chain as chains, without the draw in the middle of an odd number."""
    x = np.atleast_2d(np.asarray(draws, dtype=np.float64))
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, x.shape[1] - half :]])


def _is_degenerate(x: NDArray[np.float64]) -> bool:
    return x.shape[1] < 3 or not bool(np.isfinite(x).all()) or bool((x == x.flat[0]).all())


def _normal_scores(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal quantiles of ranks among all draws; ties have their mean rank."""
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    twice_rank = 2 * last - count + 1
    scores: NDArray[np.float64] = _scores(x.size)[twice_rank - 2][place].reshape(x.shape)
    return scores


@lru_cache(maxsize=8)
def _scores(n: int) -> NDArray[np.float64]:
    """Return the normal scores of the ranks 1, 1.5, ... n."""
    quantile = NormalDist().inv_cdf
    return np.array([quantile((0.5 * twice - 0.375) / (n + 0.25)) for twice in range(2, 2 * n + 1)])


def _scale_reduction(x: NDArray[np.float64]) -> float:
    n = x.shape[1]
    within = float(x.var(axis=1, ddof=1).mean())
    between = float(x.mean(axis=1).var(ddof=1))
    return sqrt(between / within + (n - 1) / n) if within > 0 else float("inf")


def _ess(x: NDArray[np.float64]) -> float:
    """Return the effective number of draws of chains as they are."""
    chains, n = x.shape
    if bool((x == x.flat[0]).all()):
        return nan
    covariances = _autocovariances(x).mean(axis=0)
    within = covariances[0] * n / (n - 1)
    total = covariances[0] + (float(x.mean(axis=1).var(ddof=1)) if chains > 1 else 0.0)
    correlations = 1 - (within - covariances) / total
    correlations[0] = 1.0
    time = _integrated_time(correlations)
    return float(chains * n / max(time, 1 / log10(chains * n)))


def _integrated_time(correlations: NDArray[np.float64]) -> float:
    """Return one plus twice the sum of autocorrelations, by Geyer's initial monotone sequence.

    Sums of two neighbours are taken up to the first that is not positive, and none as larger than the one before.
    """
    pairs = correlations[: 2 * (max(len(correlations) - 4, 0) // 2 + 1)].reshape(-1, 2).sum(axis=1)
    beyond = np.flatnonzero(pairs[1:] <= 0)
    stop = int(beyond[0]) + 1 if beyond.size else len(pairs) - 1
    after = max(float(correlations[2 * stop]), 0.0) if stop > 0 else 0.0
    return float(-1 + 2 * np.minimum.accumulate(pairs[: max(stop, 1)]).sum() + after)


def _autocovariances(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each chain's autocovariances at all lags, divided by the number of draws."""
    n = x.shape[1]
    length = 2 ** int(2 * n - 1).bit_length()
    spectrum = np.fft.rfft(x - x.mean(axis=1, keepdims=True), length)
    covariances: NDArray[np.float64] = np.fft.irfft(np.abs(spectrum) ** 2, length)[:, :n] / n
    return covariances


def _beta_quantile(probability: float, a: float, b: float) -> float:
    """Return a quantile of the beta distribution, from that of F, which is asked for by its upper tail."""
    ratio = a * f_quantile(1 - probability, 2 * a, 2 * b)
    return ratio / (ratio + b)
