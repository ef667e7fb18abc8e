"""Where the variance is: by source and level, for any number of nested and crossed grouping factors.

Rights and Sterba (2019), Psychol. Methods 24, 309-338, for two levels: f1, f2, v, m and σ².  A part of the linear
predictor belongs to the grouping factor whose groups it differs between: its group means, coarser factors first.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..frame import Column, distinct
from ..inference import RESIDUAL

Vector = NDArray[np.float64]
Codes = NDArray[np.uint32]

WITHIN = -1
"""The level of what differs within all groups; others are numbers of grouping factors."""
_SWEEPS = 200
_PRECISION = 1e-12
_ROUNDING = 1e-14


def decomposition_table(estimate: Estimate) -> dict[str, Column]:
    """Tabulate variances and their shares of the total and of their level."""
    rows = [*_fixed_rows(estimate), *_random_rows(estimate), ("residual", WITHIN, estimate.mean_residual_variance)]
    names = distinct([*estimate.layout.group_names, RESIDUAL])
    variance = np.array([row[2] for row in rows])
    variance[np.abs(variance) < _ROUNDING * np.abs(variance).sum()] = 0.0
    level = np.array([row[1] for row in rows])
    totals = np.array([variance[level == k].sum() for k in level])
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "source": [row[0] for row in rows],
            "level": [names[k] for k in level],
            "variance": variance,
            "share": variance / variance.sum(),
            "share_of_level": variance / totals,
        }


def _fixed_rows(estimate: Estimate) -> list[tuple[str, int, float]]:
    """Part the variance of x'β: what each factor explains after those with fewer levels; the parts add up to it."""
    eta = estimate.core.linear_predictor(estimate.rows, [False] * len(estimate.layout.random))
    return [("fixed", level, float(part @ part) / (len(eta) - 1)) for level, part in _parts_by_level(estimate, eta)]


def _parts_by_level(estimate: Estimate, values: Vector) -> list[tuple[int, Vector]]:
    """Part centred values: what differs between the groups of each factor, those with fewer levels first."""
    layout, left = estimate.layout, values - values.mean()
    order = sorted(range(len(layout.groups)), key=lambda k: len(layout.groups[k].levels))
    codes = [estimate.rows.group_codes(k) for k in order]
    parts = []
    for place, k in enumerate(order):
        rest = left - sum(_between(left, codes[: place + 1]), np.zeros(len(left)))
        parts.append((k, left - rest))
        left = rest
    return [*parts, (WITHIN, left)]


def _random_rows(estimate: Estimate) -> list[tuple[str, int, float]]:
    """Part the variance of each term's z'b: of its means over the groups, and of the slopes within them."""
    totals: dict[tuple[str, int], float] = {}
    covariances = estimate.core.covariances()
    for source, level, term, moments in _moments_by_level(estimate):
        own = max(float((covariances[term] * moments).sum()), 0.0)
        totals[source, level] = totals.get((source, level), 0.0) + own
    return [(source, level, value) for (source, level), value in totals.items()]


def _moments_by_level(estimate: Estimate) -> list[tuple[str, int, int, Vector]]:
    """Return source, level, random term, and the matrix M whose tr(Σ M) is the variance of that source."""
    layout, found = estimate.layout, list[tuple[str, int, int, Vector]]()
    for k, (term, z) in enumerate(zip(layout.random, estimate.term_matrices(), strict=True)):
        codes = estimate.rows.group_codes(term.group)
        counts = np.bincount(codes)
        means = _group_sums(z, codes) / counts[:, None]
        between = means.T @ (means * counts[:, None]) / len(codes)
        found.append(("random mean", term.group, k, between))
        if len(term.columns) > 1 or not np.allclose(z, z[:1]):
            found.append(("random slopes", WITHIN, k, estimate.moments[k] - between))
    return found


def decomposition_of_draws(
    estimate: Estimate, beta: Vector, covariances: Sequence[Vector], residual: Vector
) -> tuple[list[str], list[str], Vector]:
    """Return the sources, their levels and their variances (sources x draws) for draws of the parameters."""
    x = estimate.rows.model_matrix()[:, list(estimate.layout.kept)]
    columns = [_parts_by_level(estimate, column) for column in x.T]
    totals: dict[tuple[str, int], Vector] = {}
    for place, (level, _) in enumerate(columns[0] if columns else []):
        parts = np.column_stack([own[place][1] for own in columns])
        totals["fixed", level] = np.einsum("di,ij,dj->d", beta, parts.T @ parts / (len(x) - 1), beta)
    for source, level, term, moments in _moments_by_level(estimate):
        own = np.einsum("dij,ij->d", covariances[term], moments).clip(min=0)
        totals[source, level] = totals.get((source, level), 0.0) + own
    totals["residual", WITHIN] = residual
    names, variances = distinct([*estimate.layout.group_names, RESIDUAL]), np.array(list(totals.values()))
    variances[variances < _ROUNDING * variances.sum(axis=0)] = 0.0
    return [key[0] for key in totals], [names[key[1]] for key in totals], variances


def _between(values: Vector, codes: list[Codes]) -> list[Vector]:
    """Return the parts of centred values that differ between groups: nested by means, crossed by backfitting."""
    parts = [np.zeros(len(values)) for _ in codes]
    for _ in range(_SWEEPS):
        change = 0.0
        for k, code in enumerate(codes):
            rest = values - sum((part for j, part in enumerate(parts) if j != k), np.zeros(len(values)))
            means = np.bincount(code, weights=rest) / np.bincount(code)
            change = max(change, float(np.abs(means[code] - parts[k]).max(initial=0.0)))
            parts[k] = means[code]
        if change <= _PRECISION * max(float(np.abs(values).max(initial=0.0)), 1e-300):
            break
    return parts


def _group_sums(z: Vector, codes: Codes) -> Vector:
    sums = np.zeros((int(codes.max()) + 1, z.shape[1]))
    np.add.at(sums, codes, z)
    return sums
