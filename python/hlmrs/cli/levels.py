"""Orders of levels that a command line declares."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core import Columns
from ..errors import DataError, HlmrsError, listed
from ..frame import CategoricalColumn, Frame, open_frame


def with_levels(data: Any, pairs: Sequence[str]) -> Any:
    """Declare the order of the levels of columns of text: ``COLUMN=LOW,...,HIGH`` each."""
    for pair in pairs:
        column, _, given = pair.partition("=")
        levels = [level.strip() for level in given.split(",")]
        if not column or not all(levels) or len(set(levels)) < max(2, len(levels)):
            raise HlmrsError(
                f"--levels {pair}: write COLUMN=LOW,...,HIGH with each level once, such as severity=none,mild,severe"
            )
        data = _declared(open_frame(data), column.strip(), levels)
    return data


def _declared(frame: Frame, column: str, levels: list[str]) -> Any:
    if frame.kind == "dict":
        raise HlmrsError("--levels needs Polars or pandas: pip install polars")
    if column not in frame.names:
        raise DataError(f"--levels {column}=...: the file has no such column; it has {listed(frame.names)}")
    found = _coded(frame.read([column], [column]), column, levels)
    return frame.extend([column], lambda _: {column: found})


def _coded(columns: Columns, column: str, levels: list[str]) -> CategoricalColumn:
    """Return the column with its levels in the order that is declared."""
    ((_, values, own, _),) = columns.plain_values()
    if own is None:
        raise DataError(f"--levels {column}=...: the column holds no text; numbers have their order already")
    codes = values.astype(np.int64)
    used = [own[k] for k in np.unique(codes[codes < len(own)])]
    for there, other, what in (
        (used, levels, "has the level {!r}, which is not listed"),
        (levels, used, "has no row with {!r}"),
    ):
        if missing := next((level for level in there if level not in other), None):
            raise DataError(f"--levels {column}={','.join(levels)}: column {column!r} {what.format(missing)}")
    place = np.array([levels.index(level) if level in levels else -1 for level in own] + [-1], dtype=np.int32)
    return CategoricalColumn(place[np.minimum(codes, len(own))], levels, ordered=True)
