"""When the rows of a group were taken: whole numbers, equal for all rows of the same time."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Rows
from ..errors import DataError, OptionError
from ..formula import ColumnName
from ..frame import Frame
from .response import MISSING
from .rows import evaluate

Vector = NDArray[np.float64]

_MOST_WAVES = 1_000_000
_UNIT = 1e-6
"""Part of a step within which times count as whole steps."""


@dataclass(frozen=True, slots=True)
class Waves:
    """The wave of every row used, from 0; None where rows of a group count from zero.  `labels` are times of waves."""

    codes: NDArray[np.uint32] | None
    labels: tuple[str, ...] = ()


def waves_of(time: str | None, correlation: str, groups: str, frame: Frame, rows: Rows) -> Waves:
    """Read the waves of the rows used.

    For ``"ar1"`` they count the steps of which all gaps between times are multiples, for others the times that there
    are; levels of an ordered category are one step apart.
    """
    if time is None:
        return Waves(None)
    columns = frame.read([time], set())
    values, labels = _times(time, columns)
    kept = rows.kept
    used = values if kept is None else values[kept]
    if np.isnan(used).any():
        bad = np.flatnonzero(np.isnan(values) if kept is None else np.isnan(values) & kept)
        raise DataError(
            f"time={time!r} is missing in {len(bad):,} rows, first in row {bad[0]} (counted from 0); fill it in, or "
            "leave these rows out"
        )
    _refuse_repeats(time, groups, used, labels, rows)
    distinct, codes = np.unique(used, return_inverse=True)
    texts = tuple(labels[int(v)] if labels else f"{v:.15g}" for v in distinct)
    if correlation == "ar1" and labels is None:
        codes, texts = _steps(time, used, distinct), ()
    elif correlation == "ar1":
        codes, texts = (used - distinct[0]).astype(np.int64), ()
    return Waves(np.ascontiguousarray(codes.ravel(), dtype=np.uint32), texts)


def _times(time: str, columns: Columns) -> tuple[Vector, list[str] | None]:
    """Return numbers, and the labels of a category of which they are the places."""
    ((_, values, levels, is_category),) = columns.plain_values()
    if levels is None:
        return evaluate(columns, ColumnName(time, (0, 0))), None
    codes = np.asarray(values)
    missing = codes == MISSING
    if is_category:
        return np.where(missing, np.nan, codes.astype(np.float64)), list(levels)
    try:
        days = np.array([level.removesuffix("Z") for level in levels], dtype="datetime64[us]").astype(np.float64)
    except ValueError:
        example = levels[0] if levels else ""
        raise DataError(
            f"time={time!r} is text, such as {example!r}, whose order is not known; make it a number, a date, or an "
            "ordered category"
        ) from None
    return np.where(missing, np.nan, days[np.where(missing, 0, codes)]), None


def _refuse_repeats(time: str, groups: str, used: Vector, labels: list[str] | None, rows: Rows) -> None:
    """Refuse two rows of a group at one time."""
    codes = rows.group_codes(0)
    order = np.lexsort((used, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(used[order]) == 0)
    if not same.any():
        return
    row = order[int(np.flatnonzero(same)[0])]
    at: Any = labels[int(used[row])] if labels else f"{used[row]:g}"
    raise DataError(
        f"group {rows.group_levels(0)[codes[row]]!r} of groups={groups!r} has more than one row at time {at} of "
        f"time={time!r}; {int(same.sum()):,} rows repeat the time of another of their group"
    )


def _steps(time: str, used: Vector, distinct: Vector) -> NDArray[np.int64]:
    """Count steps from the first time: the largest step of which all gaps are multiples."""
    if len(distinct) < 2:
        return np.zeros(len(used), dtype=np.int64)
    gaps = np.diff(distinct)
    tolerance = _UNIT * float(gaps.min())
    step = reduce(lambda a, b: _common(a, b, tolerance), gaps.tolist())
    exact = (distinct - distinct[0]) / step
    if exact[-1] > _MOST_WAVES or np.abs(exact - np.round(exact)).max() > 1e3 * _UNIT:
        raise OptionError(
            f"time={time!r}: correlation='ar1' counts the steps between times, and these, such as {distinct[0]:g}, "
            f"{distinct[1]:g}, share no step of which there are fewer than {_MOST_WAVES:,}; round them, or use "
            "'exchangeable'"
        )
    return np.asarray(np.round((used - distinct[0]) / step).astype(np.int64))


def _common(a: float, b: float, tolerance: float) -> float:
    """Return the greatest common divisor of two lengths, rounding apart."""
    while b > tolerance:
        a, b = b, a % b
        if a - b < tolerance:  # a remainder that rounding leaves of a whole
            b = 0.0
    return a
