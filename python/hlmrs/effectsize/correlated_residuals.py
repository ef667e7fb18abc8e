"""Where residuals are correlated a share of the variance is no correlation of two rows of a group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import listed
from ..estimation import Estimate


@dataclass(frozen=True, slots=True)
class _Factor:
    """A grouping factor: its levels, their parts by the groups of the residuals, and the rows."""

    name: str
    levels: int
    parts: int
    rows: int


def without_one_correlation(estimate: Estimate) -> list[str]:
    """Return the grouping factors of which any two rows in a group have correlated residuals.

    Of a coarser one two rows whose residuals are not correlated have the share of the variance as their correlation.
    """
    return [factor.name for factor in _factors(estimate) if factor.parts == factor.levels]


def with_correlated_rows(estimate: Estimate) -> list[str]:
    """Return the grouping factors of which some rows in a group have correlated residuals."""
    return [factor.name for factor in _factors(estimate) if factor.parts < factor.rows]


def why_not_known(estimate: Estimate, groups: list[str]) -> str:
    """Say why of some grouping factors there is no one correlation; nothing where there are none."""
    residual = estimate.request.residual
    if not groups or residual is None or residual.term is None:
        return ""
    return (
        f"Residuals within {listed(groups)} are correlated by {residual.term.text.strip()}, which no share of the "
        "variance counts, so that rows of a group have no one correlation; fit.residual_covariance(correlation=True) "
        "has those of the residuals."
    )


def _factors(estimate: Estimate) -> list[_Factor]:
    """Count the parts of every grouping factor; none where residuals are not correlated."""
    correlated = _correlated_groups(estimate)
    if correlated is None:
        return []
    found = [(group.name, estimate.rows.group_codes(g)) for g, group in enumerate(estimate.layout.groups)]
    return [_Factor(name, len(np.unique(codes)), _n_pairs(codes, correlated), len(codes)) for name, codes in found]


def _correlated_groups(estimate: Estimate) -> NDArray[np.int64] | None:
    """Return the group of every row within which residuals are correlated; None where they are not."""
    residual = estimate.request.residual
    if residual is None or residual.term is None or estimate.data.residual is None:
        return None
    return np.asarray(estimate.data.residual.arguments()["group"]).astype(np.int64)


def _n_pairs(codes: NDArray[np.uint32], others: NDArray[np.int64]) -> int:
    """Count the pairs of groups of two factors that have rows."""
    return len(np.unique(codes.astype(np.int64) * (int(others.max(initial=0)) + 1) + others))
