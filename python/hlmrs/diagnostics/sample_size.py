"""Whether groups are few, or have few rows, and which numbers of a fit suffer from it.

Few groups: variances between groups have wide, skewed intervals, and maximum likelihood puts them too low (Maas and Hox
2005, Methodology 1, 86-92; McNeish and Stapleton 2016, Educ. Psychol. Rev. 28, 295-314; docs/coverage.md).  Few rows a
group: a variance rests on those groups that have more, and Laplace's approximation is poor for binary rows.
"""

from collections.abc import Iterator

import numpy as np

from ..errors import listed
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..formula import PLAIN, STRUCTURES

_FEW_GROUPS, _FEW_BY_ML = 10, 30
_FEW_BINARY_ROWS = 6
_MANY = 0.5
"""The share of groups that have too few rows from which on it is said."""


def small_samples(estimate: Estimate, *, adjusted: bool = False) -> Iterator[str]:
    """Say in a sentence each which grouping factors are small, and what suffers.

    `adjusted` says that tests are Kenward and Roger's, which are made for few groups.
    """
    for g, group in enumerate(estimate.layout.groups):
        if estimate.layout.terms_of(g):
            yield from _of_few_groups(estimate, g, adjusted)
            yield from _of_few_rows(estimate, g, group.name)


def _of_few_groups(estimate: Estimate, g: int, adjusted: bool) -> Iterator[str]:
    """Say what suffers where there are few groups."""
    group = estimate.layout.groups[g]
    n, counted = len(group.levels), f"Few groups ({len(group.levels)} of {group.name})"
    of_tests = _on_tests(estimate, g, adjusted) if n < _FEW_GROUPS else ""
    if not estimate.request.reml and n < _FEW_BY_ML:
        yield (f"{counted} for maximum likelihood: the variances between them are too low{of_tests}; use reml=True.")
    elif n < _FEW_GROUPS:
        yield f"{counted}: the variances between them are uncertain{of_tests}."


def _on_tests(estimate: Estimate, g: int, adjusted: bool) -> str:
    """Say what few groups do to tests of predictors that are constant within groups, if there are some."""
    terms = None if estimate.between_terms is None else estimate.between_terms[g]
    if adjusted or estimate.verdict.flat_terms or (terms is not None and not terms):
        return ""
    what = "predictors that vary between them" if terms is None else f"{listed(terms)}, constant within them,"
    if isinstance(estimate, GeneralizedEstimate):
        return f", and tests of {what} too bold"
    return f"; test {what} by ddf='kenward-roger'" if estimate.request.reml else ""


def _of_few_rows(estimate: Estimate, g: int, name: str) -> Iterator[str]:
    """Say what suffers where groups have few rows."""
    sizes, effects = estimate.group_rows[g], _free_effects(estimate, g)
    short, n = int((sizes <= effects).sum()), len(sizes)
    if _MANY * n <= short < n:
        rows = "one row" if effects == 1 else f"no more rows than random effects ({effects})"
        what = "variance rests" if effects == 1 else "variances rest"
        yield f"{short:,} of {n:,} groups of {name} have {rows}: the {what} on the other {n - short:,}."
    if _is_binary_by_laplace(estimate) and np.median(sizes) < _FEW_BINARY_ROWS:
        yield (
            f"Few binary rows a group (median {np.median(sizes):g} of {name}): Laplace's approximation makes the "
            "variance too small; see fit.approximation, and nagq=."
        )


def _free_effects(estimate: Estimate, g: int) -> int:
    """Count the random effects of a group whose variances are free; structured ones share their parameters."""
    terms = [estimate.layout.random[k] for k in estimate.layout.terms_of(g)]
    free = [term for term in terms if term.structure == PLAIN or STRUCTURES[term.structure].independent]
    return sum(len(term.columns) for term in free)


def _is_binary_by_laplace(estimate: Estimate) -> bool:
    """Whether rows are successes and failures, and the likelihood is Laplace's."""
    if not isinstance(estimate, GeneralizedEstimate) or estimate.generalized.approximation != "laplace":
        return False
    if estimate.rows_if_kept is None:
        return False
    return estimate.family.name == "binomial" and estimate.response.trials is None
