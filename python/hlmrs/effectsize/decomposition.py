"""Where the variance is: by source and level, for any number of nested and crossed grouping factors.

Rights and Sterba (2019), Psychol. Methods 24, 309-338, for two levels: f1, f2, v, m and σ².  A part of the linear
predictor belongs to the grouping factor whose groups it differs between: its group means, coarser factors first.
"""

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
    layout = estimate.layout
    eta = estimate.core.linear_predictor(estimate.rows, [False] * len(layout.random))
    n, left = len(eta), eta - eta.mean()
    order = sorted(range(len(layout.groups)), key=lambda k: len(layout.groups[k].levels))
    codes = [estimate.rows.group_codes(k) for k in order]
    rows = []
    for place, k in enumerate(order):
        rest = left - sum(_between(left, codes[: place + 1]), np.zeros(n))
        rows.append(("fixed", k, float((left - rest) @ (left - rest)) / (n - 1)))
        left = rest
    return [*rows, ("fixed", WITHIN, float(left @ left) / (n - 1))]


def _random_rows(estimate: Estimate) -> list[tuple[str, int, float]]:
    """Part the variance of each term's z'b: of its means over the groups, and of the slopes within them."""
    layout = estimate.layout
    totals: dict[tuple[str, int], float] = {}
    variances = estimate.term_variances()
    parts = zip(layout.random, estimate.core.covariances(), estimate.term_matrices(), strict=True)
    for k, (term, covariance, z) in enumerate(parts):
        group, codes = term.group, estimate.rows.group_codes(term.group)
        means = _group_sums(z, codes) / np.bincount(codes)[:, None]
        whole = variances[k]
        between = float(np.einsum("ji,ik,jk,j->", means, covariance, means, np.bincount(codes) / len(codes)))
        totals["random mean", group] = totals.get(("random mean", group), 0.0) + between
        if len(term.columns) > 1 or not np.allclose(z, z[:1]):
            slopes = ("random slopes", WITHIN)
            totals[slopes] = totals.get(slopes, 0.0) + max(whole - between, 0.0)
    return [(source, level, value) for (source, level), value in totals.items()]


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
