"""A column's levels as Polars sees them: what a row is looked up by, by the type of the column.

A level is known by its canonical text (rust/design/label.rs).  Whole numbers are looked up as numbers, everything else
by an expression that writes the same text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_WHOLE = re.compile(r"[+-]?\d{1,18}")
_SPELT_WHOLE = re.compile(r"[+-]?\d{1,18}\.0*")
_WITHOUT_ZEROS = r"^([+-]?\d{1,18})\.0*$"
_INSTANT = "%Y-%m-%dT%H:%M:%S%.f"


class NoExpressionError(Exception):
    """What expressions of Polars cannot say exactly."""


@dataclass(frozen=True, slots=True)
class LevelKey:
    """An expression for the rows, and each level's value of it; None for a level that no row of this type can have."""

    expr: Any
    levels: Sequence[Any]
    dtype: Any


def level_key(name: str, dtype: Any, levels: Sequence[str]) -> LevelKey:
    """Say how the levels of a fit are found in a column of some type; null where the column misses a value."""
    import polars as pl

    column = pl.col(name)
    if dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128) and str(dtype) != "UInt128":
        return LevelKey(column.cast(pl.Int64), [_whole(level) for level in levels], pl.Int64)
    if dtype == pl.Float64:
        return LevelKey(column.fill_nan(None), [_number(level) for level in levels], dtype)
    if dtype == pl.Float32:  # the shortest text that reads back as the same single
        numbers = column.fill_nan(None).cast(pl.String).cast(pl.Float64)
        return LevelKey(numbers, [_number(level) for level in levels], pl.Float64)
    return LevelKey(_text(column, dtype, levels), list(levels), pl.String)


def text_key(name: str) -> Any:
    """Write the text of a column whose type is not known: texts, whole numbers, booleans."""
    import polars as pl

    return pl.col(name).cast(pl.String).str.replace(_WITHOUT_ZEROS, "${1}")


def _text(column: Any, dtype: Any, levels: Sequence[str]) -> Any:
    import polars as pl

    base = dtype.base_type()
    if base in (pl.String, pl.Categorical, pl.Enum):
        return _as_written(column.cast(pl.String), levels)
    if base == pl.Boolean:
        return column.cast(pl.String).str.to_uppercase()
    if base in (pl.Null, pl.Date) or dtype.is_integer():
        return column.cast(pl.String)
    if base == pl.Datetime:
        if dtype.time_zone is None:
            return column.dt.strftime(_INSTANT)
        return column.dt.convert_time_zone("UTC").dt.strftime(_INSTANT + "Z")
    if base == pl.Decimal:
        text = column.cast(pl.String)
        return pl.when(text.str.contains(".", literal=True)).then(text.str.replace(r"\.?0*$", "")).otherwise(text)
    raise NoExpressionError(f"groups of the Polars type {dtype}")


def _as_written(text: Any, levels: Sequence[str]) -> Any:
    """Match a text as it is, or "1.0" as the whole number 1."""
    if not any(_WHOLE.fullmatch(level) for level in levels):
        return text
    if any(_SPELT_WHOLE.fullmatch(level) for level in levels):
        raise NoExpressionError("levels of text such as '1' and '1.0' beside each other")
    return text.str.replace(_WITHOUT_ZEROS, "${1}")


def _whole(level: str) -> int | None:
    return int(level) if _WHOLE.fullmatch(level) and str(int(level)) == level else None


def _number(level: str) -> float | None:
    try:
        value = float(level)
    except ValueError:
        return None
    return value if np.isfinite(value) and _number_text(value) == level else None


def _number_text(value: float) -> str:
    """Write a number as the label of its level."""
    if value == np.trunc(value) and abs(value) < 1e15:
        return f"{value:.0f}"
    return np.format_float_positional(value, trim="-")
