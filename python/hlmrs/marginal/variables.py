"""The variables of the fixed part, as users name them."""

from itertools import combinations

from ..estimation import Estimate
from .grid import grid_columns


def fixed_variables(estimate: Estimate) -> list[str]:
    """Return the columns that predict, in the order of the formula."""
    factors = [factor for term in estimate.request.spec.terms for factor in term.factors]
    return list(dict.fromkeys(name for factor in factors for name in grid_columns(factor)))


def interacting_pairs(estimate: Estimate) -> list[tuple[str, str]]:
    """Return pairs of columns that interact, the first a number."""
    found: dict[tuple[str, str], None] = {}
    numeric = _numeric(estimate)
    for term in estimate.request.spec.terms:
        names = list(dict.fromkeys(name for factor in term.factors for name in grid_columns(factor)))
        for one, other in combinations(names, 2):
            first, second = (one, other) if one in numeric else (other, one)
            if first in numeric:
                found[first, second] = None
    return list(found)


def _numeric(estimate: Estimate) -> set[str]:
    """Return the columns that are no factors."""
    return {name for name in fixed_variables(estimate) if name not in estimate.layout.reference_levels}
