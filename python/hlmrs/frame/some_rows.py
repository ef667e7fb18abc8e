"""Some rows of columns that were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from .kind import Column

_MISSING = 0xFFFFFFFF
_NO_TRUTH = 2
"""A missing truth value is anything but 0 and 1."""


def known_cells(values: Column, levels: Sequence[str] | None) -> NDArray[np.bool_]:
    """Return which plain values of a column are not missing."""
    own = np.asarray(values)
    if own.dtype.kind == "f":
        return np.asarray(~np.isnan(own))
    return np.asarray(own != _MISSING if levels is not None else own < _NO_TRUTH)


def rows_of(columns: Columns, rows: NDArray[np.intp], renamed: Mapping[str, NDArray[np.intp]] | None = None) -> Columns:
    """Return some rows of columns; levels that have none there are left out.

    Columns of `renamed` have the numbers given there as their levels instead.
    """
    found = Columns()
    for name, values, levels, declared in columns.plain_values():
        own = values[rows]
        if renamed and name in renamed:
            texts = [str(k + 1) for k in range(int(renamed[name].max()) + 1)]
            found.add_categorical(name, renamed[name].astype(np.uint32), texts, False, True)
        elif levels is not None:
            codes, kept = _without_unused(own.astype(np.uint32), levels)
            found.add_categorical(name, codes, kept, False, declared)
        elif own.dtype == np.uint8:
            found.add_boolean(name, np.ascontiguousarray(own))
        else:
            found.add_numeric(name, np.ascontiguousarray(own))
    return found


def _without_unused(codes: NDArray[np.uint32], levels: Sequence[str]) -> tuple[NDArray[np.uint32], list[str]]:
    used = np.unique(codes[codes != _MISSING])
    new = np.full(len(codes), _MISSING, dtype=np.uint32)
    known = codes != _MISSING
    new[known] = np.searchsorted(used, codes[known])
    return new, [levels[int(code)] for code in used]
