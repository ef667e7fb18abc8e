"""Columns of a frame as arrays, and grouping factors made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DataError, FormulaError, OptionError, suggestion
from ..formula import parse
from ..frame import Frame
from ..frame.values import level_text
from .units import Codes, Grouping, crossed_codes, dense

_MISSING = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A column: numbers with NaN where missing, or codes of levels with -1 where missing."""

    name: str
    values: NDArray[Any]
    levels: Sequence[str] | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.levels is None

    def missing(self) -> NDArray[np.bool_]:
        """Say which rows have no value."""
        return np.isnan(self.values) if self.levels is None else self.values < 0


def read_variables(frame: Frame, names: Sequence[str], labels: Sequence[str] = ()) -> dict[str, Variable]:
    """Read some columns; integers of those in `labels` keep all their digits."""
    for name in names:
        if name not in frame.names:
            raise DataError(f"the data have no column {name!r}{suggestion(name, frame.names)}")
    columns = frame.read(names, labels)
    return {
        name: _variable(name, values, levels) for name, values, levels, _ in columns.plain_values() if name in names
    }


def _variable(name: str, values: NDArray[Any], levels: Sequence[str] | None) -> Variable:
    if levels is not None:
        codes = values.astype(np.int64)
        codes[values == _MISSING] = -1
        return Variable(name, codes, levels)
    if values.dtype == np.uint8:  # truth values: anything but 0 and 1 is missing
        return Variable(name, np.where(values <= 1, values.astype(np.int64), -1), ("FALSE", "TRUE"))
    return Variable(name, values)


def grouping_columns(groups: "str | Sequence[str]", names: Sequence[str]) -> list[tuple[str, ...]]:
    """Read ``"school/classroom"``, ``"a:b"`` or names of columns: the columns of every grouping factor."""
    given = [groups] if isinstance(groups, str) else groups
    if not isinstance(given, Sequence) or not all(isinstance(text, str) for text in given):
        raise ArgumentError(f"groups={groups!r}: give names of columns, or one text such as 'school/classroom'")
    if not given:
        raise OptionError("groups=[]: name at least one grouping factor")
    found: list[tuple[str, ...]] = []
    for text in given:
        factors = [(text,)] if text in names else _factors(text)
        found += [columns for columns in factors if columns not in found]
    for name in dict.fromkeys(name for columns in found for name in columns):
        if name not in names:
            raise DataError(f"groups: the data have no column {name!r}{suggestion(name, names)}")
    return found


def _factors(text: str) -> list[tuple[str, ...]]:
    try:
        spec = parse(f"y ~ 1 + (1 | {text.strip().strip('()').removeprefix('1 |')})")
    except FormulaError as error:
        raise FormulaError(f"groups={text!r}: give names of columns, or 'school/classroom' as in formulas") from error
    return [tuple(column.name for factor in term.group for column in factor.columns()) for term in spec.random]


def make_grouping(columns: Sequence[str], variables: dict[str, Variable]) -> Grouping:
    """Make a grouping factor of a column, or of the combinations of several."""
    first, *others = (_of_column(variables[name]) for name in columns)
    for other in others:
        first = _interaction(first, other)
    return first


def _of_column(variable: Variable) -> Grouping:
    if variable.levels is None:
        codes, numbers = _numbered(variable.values)
        return Grouping(variable.name, codes, [level_text(number) for number in numbers.tolist()])
    codes, used = dense(variable.values, len(variable.levels))
    return Grouping(variable.name, codes, [variable.levels[k] for k in used.tolist()])


def _numbered(values: NDArray[np.float64]) -> tuple[Codes, NDArray[np.float64]]:
    """Return the codes of numbers, -1 where one is missing, and the numbers."""
    known = ~np.isnan(values)
    low = values[known].min() if known.any() else 0.0
    offsets = np.where(known, values - low, -1.0)
    if np.abs(offsets).max(initial=0) < len(values) and (offsets == np.floor(offsets)).all():
        codes, found = dense(offsets.astype(np.int64), int(offsets.max(initial=0)) + 1)
        return codes, found + low
    numbers, place = np.unique(values[known], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[known] = place
    return codes, numbers


def _interaction(first: Grouping, second: Grouping) -> Grouping:
    codes, *parts = crossed_codes(first.codes, second.codes, first.n_units, second.n_units)
    labels = [f"{first.labels[a]}:{second.labels[b]}" for a, b in zip(*(part.tolist() for part in parts), strict=True)]
    return Grouping(f"{first.name}:{second.name}", codes, labels)
