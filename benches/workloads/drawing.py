"""What the generators share: levels that all occur, scaled counts, correlated effects."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int32]


def scaled(count: int, scale: float, least: int = 2) -> int:
    """Return `count` times `scale`, a whole number of at least `least`."""
    return max(least, round(count * scale))


def every_level(rng: np.random.Generator, n: int, weights: Array) -> Codes:
    """Return n codes in random order, each level at least once and the rest in proportion to the weights."""
    levels = len(weights)
    rest = rng.choice(levels, size=n - levels, p=weights / weights.sum())
    codes = np.concatenate([np.arange(levels), rest]).astype(np.int32)
    rng.shuffle(codes)
    return codes


def correlated(rng: np.random.Generator, levels: int, sd: Array, correlation: float) -> Array:
    """Return normal effects, levels x width, with standard deviations and one common correlation."""
    width = len(sd)
    r = np.full((width, width), correlation) + (1 - correlation) * np.eye(width)
    return rng.standard_normal((levels, width)) @ np.linalg.cholesky(r).T * sd
