"""Thresholds and probabilities of an ordered response."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .._core import family_means, threshold_slopes

Matrix = NDArray[np.float64]


def threshold_names(kind: str, categories: Sequence[str], columns: Sequence[str] | None = None) -> list[str]:
    """Return the names of what thresholds are made of, as in R's ordinal; of every column that they depend on."""
    own = _parameter_names(kind, categories)
    return own if columns is None else [f"{name}.{column}" for column in columns for name in own]


def _parameter_names(kind: str, categories: Sequence[str]) -> list[str]:
    n = len(categories) - 1
    if kind == "flexible":
        return [f"{low}|{high}" for low, high in pairwise(categories)]
    if kind == "equidistant":
        return ["threshold.1", "spacing"][:n]
    centre = ["central"] if n % 2 else ["central.1", "central.2"]
    return [*centre, *(f"spacing.{k}" for k in range(1, (n + 1) // 2))]


def threshold_coefficients(spec: str, parameters: Matrix) -> Matrix:
    """Return the coefficients of every threshold, shape (columns, categories - 1), from all that are estimated."""
    slopes = threshold_slopes(spec)
    return np.asarray(parameters.reshape(-1, slopes.shape[1]) @ slopes.T)


def category_probabilities(
    probability: str, thresholds: Matrix, eta: Matrix, log_scale: Matrix | float = 0.0
) -> Matrix:
    """Return the probability of each category, a column each; `probability` is the family of the inverse link."""
    scale = np.exp(log_scale)
    below = [family_means(probability, [np.ascontiguousarray((a - eta) / scale)], False)[0] for a in thresholds.T]
    return np.diff(np.column_stack([np.zeros(len(eta)), *below, np.ones(len(eta))]), axis=1)


def expected_category(probabilities: Matrix) -> Matrix:
    """Return the expected number of the category, from 1."""
    return np.asarray(probabilities @ np.arange(1.0, probabilities.shape[1] + 1))
