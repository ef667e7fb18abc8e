"""The studentized range, and the largest of correlated Student statistics: what simultaneous tests refer to."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_NODES = 96
_POINTS = 6_007
_SHIFTS = 8
_SEED = 20_150_404
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


def largest_statistic_tail(t: float, correlation: Vector, df: float) -> float:
    """P(max |T_i| > t) for a multivariate t with one scale (Genz and Bretz 2009, section 4.2.1).

    Quasi-Monte Carlo on a fixed lattice: the same arguments give the same number, to about 1e-4.
    """
    if math.isnan(t) or math.isnan(df):
        return math.nan
    if t <= 0:
        return 1.0
    if math.isinf(t):
        return 0.0
    root = _root(correlation)
    uniform = _lattice(root.shape[1] + 1)
    scale = np.ones(len(uniform)) if math.isinf(df) else np.sqrt(_chi_square_quantiles(df, uniform[:, 0]) / df)
    return float(1 - np.mean(_within(t * scale, root, uniform[:, 1:])))


def largest_statistic_quantile(probability: float, correlation: Vector, df: float) -> float:
    """Return the t that max |T_i| exceeds with `probability`."""
    return _solve(lambda t: largest_statistic_tail(t, correlation, df), probability, 2.0, 1e-6)


def studentized_range_quantile(probability: float, n_means: int, df: float) -> float:
    """Return the q that the studentized range exceeds with `probability`."""
    return _solve(lambda q: studentized_range_tail(q, n_means, df), probability, 4.0, 1e-11)


def _solve(tail: Callable[[float], float], probability: float, start: float, precision: float) -> float:
    """Where a falling tail crosses `probability`: the method of false position, Illinois' variant."""
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


def _within(bound: Vector, root: Vector, uniform: Vector) -> Vector:
    """Genz's transformation: the probability of |L z| <= bound, coordinate by coordinate."""
    inside = np.ones(len(bound))
    z = np.zeros((len(bound), root.shape[1]))
    for i, row in enumerate(root):
        pivot = _pivot(row)
        known = z[:, :pivot] @ row[:pivot]
        if row[pivot] == 0 or _is_repeated(root, i):
            inside *= np.abs(known + z[:, pivot] * row[pivot]) <= bound * (1 + 1e-12)
            continue
        ends = np.sort(np.stack([(-bound - known) / row[pivot], (bound - known) / row[pivot]]), axis=0)
        low, high = _normal_cdf(ends[0]), _normal_cdf(ends[1])
        inside *= high - low
        z[:, pivot] = _normal_quantile(np.clip(low + uniform[:, pivot] * (high - low), 1e-16, 1 - 1e-16))
    return inside


def _pivot(row: Vector) -> int:
    """Return the last coordinate that a row depends on."""
    nonzero = np.flatnonzero(row)
    return int(nonzero[-1]) if len(nonzero) else 0


def _is_repeated(root: Vector, i: int) -> bool:
    """Whether the row's last coordinate was drawn for an earlier row, so that the row is known."""
    return _pivot(root[i]) in {_pivot(row) for row in root[:i]}


def _root(correlation: Vector) -> Vector:
    """L with L L' = correlation, of as many columns as it has rank; rows in their order."""
    n = len(correlation)
    root = np.zeros((n, n))
    rank = 0
    for i in range(n):
        for k in range(rank):
            lead = int(np.flatnonzero(root[:, k])[0])
            root[i, k] = (correlation[i, lead] - root[i, :k] @ root[lead, :k]) / root[lead, k]
        left = correlation[i, i] - root[i, :rank] @ root[i, :rank]
        if left > 1e-10:
            root[i, rank] = math.sqrt(left)
            rank += 1
        root[i, np.abs(root[i]) < 1e-13] = 0.0
    return root[:, : max(rank, 1)]


@cache
def _lattice(dimension: int) -> Vector:
    """Richtmyer's lattice of square roots of primes, shifted and folded."""
    primes = [n for n in range(2, 40 * dimension + 20) if all(n % d for d in range(2, int(n**0.5) + 1))][:dimension]
    generator = np.random.default_rng(_SEED)
    steps = np.arange(1, _POINTS + 1)[:, None] * np.sqrt(primes)[None, :]
    parts = [np.abs(2 * ((steps + generator.random(dimension)) % 1) - 1) for _ in range(_SHIFTS)]
    return np.asarray(np.clip(np.concatenate(parts), 1e-15, 1 - 1e-15))


def _chi_square_quantiles(df: float, probability: Vector) -> Vector:
    """Quantiles, by inverting a table of the distribution on the scale of its cube root."""
    grid = df * np.linspace(1e-6, 1 + 12 / math.sqrt(df) + 40 / df, 20_001)
    log_density = (df / 2 - 1) * np.log(grid) - grid / 2 - math.lgamma(df / 2) - df / 2 * math.log(2)
    density = np.exp(log_density)
    steps = (density[1:] + density[:-1]) / 2 * np.diff(grid)
    start = density[0] * grid[0] * 2 / df
    cumulative = np.concatenate([[start], start + np.cumsum(steps)])
    return np.interp(probability, cumulative / cumulative[-1], grid)


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


def _normal_quantile(p: Vector) -> Vector:
    """Φ⁻¹, by interpolation and two of Newton's steps."""
    grid, values, _ = _normal_table()
    z = np.interp(p, values, grid)
    for _ in range(2):
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        z = z - np.clip((_normal_cdf(z) - p) / np.maximum(density, 1e-300), -0.1, 0.1)
    return np.asarray(z)


@cache
def _normal_table() -> tuple[Vector, Vector, Vector]:
    grid = np.linspace(-10, 10, 8001)
    values = np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in grid])
    return grid, values, np.exp(-grid * grid / 2) / math.sqrt(2 * math.pi)
