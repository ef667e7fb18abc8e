"""Sets of rows to leave out: the groups of a factor, of a column or of labels, sets as they are, or every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, DesignError, OptionError, choose, suggestion
from ..estimation import Estimate
from ..formula.names import find_name
from ..inference import coded_column, coded_labels, require_random_effects


@dataclass(frozen=True, slots=True, eq=False)
class RowSets:
    """Set k has the rows ``members[ptr[k]:ptr[k + 1]]`` of those used."""

    name: str
    labels: list[str]
    ptr: NDArray[np.int64]
    members: NDArray[np.uint32]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows in every set."""
        return np.diff(self.ptr)


def row_sets(estimate: Estimate, by: Any) -> RowSets:
    """Read what to leave out."""
    if by is None:
        return _every_row(estimate)
    if isinstance(by, str):
        return _named(estimate, by)
    if isinstance(by, Mapping):
        return _given(estimate, {str(name): rows for name, rows in by.items()})
    if isinstance(by, Sequence) and by and all(_is_set(rows) for rows in by):
        return _given(estimate, {str(k): rows for k, rows in enumerate(by)})
    return _labelled(estimate, by)


def of_codes(name: str, codes: NDArray[Any], labels: list[str]) -> RowSets:
    """Return the sets of rows with the same code; negative ones belong to none."""
    order = np.argsort(codes, kind="stable")
    members = order[codes[order] >= 0].astype(np.uint32)
    sizes = np.bincount(codes[codes >= 0].astype(np.int64), minlength=len(labels))
    present = sizes > 0
    ptr = np.concatenate([[0], np.cumsum(sizes[present])]).astype(np.int64)
    return RowSets(name, [label for label, there in zip(labels, present, strict=True) if there], ptr, members)


def group_index(estimate: Estimate, name: str | None, option: str = "group") -> int:
    """Return the index of a grouping factor; by default the one with most levels."""
    groups = estimate.layout.groups
    require_random_effects(estimate)
    if name is None:
        return max(range(len(groups)), key=lambda k: len(groups[k].levels))
    found = estimate.layout.find_group(name)
    names = estimate.layout.group_names
    return names.index(choose(option, name, names)) if found is None else found


def fewest_levels(estimate: Estimate) -> str:
    """Return the grouping factor, of random effects or of residuals, that has fewest levels."""
    groups = {group.name: len(group.levels) for group in estimate.layout.groups}
    groups |= {group.name: group.n for group in estimate.layout.residual_groups}
    if not groups:
        raise OptionError("the model has no groups")
    return min(groups, key=lambda name: groups[name])


def _is_set(rows: Any) -> bool:
    return isinstance(rows, Sequence | np.ndarray | range) and not isinstance(rows, str)


def _every_row(estimate: Estimate) -> RowSets:
    n = estimate.layout.n_rows
    return RowSets("row", estimate.row_labels(), np.arange(n + 1, dtype=np.int64), np.arange(n, dtype=np.uint32))


def _named(estimate: Estimate, name: str) -> RowSets:
    k = estimate.layout.find_group(name)
    if k is not None:
        group = estimate.layout.groups[k]
        return of_codes(group.name, estimate.rows.group_codes(k).astype(np.int64), list(group.levels))
    residual = estimate.data.residual
    if residual is not None and residual.own is not None and residual.own.term.label == name:
        own = residual.own.group.used(np.flatnonzero(residual.known))
        return of_codes(name, own.codes.astype(np.int64), own.levels)
    frame = estimate.frame
    column = find_name(name, frame.names)
    if column is None:
        raise OptionError(
            f"by={name!r}: the data have no such column{suggestion(name, [*estimate.layout.group_names, *frame.names])}"
        )
    try:
        codes, levels = coded_column(estimate, column)
    except DesignError as error:
        raise OptionError(f"by={name!r} has one level: nothing is left without its rows") from error
    return of_codes(name, codes, levels)


def _labelled(estimate: Estimate, labels: Any) -> RowSets:
    instead = "name a grouping factor or a column, give sets of rows"
    codes, levels = coded_labels(estimate, "by", labels, instead)
    return of_codes("label", codes, [str(level) for level in levels])


def _given(estimate: Estimate, sets: Mapping[str, Any]) -> RowSets:
    """Read sets of positions among the rows of the data."""
    rows = estimate.rows
    total, kept = rows.n_rows_input, rows.kept
    place = np.arange(total) if kept is None else np.where(kept, np.cumsum(kept) - 1, -1)
    found = []
    for name, members in sets.items():
        positions = np.unique(np.asarray(members))
        whole = positions.dtype.kind in "iu" or not positions.size
        if not whole or (positions.size and bool(positions.min() < 0 or positions.max() >= total)):
            raise DataError(f"by: set {name!r} must have whole numbers from 0 to {total - 1}, positions of rows")
        used = place[positions.astype(np.int64)]
        found.append(used[used >= 0].astype(np.uint32))
        if not found[-1].size:
            raise DataError(f"by: set {name!r} has no row that the fit used")
    sizes = [len(members) for members in found]
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return RowSets("set", list(sets), ptr, np.concatenate(found) if found else np.empty(0, dtype=np.uint32))
