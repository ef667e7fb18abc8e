"""Kenward and Roger's (1997) covariance, degrees of freedom and scaled F.

By ``"kenward-roger-linear"`` second derivatives of the covariance of the rows are left out, as by SAS's
``ddfm=kr(linear)``; they are zero where it is linear in its parameters.  ``information`` is that about the variance
parameters: expected, or observed; None takes the observed one where the residuals have parameters, as SAS, and the
expected one elsewhere, as pbkrtest.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..._core import kenward_roger
from ...estimation import Estimate, cached
from ...estimation.penalty import require_no_covariance_prior
from .covariance import model_covariance, wald_statistic
from .satterthwaite import matched_df

if TYPE_CHECKING:
    from ..._core import KenwardRogerParts

KENWARD_ROGER = ("kenward-roger", "kenward-roger-linear")
"""Methods that correct standard errors too."""
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def kenward_roger_df(estimate: Estimate, rows: Matrix, ddf: str, information: str | None) -> Vector:
    """Return the degrees of freedom of every row of L beta: 2 / A for a single contrast, whose scale is 1."""
    parts = kenward_roger_parts(estimate, ddf, information)
    unscaled = model_covariance(estimate) / estimate.core.scale
    return matched_df(rows, unscaled, parts["sandwiches"], parts["covariance"])


def kenward_roger_joint(
    estimate: Estimate, rows: Matrix, ddf: str, information: str | None, origin: Vector | None = None
) -> tuple[float, float]:
    """Return denominator df and scaled F of independent rows (Kenward and Roger 1997, section 2.3).

    L beta is tested against its value at `origin`, zero by default.
    """
    parts, q = kenward_roger_parts(estimate, ddf, information), len(rows)
    a1, a2 = _moments(estimate, rows, parts)
    f = wald_statistic(estimate, rows, parts["adjusted"], origin) / q
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


def _moments(estimate: Estimate, rows: Matrix, parts: "KenwardRogerParts") -> tuple[float, float]:
    """Return A1 and A2: sums over pairs of parameters of traces of Theta Phi P Phi."""
    unscaled = rows @ (model_covariance(estimate) / estimate.core.scale) @ rows.T
    products = np.linalg.solve(unscaled, rows @ parts["sandwiches"] @ rows.T)
    traces = np.trace(products, axis1=1, axis2=2)
    pairs = np.einsum("mij,lji->ml", products, products)
    weights = parts["covariance"]
    return float(traces @ weights @ traces), float((weights * pairs).sum())


def kenward_roger_parts(estimate: Estimate, ddf: str, information: str | None) -> "KenwardRogerParts":
    """Return the adjusted covariance and what its tests need, computed once per fit."""
    instead = "it corrects estimates by REML alone; ddf='satterthwaite' counts the prior"
    require_no_covariance_prior(estimate, "Kenward and Roger's method", instead)
    return _adjustment(estimate.fitted, information, ddf != "kenward-roger-linear")


@cached
def _adjustment(estimate: Estimate, information: str | None, second_order: bool) -> "KenwardRogerParts":
    return kenward_roger(estimate.core, information, second_order)
