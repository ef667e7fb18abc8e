"""Covariances of the estimated fixed effects, and the quadratic forms that tests take of them."""

import numpy as np
from numpy.typing import NDArray

from ...estimation import Estimate, cached

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_SINGULAR = 1e-14
"""A part of the variance of functions below which there is none."""


@cached
def model_covariance(estimate: Estimate) -> Matrix:
    """Return the model's covariance of the fixed effects, variance parameters taken as known."""
    return estimate.core.vcov()


@cached
def ordinary_covariance(estimate: Estimate) -> Matrix:
    """Return the covariance that ordinary least squares would have."""
    return estimate.core.ordinary_covariance()


def quadratic(rows: Matrix, matrix: Matrix) -> Vector:
    """Return x'Ax of every row x, by the matrix, or by each of several."""
    return np.asarray((rows @ matrix * rows).sum(axis=-1))


def wald_statistic(estimate: Estimate, rows: Matrix, covariance: Matrix, origin: Vector | None) -> float:
    """Return d'(L C L')⁻¹d for d = L (beta - origin); NaN where a combination of the rows has no variance."""
    value = rows @ (estimate.core.beta if origin is None else estimate.core.beta - origin)
    own = rows @ covariance @ rows.T
    size = np.sqrt(np.diag(own).clip(min=0))
    if not size.all() or np.linalg.eigvalsh(own / np.outer(size, size))[0] < _SINGULAR * len(rows):
        return np.nan
    return float(value @ np.linalg.solve(own, value))
