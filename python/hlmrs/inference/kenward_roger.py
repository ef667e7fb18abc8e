"""Kenward and Roger's (1997) degrees of freedom and scaled F test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import kenward_roger
from ..estimation import Estimate

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def kenward_roger_parts(estimate: Estimate) -> dict[str, Any]:
    """Return the adjusted covariance and what its tests need, computed once per fit."""
    of = estimate.fitted
    if "kenward-roger" not in of.memo:
        of.memo["kenward-roger"] = kenward_roger(of.core)
    parts: dict[str, Any] = of.memo["kenward-roger"]
    return parts


def kenward_roger_df(estimate: Estimate, rows: Matrix) -> Vector:
    """Return the degrees of freedom of every row of L beta: 2 / A for a single contrast, whose scale is 1."""
    parts = kenward_roger_parts(estimate)
    unscaled = estimate.core.vcov() / estimate.core.sigma**2
    variance = np.einsum("ki,ij,kj->k", rows, unscaled, rows)
    slopes = np.einsum("ki,mij,kj->km", rows, parts["sandwiches"], rows)
    uncertainty = np.einsum("km,ml,kl->k", slopes, parts["covariance"], slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        df: Vector = 2 * variance**2 / uncertainty
    return df


def kenward_roger_joint(estimate: Estimate, rows: Matrix, origin: Vector | None = None) -> tuple[float, float]:
    """Return denominator df and scaled F of independent rows (Kenward and Roger 1997, section 2.3).

    L beta is tested against its value at `origin`, zero by default.
    """
    parts, q = kenward_roger_parts(estimate), len(rows)
    a1, a2 = _moments(estimate, rows)
    value = rows @ (estimate.core.beta if origin is None else estimate.core.beta - origin)
    f = float(value @ np.linalg.solve(rows @ parts["adjusted"] @ rows.T, value)) / q
    if q == 1:
        return 2 / a2, f
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    denominator = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / denominator, (q - g) / denominator, (q + 2 - g) / denominator
    rho = ((1 - a2 / q) / (1 - c2 * b)) ** 2 * (1 + c1 * b) / (1 - c3 * b) / q
    df = 4 + (q + 2) / (q * rho - 1)
    scale = df * (1 - a2 / q) / (df - 2) if abs(df - 2) > 1e-2 else 1.0
    return float(df), scale * f


def _moments(estimate: Estimate, rows: Matrix) -> tuple[float, float]:
    """Return A1 and A2: sums over pairs of parameters of traces of Theta Phi P Phi."""
    parts = kenward_roger_parts(estimate)
    unscaled = rows @ (estimate.core.vcov() / estimate.core.sigma**2) @ rows.T
    products = np.linalg.solve(unscaled, rows @ parts["sandwiches"] @ rows.T)
    traces = np.trace(products, axis1=1, axis2=2)
    pairs = np.einsum("mij,lji->ml", products, products)
    weights = parts["covariance"]
    return float(traces @ weights @ traces), float((weights * pairs).sum())
