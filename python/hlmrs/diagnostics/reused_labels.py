"""Labels that begin anew in every group: classrooms 1 to 4 of each school, which HLM and SPSS nest unasked."""

import numpy as np

from ..estimation import Estimate


def reused_labels(estimate: Estimate) -> list[str]:
    """Say which grouping factors may be nested in another one, though the formula crosses them."""
    groups, rows = estimate.layout.groups, estimate.rows_if_kept
    if rows is None:
        return []
    notes = []
    for inner, own in enumerate(groups):
        for outer, other in enumerate(groups):
            if len(own.levels) < len(other.levels) and _begins_anew(estimate, inner, outer):
                notes.append(
                    f"The levels of {own.name} begin anew in every level of {other.name}.  If '{own.levels[0]}' of one "
                    f"is not '{own.levels[0]}' of another, write (1 | {other.name}/{own.name})."
                )
    return notes


def _begins_anew(estimate: Estimate, inner: int, outer: int) -> bool:
    """Whether every outer level has the first few of the inner levels, two or more, and several rows of each."""
    n_inner, n_outer = (len(estimate.layout.groups[k].levels) for k in (inner, outer))
    n_rows = estimate.layout.n_rows
    if n_inner * n_outer > 2 * n_rows:
        return False
    codes = estimate.rows.group_codes(outer).astype(np.int64) * n_inner + estimate.rows.group_codes(inner)
    seen = np.bincount(codes, minlength=n_inner * n_outer).reshape(n_outer, n_inner) > 0
    sizes = seen.sum(axis=1)
    first = np.arange(n_inner) < sizes[:, None]
    return bool((sizes > 1).all() and (seen == first).all() and 2 * sizes.sum() <= n_rows)
