"""The studentized range: what all pairwise comparisons of means refer to."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_NODES = 96
_NORMAL_DF = 25_000.0


def studentized_range_tail(q: float, n_means: int, df: float) -> float:
    """P(range of `n_means` independent normals / s > q), by Gauss-Legendre quadrature (Copenhaver and Holland 1988).

    Good to 1e-10 absolutely.

    >>> round(studentized_range_tail(3.5, 3, 20.0), 6)
    0.055892
    """
    if math.isnan(q) or math.isnan(df):
        return math.nan
    if q <= 0:
        return 1.0
    if df > _NORMAL_DF:
        return float(_range_tail(np.array([q]), n_means)[0])
    scale, weight = _scale_rule(df)
    return min(1.0, float(weight @ _range_tail(q * scale, n_means)))


def studentized_range_quantile(probability: float, n_means: int, df: float) -> float:
    """Return the q that the studentized range exceeds with `probability`."""
    return solve_tail(lambda q: studentized_range_tail(q, n_means, df), probability, 4.0, 1e-11)


def solve_tail(tail: Callable[[float], float], probability: float, start: float, precision: float) -> float:
    """Find where a falling tail crosses `probability`: the method of false position, Illinois' variant."""
    low, high = 0.0, start
    above, below = 1.0 - probability, tail(high) - probability
    while below > 0:
        low, high, above = high, 2 * high, below
        below = tail(high) - probability
    if math.isnan(below):
        return math.nan
    for _ in range(100):
        middle = (low * below - high * above) / (below - above)
        value = tail(middle) - probability
        if abs(value) <= precision * probability or high - low <= precision * high:
            return middle
        if value > 0:
            low, above, below = middle, value, below / 2
        else:
            high, below, above = middle, value, above / 2
    return middle


def _range_tail(w: Vector, n: int) -> Vector:
    """P(range of n normals > w) = 1 - n ∫ φ(z) (Φ(z) - Φ(z - w))^(n-1) dz."""
    nodes, weights = _legendre(_NODES)
    z = 8.5 * nodes
    upper = _normal_cdf(z)
    inner = upper[None, :] - _normal_cdf(z[None, :] - w[:, None])
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    inside = n * (8.5 * weights * density)[None, :] * np.clip(inner, 0, 1) ** (n - 1)
    return np.asarray(np.clip(1 - inside.sum(axis=1), 0.0, 1.0))


@cache
def _legendre(n: int) -> tuple[Vector, Vector]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return nodes, weights


@cache
def _scale_rule(df: float) -> tuple[Vector, Vector]:
    """Nodes s and weights of the law of s = sqrt(chi²_df / df), on the interval that holds all but 1e-16 of it."""
    nodes, weights = _legendre(_NODES)
    spread = 9 / math.sqrt(2 * df)
    low, high = max(0.0, 1 - spread), 1 + max(spread, 8 / math.sqrt(df))
    # s = u³: smooth at zero, where the density of few degrees of freedom is not
    u = np.cbrt(low) + (np.cbrt(high) - np.cbrt(low)) * (nodes + 1) / 2
    s = u**3
    log_density = df / 2 * math.log(df / 2) - math.lgamma(df / 2) + math.log(2) + (df - 1) * np.log(s) - df * s * s / 2
    mass = np.exp(log_density) * weights * u * u
    return s, mass / mass.sum()


def _normal_cdf(z: Vector) -> Vector:
    """Φ, by a table of erfc where Hermite's cubic is exact to rounding."""
    grid, values, slopes = _normal_table()
    step = grid[1] - grid[0]
    place = np.clip((z - grid[0]) / step, 0, len(grid) - 1 - 1e-9)
    k = place.astype(int)
    t = place - k
    h00, h10 = (1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2
    h01, h11 = t * t * (3 - 2 * t), t * t * (t - 1)
    value = h00 * values[k] + h10 * step * slopes[k] + h01 * values[k + 1] + h11 * step * slopes[k + 1]
    return np.asarray(np.clip(value, 0.0, 1.0))


@cache
def _normal_table() -> tuple[Vector, Vector, Vector]:
    grid = np.linspace(-10, 10, 8001)
    values = np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in grid])
    return grid, values, np.exp(-grid * grid / 2) / math.sqrt(2 * math.pi)
