"""Satterthwaite's degrees of freedom of rows and of predictions; for joint tests those of Fai and Cornelius (1996)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..._core import satterthwaite
from ...errors import InferenceWarning, warn
from ...estimation import Estimate, cached
from .covariance import model_covariance, ordinary_covariance, quadratic

if TYPE_CHECKING:
    from ..._core import SatterthwaiteParts

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_SAME = 1e-8
_FEW = 100_000
"""Numbers in rows, up to which products with all slopes of a covariance are made at once."""


def satterthwaite_df(estimate: Estimate, rows: Matrix) -> Vector:
    """Return 2 f^2 / Var(f) for the variance f of every row of L beta."""
    parts = variance_parts(estimate)
    return matched_df(rows, model_covariance(estimate), parts["derivatives"], parts["covariance"])


def satterthwaite_joint(estimate: Estimate, rows: Matrix) -> float:
    """Return the denominator df of the F test of independent rows: E(F) of the sum of their squared t statistics."""
    if len(rows) == 1:
        return float(satterthwaite_df(estimate, rows)[0])
    covariances = model_covariance(estimate), ordinary_covariance(estimate)
    return joint_df(rows, *covariances, lambda directions: satterthwaite_df(estimate, directions))


def joint_df(rows: Matrix, covariance: Matrix, ordinary: Matrix, df_of: Callable[[Matrix], Vector]) -> float:
    """Return the denominator df of the F test of independent rows, by the df of single ones.

    Of all rows that ask the same, those are taken that are uncorrelated by the model and by ordinary least squares, so
    that the answer depends on the hypothesis alone, and on no coding.
    """
    rows = np.linalg.solve(np.linalg.cholesky(rows @ ordinary @ rows.T), rows)
    _, vectors = np.linalg.eigh(rows @ covariance @ rows.T)
    df = df_of(vectors.T @ rows)
    if np.ptp(df) < _SAME * df.max():
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    expectation = float((df / (df - 2)).sum())
    return 2 * expectation / (expectation - len(rows))


def prediction_df(estimate: Estimate, variance: Vector, slopes: Matrix) -> Vector:
    """Return 2 v^2 / Var(v) for variances of predictions and their slopes in the variance parameters (m, k)."""
    df = _df_of_variances(variance, slopes.T, variance_parts(estimate)["covariance"])
    return np.where(variance == 0, np.inf, df)


def variance_parts(estimate: Estimate) -> "SatterthwaiteParts":
    """Return the slopes and the covariance of the variance parameters; a warning where they are not at an optimum."""
    of = estimate.fitted
    parts = _variance_derivatives(of)
    if parts["n_negative"] or of.core.is_adapted or not estimate.verdict.converged:
        warn(
            "the fit is not at an optimum, so Satterthwaite's degrees of freedom are approximate; "
            "fit again, or use ddf='normal'",
            InferenceWarning,
        )
    return parts


@cached
def _variance_derivatives(estimate: Estimate) -> "SatterthwaiteParts":
    return satterthwaite(estimate.core)


def matched_df(rows: Matrix, covariance: Matrix, derivatives: Vector, of_parameters: Matrix) -> Vector:
    """Return 2 v² / Var(v) for the variance v = l'Cl of every row, by its slopes in the variance parameters.

    It is 2 / Var(log v): neither the squares of variances nor their products need be numbers in the response's unit.
    """
    variance = quadratic(rows, covariance)
    if rows.size <= _FEW:
        slopes = quadratic(rows, derivatives).T
    else:  # one after the other, in the memory of one
        slopes = np.stack([quadratic(rows, derivative) for derivative in derivatives], axis=1)
    return _df_of_variances(variance, slopes, of_parameters)


def _df_of_variances(variance: Vector, slopes: Matrix, of_parameters: Matrix) -> Vector:
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = slopes / variance[:, np.newaxis]
        df: Vector = 2 / quadratic(relative, of_parameters)
    return df
