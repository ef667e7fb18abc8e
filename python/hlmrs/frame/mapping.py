"""A mapping of names to one-dimensional arrays, lists, or another library's series."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from .._core import Columns
from ..errors import DataError
from .kind import Column, Compute, Frame, plain_column
from .pandas_frame import add_series
from .values import add_values


def build(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Make a dictionary of arrays; texts are arrays of objects."""
    return {name: plain_column(column) for name, column in columns.items()}


class MappingFrame(Frame):
    """A mapping of columns."""

    kind = "dict"

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [str(name) for name in self._data]

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns."""
        arrays = {name: self._array(name) for name in names}
        _check_lengths(arrays)
        columns = Columns()
        for name, values in arrays.items():
            _add(columns, name, values, long_integers_are_labels=name in labels)
        return columns

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return a dictionary with further columns."""
        return {**self._data, **build(compute(self))}

    def _array(self, name: str) -> Any:
        values = self._data[name]
        if _library(values) in ("polars", "pandas", "pyarrow"):
            return values
        if not isinstance(values, np.ndarray):
            values = np.asarray(values) if _regular(values) else np.array(list(values), dtype=object)
        if values.ndim != 1:
            raise DataError(f"column {name!r} has {values.ndim} dimensions; give one one-dimensional array per column")
        return values


def _add(columns: Columns, name: str, values: Any, *, long_integers_are_labels: bool) -> None:
    """Add one column; another library's series keeps the type that it has there."""
    match _library(values):
        case "polars":
            columns.add_arrow(values.to_frame(name))
        case "pyarrow":
            import pyarrow as pa

            columns.add_arrow(pa.table({name: values}))
        case "pandas":
            import pandas as pd

            add_series(columns, name, pd.Series(values), long_integers_are_labels=long_integers_are_labels)
        case _:
            add_values(columns, name, np.asanyarray(values), long_integers_are_labels=long_integers_are_labels)


def _library(values: Any) -> str:
    return type(values).__module__.partition(".")[0]


def _regular(values: Any) -> bool:
    """Whether numpy sees the types as they are: a list of mixed types must stay mixed, not turn into text."""
    return len({type(value) for value in values}) <= 1


def _check_lengths(arrays: Mapping[str, Any]) -> None:
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise DataError(f"columns differ in length: {listed}; every column needs one value per row")
