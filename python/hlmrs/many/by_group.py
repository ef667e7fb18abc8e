"""One model for each group of rows: the columns of its rows, fitted by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError, HlmrsError, OptionError, suggestion
from ..frame import Column, Frame, aside, known_cells, rows_of

Matrix = NDArray[np.float64]
Table = dict[str, Column]
FitRows: TypeAlias = Callable[[Columns, Matrix, NDArray[np.intp]], Table]
"""Fits columns and responses of some rows, whose places come last."""
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
