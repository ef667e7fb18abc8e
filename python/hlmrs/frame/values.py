"""A NumPy array as a column of the core: a number, or a category with its levels as text."""

import datetime
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError

MISSING = np.uint32(0xFFFFFFFF)
"""The code of a missing category."""

_LONGEST_EXACT = 2**53
_EXACT = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s", "ps": "ns", "fs": "ns", "as": "ns"}
"""The unit of the core for units that it does not have."""


def add_values(columns: Columns, name: str, values: NDArray[Any], *, long_integers_are_labels: bool = False) -> None:
    """Add an array of any type that has a meaning in a model."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values, np.nan) if values.dtype.kind == "f" else np.ma.filled(values.astype(object), None)
    kind = values.dtype.kind
    if kind in "iu" and long_integers_are_labels and _too_long(values):
        add_labels(columns, name, values.astype("U"))
    elif kind in "iuf":
        columns.add_numeric(name, np.ascontiguousarray(values, dtype=np.float64))
    elif kind == "b":
        columns.add_boolean(name, values.astype(np.uint8))
    elif kind == "U":
        add_labels(columns, name, values)
    elif kind == "S":
        _add_objects(columns, name, values.astype(object))
    elif kind in "Mm":
        add_times(columns, name, values)
    elif kind == "O":
        _add_objects(columns, name, values)
    else:
        raise DataError(f"column {name!r} is of type {values.dtype}; cast it to numbers or to text")


def add_codes(
    columns: Columns, name: str, codes: NDArray[Any], levels: Iterable[Any], *, declared: bool, ordered: bool = False
) -> None:
    """Add level codes, in which every negative one is a missing value."""
    unsigned = codes.astype(np.uint32)
    if codes.dtype.kind == "i":
        unsigned[codes < 0] = MISSING
    columns.add_categorical(name, unsigned, _texts(name, levels), ordered, declared)


def _texts(name: str, levels: Iterable[Any]) -> list[str]:
    try:
        return [level if type(level) is str else level_text(level) for level in levels]
    except UnicodeDecodeError as error:
        what = f"bytes that are no UTF-8 text, such as {error.object!r}"
        raise DataError(f"column {name!r} holds {what}; decode it first") from None


def add_labels(columns: Columns, name: str, labels: NDArray[Any]) -> None:
    """Add texts, whose levels have no declared order."""
    levels, codes = np.unique(labels, return_inverse=True)
    add_codes(columns, name, codes.astype(np.int64), levels, declared=False)


def add_times(columns: Columns, name: str, times: NDArray[Any], kind: str = "local") -> None:
    """Add dates, times (``"instant"`` in UTC, or of no zone), durations or times of day in a unit that the core has."""
    times = times.astype(times.dtype.newbyteorder("="))
    unit, step = np.datetime_data(times.dtype)
    exact = _EXACT.get(unit, unit)
    if exact != unit or step != 1:
        unit = exact
        times = times.astype(f"{times.dtype.kind}8[{unit}]")
    if times.dtype.kind == "m":
        kind = "time of day" if kind == "time of day" else "duration"
        unit = "s" if unit == "D" else unit
        times = times.astype(f"m8[{unit}]")
    columns.add_times(name, np.ascontiguousarray(times.view(np.int64)), unit, kind)


def level_text(level: Any) -> str:
    """Write a level as the core does for Arrow data: 2.0 is "2", a date is in ISO form."""
    if isinstance(level, str):
        return str(level)
    if isinstance(level, bytes):
        return level.decode()
    if isinstance(level, bool | np.bool_):
        return str(level).upper()
    if isinstance(level, datetime.date):
        return level.isoformat()
    if isinstance(level, numbers.Integral):
        return str(int(level))
    if isinstance(level, numbers.Real):
        return str(float(level)).removesuffix(".0")
    return str(level)


def _too_long(values: NDArray[Any]) -> bool:
    return bool(values.size and max(-int(values.min()), int(values.max())) > _LONGEST_EXACT)


def _add_objects(columns: Columns, name: str, values: NDArray[Any]) -> None:
    """Add Python objects if all that are not missing are of one kind."""
    present = np.array([not _absent(value) for value in values], dtype=bool)
    shown = values[present]
    kinds = {_kind(value) for value in shown}
    if len(kinds) > 1:
        raise _mixed(name, shown)
    kind = kinds.pop() if kinds else "number"
    if kind == "number":
        numeric = np.full(len(values), np.nan)
        numeric[present] = [float(value) for value in shown]
        columns.add_numeric(name, numeric)
    elif kind == "truth":
        columns.add_boolean(name, np.array([2 if _absent(value) else int(value) for value in values], dtype=np.uint8))
    elif kind == "text":
        _add_object_levels(columns, name, values, present)
    elif kind in _TIMES:
        _add_object_times(columns, name, shown, present, kind)
    else:
        raise DataError(
            f"column {name!r} holds values of type {kind}, such as {shown[0]!r}; cast it to numbers or to text"
        )


def _add_object_levels(columns: Columns, name: str, values: NDArray[Any], present: NDArray[np.bool_]) -> None:
    numbered: dict[str, int] = {}
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[present] = [numbered.setdefault(text, len(numbered)) for text in _texts(name, values[present])]
    add_codes(columns, name, codes, numbered, declared=False)


_TIMES = {"date": "M8[D]", "time": "M8[us]", "instant": "M8[us]", "duration": "m8[us]", "time of day": "m8[us]"}
"""Kinds of Python's dates and times, each with the type of an array of them."""


def _add_object_times(columns: Columns, name: str, shown: Any, present: NDArray[np.bool_], kind: str) -> None:
    """Add Python's dates and times; instants of any zone in UTC."""
    times = np.full(len(present), "NaT", dtype=_TIMES[kind])
    if kind == "instant":
        shown = [value.astimezone(datetime.UTC).replace(tzinfo=None) for value in shown]
    if kind == "time of day":
        start = datetime.datetime.min
        shown = [datetime.datetime.combine(start, value.replace(tzinfo=None)) - start for value in shown]
    times[present] = list(shown)
    add_times(columns, name, times, "local" if kind in ("date", "time") else kind)


def _kind(value: Any) -> str:
    if isinstance(value, str | bytes):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "truth"
    if isinstance(value, numbers.Real) or type(value).__name__ == "Decimal":
        return "number"
    if isinstance(value, np.datetime64):
        return "time"
    if isinstance(value, datetime.datetime):
        return "time" if value.tzinfo is None else "instant"
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, datetime.time):
        return "time of day"
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return "duration"
    return type(value).__name__


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which values of an array of any type are missing."""
    if values.dtype.kind == "O":
        return np.array([_absent(value) for value in values], dtype=bool)
    return np.asarray(values != values)


def _absent(value: Any) -> bool:
    """None, NaN, and the NA and NaT of pandas, which are not equal to themselves or have no truth value."""
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def _mixed(name: str, values: NDArray[Any]) -> DataError:
    first = values[0]
    other = next(value for value in values if _kind(value) != _kind(first))
    return DataError(
        f"column {name!r} mixes types: {first!r} is {type(first).__name__}, {other!r} is {type(other).__name__}; "
        "cast it to numbers or to text"
    )
