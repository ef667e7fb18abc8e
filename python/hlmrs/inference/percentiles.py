"""Bounds of intervals from the replicates of a bootstrap."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def corrected(values: Vector, estimate: Vector, acceleration: Vector, tails: tuple[float, float]) -> Vector:
    """Return the probabilities whose quantiles are the bounds (Efron 1987, J. Am. Stat. Assoc. 82, 171-185)."""
    normal = NormalDist()
    pairs = []
    for column, value, a in zip(values.T, estimate, acceleration, strict=True):
        known = column[~np.isnan(column)]
        if len(known) == 0 or np.isnan(value):
            pairs.append([np.nan, np.nan])
            continue
        # ties, as of variances at zero, count half
        share = ((known < value).sum() + 0.5 * (known == value).sum()) / len(known)
        bias = normal.inv_cdf(min(max(share, 0.5 / len(known)), 1 - 0.5 / len(known)))
        shifted = [bias + normal.inv_cdf(p) for p in tails]
        pairs.append([normal.cdf(bias + z / (1 - a * z)) for z in shifted])
    return np.array(pairs)


def quantiles(column: Vector, probabilities: Vector) -> Vector:
    """Return quantiles of the replicates that could be fitted."""
    known = column[~np.isnan(column)]
    if len(known) == 0 or np.isnan(probabilities).any():
        return np.full(2, np.nan)
    bounds: Vector = np.quantile(known, probabilities)
    return bounds
