"""Pareto-smoothed importance weights of leave-one-out, row by row (Vehtari et al. 2024, J. Mach. Learn. Res. 25(72)).

The shape of the tail is fitted as by Zhang and Stephens (2009), Technometrics 51, 316-325, as the core does for the
weights of direct draws.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_LEAST_TAIL = 5
_PRIOR = 10
"""Observations that the prior of the shape, one half, is worth."""


def left_out(log_densities: Vector) -> tuple[Vector, Vector]:
    """Return the log predictive density of every row that is left out, and its k, from log densities (rows x draws)."""
    elpd, k = np.empty(len(log_densities)), np.empty(len(log_densities))
    for row, own in enumerate(log_densities):
        log_weights, k[row] = smooth(-own)
        elpd[row] = _log_sum(log_weights + own)
    return elpd, k


def smooth(log_ratios: Vector) -> tuple[Vector, float]:
    """Return smoothed log weights that sum to one, and the shape of their tail."""
    own = log_ratios - log_ratios.max()
    n = len(own)
    tail = math.ceil(min(0.2 * n, 3 * math.sqrt(n)))
    k = math.inf
    if tail >= _LEAST_TAIL:
        order = np.argsort(own, kind="stable")
        top, cut = order[n - tail :], max(own[order[n - tail - 1]], math.log(np.finfo(float).tiny))
        beyond = np.exp(own[top]) - math.exp(cut)
        k = -math.inf
        if beyond[-1] - beyond[0] > np.finfo(float).eps:
            k, scale = _tail_of(beyond)
            p = (np.arange(tail) + 0.5) / tail
            own[top] = np.minimum(np.log(math.exp(cut) + _quantiles(p, k, scale)), 0.0)
    return own - _log_sum(own), k


def _tail_of(x: Vector) -> tuple[float, float]:
    """Return shape and scale of a generalized Pareto distribution of ascending excesses."""
    n = len(x)
    m = 30 + math.isqrt(n)
    quartile = max(x[max(int(n / 4 + 0.5), 1) - 1], np.finfo(float).tiny)
    places = 1 / x[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * quartile)
    shapes = np.log1p(-places[:, None] * x).mean(axis=1)
    profile = n * (np.log(-places / shapes) - shapes - 1)
    weights = 1 / np.exp(profile - profile[:, None]).sum(axis=1)
    place = float(places @ weights)
    shape = float(np.log1p(-place * x).mean())
    return (n * shape + 0.5 * _PRIOR) / (n + _PRIOR), -shape / place


def _quantiles(p: Vector, k: float, scale: float) -> Vector:
    if abs(k) < 1e-12:
        return np.asarray(-scale * np.log1p(-p))
    return np.asarray(scale * np.expm1(-k * np.log1p(-p)) / k)


def _log_sum(values: Vector) -> float:
    largest = float(values.max())
    return largest + math.log(float(np.exp(values - largest).sum()))
