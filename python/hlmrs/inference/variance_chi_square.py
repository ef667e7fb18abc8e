"""HLM's chi-square of every variance component of two-level models.

With û_j the least squares estimate of a group's random coefficients from its rows' residuals y - X beta, and V_j its
covariance, H_q = sum over groups of û_qj² / V_qqj is chi-square with J - F_q degrees of freedom where the variance of
q is zero: J groups whose rows determine all coefficients, F_q fixed parameters in the equation of coefficient q
(Raudenbush and Bryk 2002, eq. 3.103).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._core import chi_square_tail
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate

Vector = NDArray[np.float64]
_SINGULAR = 1e-10


class VarianceChiSquare(NamedTuple):
    """The test of one random effect."""

    term: str
    statistic: float
    df: int
    p_value: float


def variance_chi_squares(estimate: Estimate, n_fixed: Sequence[int]) -> list[VarianceChiSquare]:
    """Test the variance of every random effect; `n_fixed` are the fixed parameters in the equation of each.

    Nothing comes of models with several grouping factors, or of generalized ones.
    """
    layout = estimate.layout
    if len(layout.groups) != 1 or isinstance(estimate, GeneralizedEstimate):
        return []
    z = np.concatenate(estimate.term_matrices(), axis=1)
    codes, names = estimate.rows.group_codes(0), [name for term in layout.random for name in term.columns]
    residual = estimate.values.response - estimate.linear_predictor([False] * len(layout.random))
    statistic, n_groups = _sums(z, residual, estimate.rows.weights(), codes, estimate.residual_variance)
    rows = []
    for name, value, fixed in zip(names, statistic, n_fixed, strict=True):
        df = n_groups - fixed
        rows.append(VarianceChiSquare(name, float(value), df, chi_square_tail(float(value), df) if df > 0 else np.nan))
    return rows


def _sums(
    z: Vector, residual: Vector, weights: Vector | None, codes: NDArray[np.uint32], variance: float
) -> tuple[Vector, int]:
    """Return the sum of û²/V of every coefficient over the groups that determine all, and how many these are."""
    weighted = z if weights is None else z * weights[:, None]
    n, r = int(codes.max()) + 1, z.shape[1]
    products, moments = np.zeros((n, r, r)), np.zeros((n, r))
    np.add.at(products, codes, np.einsum("ni,nj->nij", weighted, z))
    np.add.at(moments, codes, weighted * residual[:, None])
    scale = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    positive = (scale > 0).all(axis=1)
    products, moments, scale = products[positive], moments[positive], scale[positive]
    scaled = products / (scale[:, :, None] * scale[:, None, :])
    full = np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR
    inverse = np.linalg.inv(products[full])
    own = np.einsum("jqr,jr->jq", inverse, moments[full])
    return np.asarray((own**2 / (variance * np.diagonal(inverse, axis1=1, axis2=2))).sum(axis=0)), int(full.sum())
