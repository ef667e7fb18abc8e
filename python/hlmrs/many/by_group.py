"""One model for each group of rows: the columns of its rows, fitted by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError, HlmrsError, OptionError, suggestion
from ..frame import Column, Frame, aside

Matrix = NDArray[np.float64]
Table = dict[str, Column]
FitRows: TypeAlias = Callable[[Columns, Matrix, NDArray[np.intp]], Table]
"""Fits columns and responses of some rows, whose places come last."""
_MISSING = 0xFFFFFFFF
_NO_TRUTH = 2
"""A missing truth value is anything but 0 and 1."""
_NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n_obs", "criterion")


def table_by_group(
    frame: Frame, by: str, columns: Columns, values: Matrix, names: Sequence[str], fit: FitRows
) -> Table:
    """Fit every group of rows, and put the tables below each other, each with the group's value in a column `by`.

    Of a group that cannot be fitted there is one row for each response, with the reason.
    """
    codes, labels = _groups(frame, by)
    if len(codes) != columns.n_rows:
        raise DataError(f"by={by!r} has {len(codes)} rows, and the data {columns.n_rows}")
    tables, sizes = [], []
    for k in range(len(labels)):
        rows = np.flatnonzero(codes == k)
        tables.append(_fitted(columns, values, rows, names, fit))
        sizes.append(len(np.asarray(tables[-1]["estimate"])))
    place = np.repeat(np.arange(len(labels)), sizes)
    first = np.array([int(np.flatnonzero(codes == k)[0]) for k in range(len(labels))])
    shown = [labels[k] for k in place]
    own = frame.keys(by, shown, first[place])
    joined = {name: _below([table[name] for table in tables]) for name in tables[0]}
    return aside({by: shown if own is None else own}, set(joined)) | joined


def _groups(frame: Frame, by: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return the group of every row, -1 where it is missing, and what the groups with rows are called."""
    if by not in frame.names:
        raise OptionError(f"by={by!r}: the data have no such column{suggestion(by, frame.names)}")
    ((_, values, levels, _),) = frame.read([by]).plain_values()
    own = np.asarray(values)
    known = known_cells(own, levels)
    used, place = np.unique(own[known], return_inverse=True)
    codes = np.full(len(own), -1, dtype=np.int64)
    codes[known] = place.ravel()
    return codes, [levels[int(value)] if levels is not None else f"{value:.15g}" for value in used]


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


def _fitted(columns: Columns, values: Matrix, rows: NDArray[np.intp], names: Sequence[str], fit: FitRows) -> Table:
    try:
        return fit(rows_of(columns, rows), np.ascontiguousarray(values[:, rows]), rows)
    except HlmrsError as error:
        n = len(names)
        blank: Mapping[str, Any] = {name: np.full(n, np.nan) for name in _NUMBERS}
        texts = {"response": list(names), "effect": ["fixed"] * n, "group": [None] * n, "term": [None] * n}
        return {**texts, **blank, "status": ["failed"] * n, "reason": [str(error).split("\n")[0]] * n}


def _below(parts: Sequence[Any]) -> Column:
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return [value for part in parts for value in (part.tolist() if isinstance(part, np.ndarray) else part)]
