"""Rows of data, with more or fewer levels of a grouping factor: levels are taken in turn, each with all of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import OptionError, listed, suggestion
from ..frame import known_cells, rows_of

Codes = NDArray[np.intp]


def extended_columns(columns: Columns, levels: Mapping[str, int], groups: Sequence[str]) -> Columns:
    """Return columns in which each of some grouping columns has so many levels.

    Copies of a level have new levels of every grouping column that lies within it, and the same of all others.
    """
    read = _grouping(columns, groups)
    rows = np.arange(columns.n_rows)
    copies = {name: np.zeros(columns.n_rows, dtype=np.intp) for name in read}
    for name, n in levels.items():
        if name not in read:
            raise OptionError(
                f"extend: {name!r} is no column of a grouping factor{suggestion(name, [*read])}; extend one of "
                f"{listed([*read])}"
            )
        own = _labelled(read[name][rows], copies[name])
        taken, copy = _repeated(own, _count(name, n))
        inner = [other for other in read if other == name or _is_within(read[other][rows], read[name][rows])]
        rows = rows[taken]
        copies = {other: values[taken] for other, values in copies.items()}
        for other in inner:
            copies[other] = _labelled(copies[other], copy)
    renamed = {name: _labelled(read[name][rows], copy) for name, copy in copies.items() if copy.any()}
    return rows_of(columns, rows, renamed)


def grouped_rows(columns: Columns, groups: Sequence[str]) -> Columns:
    """Return the rows that belong to a level of every grouping column: those that a model of them keeps."""
    found = [known_cells(values, levels) for name, values, levels, _ in columns.plain_values() if name in groups]
    known = np.logical_and.reduce(found) if found else np.ones(columns.n_rows, dtype=bool)
    return columns if known.all() else rows_of(columns, np.flatnonzero(known))


def level_counts(columns: Columns, groups: Sequence[str]) -> dict[str, int]:
    """Count the levels of grouping columns."""
    return {name: int(codes.max()) + 1 for name, codes in _grouping(columns, groups).items()}


def _grouping(columns: Columns, groups: Sequence[str]) -> dict[str, Codes]:
    return {name: _codes(values) for name, values, _, _ in columns.plain_values() if name in groups}


def _count(name: str, n: Any) -> int:
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise OptionError(f"extend={{{name!r}: {n!r}}}: give the number of levels, a whole number from 1 on")
    return int(n)


def _codes(values: Any) -> Codes:
    """Return the levels of a column, numbered by their first rows."""
    _, first, inverse = np.unique(np.asarray(values), return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.ravel()])


def _labelled(codes: Codes, copies: Codes) -> Codes:
    """Return numbers of levels and copies of them."""
    return np.asarray(np.unique(np.stack([copies, codes], axis=1), axis=0, return_inverse=True)[1].ravel())


def _repeated(codes: Codes, n: int) -> tuple[Codes, Codes]:
    """Return the rows of n levels, taken in turn, and which copy of its level each row is in."""
    n_levels = int(codes.max()) + 1
    by_level = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    taken = [by_level[k % n_levels] for k in range(n)]
    copy = np.repeat(np.arange(n) // n_levels, [len(rows) for rows in taken])
    return np.concatenate(taken), copy


def _is_within(inner: Codes, outer: Codes) -> bool:
    """Whether every level of one column lies in one of the other."""
    pairs = np.unique(np.stack([inner, outer], axis=1), axis=0)
    return len(pairs) == len(np.unique(inner))
