"""Brown and Forsythe's test of equal variances (1974, J. Am. Stat. Assoc. 69, 364-367)."""

import math

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
FEWEST_ROWS = 5
"""Rows of a group that takes part."""


def brown_forsythe(resid: Vector, codes: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return F and its degrees of freedom, for deviations from the groups' medians."""
    # of two residuals the deviations are equal, of three one is always zero
    known = np.isfinite(resid)
    known &= np.bincount(codes, known)[codes] >= FEWEST_ROWS
    resid, codes = resid[known], codes[known]
    if not len(resid):
        return math.nan, math.nan, math.nan
    order = np.lexsort((resid, codes))
    resid, codes = resid[order], codes[order]
    levels, start, sizes = np.unique(codes, return_index=True, return_counts=True)
    middle = (resid[start + (sizes - 1) // 2] + resid[start + sizes // 2]) / 2
    place = np.repeat(np.arange(len(levels)), sizes)
    deviation = np.abs(resid - middle[place])
    means = np.bincount(place, deviation) / sizes
    between = float(np.sum(sizes * (means - deviation.mean()) ** 2))
    within = float(np.sum((deviation - means[place]) ** 2))
    num, den = len(levels) - 1, len(resid) - len(levels)
    if num < 1 or den < 1 or within == 0:
        return math.nan, math.nan, math.nan
    return between / num / (within / den), float(num), float(den)
