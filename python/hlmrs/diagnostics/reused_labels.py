"""Labels that begin anew in every group: classrooms 1 to 4 of each school, which HLM and SPSS nest unasked."""

import re

import numpy as np

from ..estimation import Estimate

_MOST_MISSING = 0.1
"""Part of the labels up to a group's last one that may be missing."""


def reused_labels(estimate: Estimate) -> list[str]:
    """Say which grouping factors may be nested in another one, though the formula crosses them."""
    groups, rows = estimate.layout.groups, estimate.rows_if_kept
    if rows is None:
        return []
    notes = []
    for inner, own in enumerate(groups):
        for outer, other in enumerate(groups):
            if inner != outer and _is_inner(estimate, inner, outer):
                notes.append(
                    f"The levels of {own.name} begin anew in every level of {other.name}.  If '{own.levels[0]}' of one "
                    f"is not '{own.levels[0]}' of another, write (1 | {other.name}/{own.name})."
                )
    return notes


def _is_inner(estimate: Estimate, inner: int, outer: int) -> bool:
    """Whether labels of one factor begin anew in the levels of another; where each do, in those of the larger one."""
    n_inner, n_outer = (len(estimate.layout.groups[k].levels) for k in (inner, outer))
    if n_inner == n_outer or not _begins_anew(estimate, inner, outer):
        return False
    return n_inner < n_outer or not _begins_anew(estimate, outer, inner)


def _begins_anew(estimate: Estimate, inner: int, outer: int) -> bool:
    """Whether outer levels have the first few of the inner levels, most of them several, with several rows of each."""
    levels = estimate.layout.groups[inner].levels
    n_inner, n_outer = len(levels), len(estimate.layout.groups[outer].levels)
    n_rows = estimate.layout.n_rows
    if n_inner * n_outer > 2 * n_rows:
        return False
    codes = estimate.rows.group_codes(outer).astype(np.int64) * n_inner + estimate.rows.group_codes(inner)
    seen = np.bincount(codes, minlength=n_inner * n_outer).reshape(n_outer, n_inner) > 0
    seen = seen[:, sorted(range(n_inner), key=lambda k: _natural(levels[k]))]
    sizes, last = seen.sum(axis=1), n_inner - seen[:, ::-1].argmax(axis=1)
    few_missing = (last - sizes).sum() <= _MOST_MISSING * last.sum()
    return bool(2 * (sizes > 1).sum() > n_outer and few_missing and 2 * sizes.sum() <= n_rows)


def _natural(label: str) -> list[tuple[int, str]]:
    """Order labels as people do: 'class 2' before 'class 10'."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", label)]
