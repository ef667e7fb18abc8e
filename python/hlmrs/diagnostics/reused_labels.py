"""Grouping factors of a fit whose labels begin anew in every group of another one."""

from ..estimation import Estimate
from ..grouping import is_reused


def reused_labels(estimate: Estimate) -> list[str]:
    """Say which grouping factors may be nested in another one, though the formula crosses them."""
    groups, rows = estimate.layout.groups, estimate.rows_if_kept
    if rows is None:
        return []
    notes = []
    for inner, own in enumerate(groups):
        for outer, other in enumerate(groups):
            codes = (rows.group_codes(inner), rows.group_codes(outer)) if inner != outer else None
            if codes is not None and is_reused(*codes, own.levels, other.levels):
                notes.append(
                    f"The levels of {own.name} begin anew in every level of {other.name}.  If '{own.levels[0]}' of one "
                    f"is not '{own.levels[0]}' of another, write (1 | {other.name}/{own.name})."
                )
    return notes
