"""Satterthwaite's degrees of freedom; for joint tests, Fai and Cornelius (1996)'s."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import satterthwaite
from ..errors import InferenceWarning
from ..estimation import Estimate

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_SAME = 1e-8


def satterthwaite_df(estimate: Estimate, rows: Matrix) -> Vector:
    """Return 2 f^2 / Var(f) for the variance f of every row of L beta."""
    parts = _parts(estimate)
    variance = np.einsum("ki,ij,kj->k", rows, estimate.core.vcov(), rows)
    slopes = np.einsum("ki,mij,kj->km", rows, parts["derivatives"], rows)
    uncertainty = np.einsum("km,ml,kl->k", slopes, parts["covariance"], slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        df: Vector = 2 * variance**2 / uncertainty
    return df


def satterthwaite_joint(estimate: Estimate, rows: Matrix) -> float:
    """Return the denominator df of the F test of independent rows: E(F) of the sum of their squared t statistics.

    Of all rows that ask the same, those are taken that are uncorrelated by the model and by ordinary least squares, so
    that the answer depends on the hypothesis alone, and on no coding.
    """
    if len(rows) == 1:
        return float(satterthwaite_df(estimate, rows)[0])
    ordinary = np.linalg.cholesky(rows @ estimate.core.ordinary_covariance() @ rows.T)
    rows = np.linalg.solve(ordinary, rows)
    _, vectors = np.linalg.eigh(rows @ estimate.core.vcov() @ rows.T)
    df = satterthwaite_df(estimate, vectors.T @ rows)
    if np.ptp(df) < _SAME * df.max():
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    expectation = float((df / (df - 2)).sum())
    return 2 * expectation / (expectation - len(rows))


def prediction_df(estimate: Estimate, variance: Vector, slopes: Matrix) -> Vector:
    """Return 2 v^2 / Var(v) for variances of predictions and their slopes in the variance parameters (m, k)."""
    uncertainty = np.einsum("mi,ml,li->i", slopes, _parts(estimate)["covariance"], slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        df: Vector = np.where(variance == 0, np.inf, 2 * variance**2 / uncertainty)
    return df


def _parts(estimate: Estimate) -> dict[str, Any]:
    of = estimate.fitted
    if "satterthwaite" not in of.memo:
        of.memo["satterthwaite"] = satterthwaite(of.core)
    parts: dict[str, Any] = of.memo["satterthwaite"]
    if parts["n_negative"] or of.core.is_adapted or not estimate.verdict.converged:
        warnings.warn(
            "the fit is not at an optimum, so Satterthwaite's degrees of freedom are approximate; "
            "fit again, or use ddf='normal'",
            InferenceWarning,
            stacklevel=2,
        )
    return parts
