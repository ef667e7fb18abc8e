"""Correlations of residuals by how far rows of a group are from each other, beside those of the model.

Residuals are the response less the fixed part, over the residual standard deviations of the model; normalized ones are
freed of the model's correlations too.  Without random effects the correlation of pairs is the mean product over the
mean square.  With random effects it is one less half the mean squared difference, of which what the model's random
effects give is taken off: random intercepts do not enter differences, and unlike residuals less predicted random
effects, these have no correlation from being fitted (Diggle, Heagerty, Liang and Zeger 2002, Analysis of Longitudinal
Data, section 3.4; Pinheiro and Bates 2000, Mixed-Effects Models in S and S-PLUS, section 5.3).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import normalized_residuals, residual_correlations, two_sided_quantile
from ..estimation import Estimate
from .series import Series

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
_LAGS, _BINS = 24, 12
_FEWEST_PAIRS = 8
_FARTHEST = 10_000
"""Steps of a grid beyond which no lag is looked at."""
_RANKS = 9
_FEWEST_GROUPS = 4
_PLACES = 200
_GAP = 3.0
"""Steps of a grid of times from one row to the next, beyond which distances are put into bins."""


@dataclass(frozen=True, slots=True, eq=False)
class Lags:
    """Correlations by lag, or in bins of distances: of the residuals and of the model.

    ``by_group`` has what groups (rows) give to every lag less its mean, over the pairs of the lag; ``distances`` some
    distances (columns) of the pairs in a bin (rows), at even ranks.
    """

    lag: Vector
    pairs: NDArray[np.int64]
    correlation: Vector
    std_error: Vector
    df: Vector
    fitted: Vector
    is_exact: bool
    by_group: Vector
    distances: Vector

    def quantiles(self, level: float) -> Vector:
        """Return what standard errors are multiplied by."""
        return np.array([two_sided_quantile(level, df) for df in self.df])


@dataclass(frozen=True, slots=True, eq=False)
class ScaledRows:
    """Residuals over their standard deviations, and the columns of random terms over the same, with covariances."""

    u: Vector
    terms: list[tuple[Vector, Vector, NDArray[np.int64]]]

    def products(self, i: Rows, j: Rows) -> tuple[Vector, Vector]:
        """Return what has the correlation as the ratio of sums."""
        u, v = self.u[i], self.u[j]
        if not self.terms:
            return u * v, (u * u + v * v) / 2
        return 1 - (u - v) ** 2 / 2 + self._of_random_effects(i, j), np.ones(len(i))

    def _of_random_effects(self, i: Rows, j: Rows) -> Vector:
        """Return half the variance of the difference that random effects make."""
        out = np.zeros(len(i))
        for z, sigma, codes in self.terms:
            a, b = z[i], z[j]
            same = codes[i] == codes[j]
            of_both = _form(a - b, sigma)
            out += np.where(same, of_both, _form(a, sigma) + _form(b, sigma)) / 2
        return out


def _form(a: Vector, sigma: Vector) -> Vector:
    found: Vector = np.einsum("ij,jk,ik->i", a, sigma, a)
    return found


def scaled_rows(estimate: Estimate, *, normalized: bool = False) -> ScaledRows:
    """Scale the residuals of the fixed part, and the random terms beside them.

    Terms that cross the groups of correlated residuals are subtracted as predicted from normalized ones.
    """
    free = estimate.request.residual is not None and normalized
    sd, values = estimate.residual_sd, estimate.values

    def scaled(values: Vector) -> Vector:
        return normalized_residuals(estimate.core, np.ascontiguousarray(values)) if free else values / sd

    mixed = _mixed_terms(estimate) if free else [False] * len(estimate.layout.random)
    terms = []
    if not all(mixed):
        pieces = zip(estimate.layout.random, estimate.term_matrices(), estimate.core.covariances(), mixed, strict=True)
        for term, z, sigma, left_out in pieces:
            if not left_out:
                columns = np.column_stack([scaled(column) for column in np.asarray(z).T])
                terms.append((columns, np.asarray(sigma), estimate.rows.group_codes(term.group).astype(np.int64)))
    return ScaledRows(scaled(values.response - estimate.linear_predictor(mixed)), terms)


def _mixed_terms(estimate: Estimate) -> list[bool]:
    """Whether rows of a correlated group have several levels of a term's factor, which normalizing mixes."""
    layout, data = estimate.layout, estimate.data.residual
    if data is None or data.own is None:
        return [False] * len(layout.random)
    group = data.arguments()["group"].astype(np.int64)
    codes = [estimate.rows.group_codes(term.group).astype(np.int64) for term in layout.random]
    first = [np.zeros(int(group.max(initial=-1)) + 1, np.int64) for _ in codes]
    for own, found in zip(codes, first, strict=True):
        found[group] = own
    return [bool((found[group] != own).any()) for own, found in zip(codes, first, strict=True)]


def lag_correlations(estimate: Estimate, series: Series, *, normalized: bool = False) -> Lags:
    """Return correlations by lag; none where no group has two rows."""
    found = list(series.pairs())
    i, j = (np.concatenate([pair[k] for pair in found] or [np.zeros(0, np.intp)]) for k in (0, 1))
    distance: Vector = np.abs(series.time[j] - series.time[i])
    bins, lag, is_exact = _bins(series, distance)
    there = bins >= 0
    i, j, bins, distance = i[there], j[there], bins[there], distance[there]
    n = len(lag)
    scaled = scaled_rows(estimate, normalized=normalized)
    top, bottom = scaled.products(i, j)
    pairs = np.bincount(bins, minlength=n)
    if n and not is_exact:
        lag = np.bincount(bins, distance, minlength=n) / pairs
    total: Vector = np.bincount(bins, bottom, minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.bincount(bins, top, minlength=n) / total
    own = top - correlation[bins] * bottom if n else top
    if normalized:
        fitted = np.zeros(n)
    else:
        fitted = np.bincount(bins, _fitted(estimate, series)(i, j), minlength=n) / np.maximum(pairs, 1)
    error, df, by_group = _errors(series.codes[i], bins, own, pairs, total)
    if normalized and not scaled.terms:
        # by the model all pairs are uncorrelated, whose products have variance one
        error, df = 1 / np.sqrt(pairs), np.full(n, math.inf)
    distances = lag[:, None] if is_exact else _within(distance, bins, n)
    return Lags(lag, pairs, correlation, error, df, fitted, is_exact, by_group, distances)


def _within(distance: Vector, bins: NDArray[np.int64], n: int) -> Vector:
    """Return distances at even ranks of every bin."""
    ranks = (np.arange(_RANKS) + 0.5) / _RANKS
    return np.array([np.quantile(distance[bins == k], ranks) for k in range(n)])


def _bins(series: Series, distance: Vector) -> tuple[NDArray[np.int64], Vector, bool]:
    """Return the bin of every pair, -1 for none, the lags of the bins, and whether all in one have the same lag."""
    step = _step(series)
    if step > 0:
        steps = np.minimum(np.round(distance / step), _FARTHEST).astype(np.int64)
        counts = np.bincount(steps)
        least = max(_FEWEST_PAIRS, 0.02 * counts[1:].max(initial=0))
        chosen = [k for k in range(1, min(len(counts), _FARTHEST)) if counts[k] >= least][:_LAGS]
        place = np.full(len(counts), -1)
        place[chosen] = np.arange(len(chosen))
        return place[steps], np.array(chosen) * step, True
    number = min(_BINS, len(distance) // _FEWEST_PAIRS)
    if number < 1:
        return np.full(len(distance), -1), np.zeros(0), True
    edges = np.unique(np.quantile(distance, np.linspace(0, 1, number + 1)[1:-1]))
    bins, own = np.unique(np.searchsorted(edges, distance, side="left"), return_inverse=True)
    return own, np.zeros(len(bins)), False


def _step(series: Series) -> float:
    """Return the step of the grid that all times are on, if rows follow each other in few steps; else zero."""
    if series.counts_visits or series.time_name is None:
        return 1.0
    distinct = np.unique(series.time)
    gaps = np.diff(distinct)
    gaps = gaps[gaps > 1e-12 * max(np.abs(distinct).max(), 1e-300)]
    if not len(gaps):
        return 0.0
    step = float(gaps.min())
    steps = (distinct - distinct[0]) / step
    if not np.allclose(steps, np.round(steps), atol=1e-6, rtol=0):
        return 0.0
    order = np.lexsort((series.time, series.codes))
    within = np.diff(series.time[order])[np.diff(series.codes[order]) == 0]
    within = within[within > 0]
    few = len(distinct) <= _LAGS + 1 or (len(within) > 0 and float(np.median(within)) <= _GAP * step)
    return step if few else 0.0


def _errors(
    codes: NDArray[np.int64], bins: NDArray[np.int64], own: Vector, pairs: NDArray[np.int64], total: Vector
) -> tuple[Vector, Vector, Vector]:
    """Return standard errors from what groups give to a lag, their degrees of freedom, and that.

    With too few groups pairs are taken as independent.
    """
    n = len(pairs)
    levels, group = np.unique(codes, return_inverse=True)
    sums = np.bincount(group * n + bins, own, minlength=len(levels) * n).reshape(len(levels), n)
    there = np.bincount(group * n + bins, minlength=len(levels) * n).reshape(len(levels), n)
    groups = (there > 0).sum(axis=0)
    few = groups < _FEWEST_GROUPS
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt((sums**2).sum(axis=0) * groups / (groups - 1)) / total
        error = np.where(few, 1 / np.sqrt(pairs), error)
    return error, np.where(few, math.inf, np.maximum(groups - 1.0, 1)), sums / np.where(total == 0, 1, total)


def _fitted(estimate: Estimate, series: Series) -> Callable[[Rows, Rows], Vector]:
    """Return what gives the correlations of the model for pairs of rows."""
    residual = estimate.request.residual
    if residual is None or residual.term is None:
        return lambda i, _: np.zeros(len(i))
    assert estimate.data.residual is not None, "a fit with a structure"
    arguments = estimate.data.residual.arguments()
    level = arguments["by"].astype(np.int64) if len(arguments["by"]) else np.zeros(len(series.codes), np.int64)
    levels = range(max(1, len(arguments["by_levels"])))
    if residual.term.kind.place == "visit":
        places = [float(k) for k in range(len(arguments["visits"]))]
        matrices = np.array([residual_correlations(estimate.core, k, places) for k in levels])
        visit = arguments["visit"].astype(np.int64)
        return lambda i, j: np.asarray(matrices[level[i], visit[i], visit[j]])
    time = np.asarray(arguments["time"]) if len(arguments["time"]) else series.time
    return lambda i, j: _by_distance(estimate, np.abs(time[j] - time[i]), level[i], len(levels))


def _by_distance(estimate: Estimate, distance: Vector, level: NDArray[np.int64], levels: int) -> Vector:
    """Return correlations that the distance decides; of very many distances between some of them."""
    grid, own = np.unique(distance, return_inverse=True)
    if len(grid) > _PLACES:
        even = np.linspace(grid[0], grid[-1], _PLACES)
        known = np.array([_first_row(estimate, k, even) for k in range(levels)])
        out = np.empty(len(distance))
        for k in range(levels):
            out[level == k] = np.interp(distance[level == k], even, known[k])
        return out
    known = np.array([_first_row(estimate, k, grid) for k in range(levels)])
    return np.asarray(known[level, own])


def _first_row(estimate: Estimate, level: int, distance: Vector) -> Vector:
    """Return the correlations of a row at zero with rows at some distances; those at zero have that of a nugget."""
    places = [0.0, *distance.tolist()]
    return np.asarray(residual_correlations(estimate.core, level, places))[0, 1:]
