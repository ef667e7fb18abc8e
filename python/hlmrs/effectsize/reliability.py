"""Reliability of random coefficients: the share of true variance among groups in that of their own estimates.

Raudenbush and Bryk (2002), Hierarchical Linear Models, eq. 3.58: λ = τ / (τ + v) of every group and on average.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate, require_plain_residuals
from ..frame import Column, columns_of
from ..inference import mode_variances

Vector = NDArray[np.float64]

_SINGULAR = 1e-10


def reliability_table(estimate: Estimate, *, by_group: bool) -> dict[str, Column]:
    """Tabulate reliabilities, of every group or on average over the groups that have enough rows."""
    rows: list[tuple[Any, ...]] = []
    for g, group in enumerate(estimate.layout.groups):
        names, reliability = group_reliability(estimate, g)
        if by_group:
            pairs = [(level, name) for level in group.levels for name in names]
            rows += [(group.name, *pair, value) for pair, value in zip(pairs, reliability.ravel(), strict=True)]
            continue
        for name, column in zip(names, reliability.T, strict=True):
            known = np.isfinite(column)
            rows.append((group.name, name, column[known].mean() if known.any() else math.nan, known.sum()))
    names = ["group", "level", "term", "reliability"] if by_group else ["group", "term", "reliability", "n_groups"]
    return columns_of(names, rows, ("group", "level", "term"))


def group_reliability(estimate: Estimate, g: int) -> tuple[list[str], Vector]:
    """Return the coefficients of a grouping factor, and λ, shape (levels, coefficients).

    With V the covariance of a group's rows given its own effects, v is the diagonal of (Z'V⁻¹Z)⁻¹: for rows that are
    independent in the group that of least squares, σ²(Z'WZ)⁻¹.  Where other random effects enter, λ is one less the
    share of the variance that the data leave, which for one random intercept is the same.
    """
    layout = estimate.layout
    own = layout.terms_of(g)
    names = [name for k in own for name in layout.random[k].columns]
    variance = np.concatenate([np.diag(estimate.core.covariances()[k]) for k in own])
    if len(layout.groups) > 1:
        left = np.concatenate([mode_variances(estimate)[k] for k in own], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return names, np.where(variance > 0, 1 - left / variance, 0.0)
    error = _least_squares_variance(estimate, own)
    with np.errstate(invalid="ignore", divide="ignore"):
        return names, np.where(variance > 0, variance / (variance + error), np.where(np.isnan(error), math.nan, 0.0))


def _least_squares_variance(estimate: Estimate, terms: list[int]) -> Vector:
    """Diagonal of σ²(Z_j'W Z_j)⁻¹ by group; NaN where a group's rows do not determine its coefficients."""
    require_plain_residuals(estimate, "variances of group regressions")
    matrices = estimate.term_matrices()
    z = np.concatenate([matrices[k] for k in terms], axis=1)
    weights = estimate.rows.weights()
    codes = estimate.rows.group_codes(estimate.layout.random[terms[0]].group)
    products = np.zeros((int(codes.max()) + 1, z.shape[1], z.shape[1]))
    weighted = z if weights is None else z * weights[:, None]
    np.add.at(products, codes, np.einsum("ni,nj->nij", weighted, z))
    out = np.full(products.shape[:2], math.nan)
    for j, product in enumerate(products):
        scale = np.sqrt(np.diag(product))
        if (scale > 0).all():
            values, vectors = np.linalg.eigh(product / np.outer(scale, scale))
            if values[0] > _SINGULAR:
                out[j] = estimate.residual_variance * ((vectors / values) @ vectors.T).diagonal() / scale**2
    return out
