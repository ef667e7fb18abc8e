"""A mapping of names to one-dimensional arrays, lists, or another library's series."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError
from .alignment import has_index, in_order
from .kind import Column, Compute, Frame, check_unique, plain_column
from .names import aside
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
        self._keys = {str(key): key for key in data}

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [str(name) for name in self._data]

    @property
    def index(self) -> Any:
        """The index of the first pandas Series among the columns, which the others are put in the order of."""
        return next((values.index for values in self._data.values() if has_index(values)), None)

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns."""
        check_unique(self.names, names)
        index = self.index
        arrays = _of_one_length({name: self._array(name, index) for name in names}, self._n_rows())
        columns = Columns()
        for name, values in arrays.items():
            _add(columns, name, values, long_integers_are_labels=name in labels)
        return columns

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Look the rows up."""
        values = self._array(name, self.index)
        return np.asarray(values)[rows] if getattr(values, "ndim", 1) else np.full(len(rows), values[()])

    def take(self, rows: NDArray[np.intp]) -> Frame:
        """Take the rows of arrays."""
        index, n = self.index, self._n_rows()
        arrays = {name: np.asarray(self._array(name, index)) for name in self.names}
        return type(self)({name: np.broadcast_to(a, n)[rows] if a.ndim == 0 else a[rows] for name, a in arrays.items()})

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return a dictionary with further columns."""
        return {**aside(self._data, names), **build(compute(self))}

    def _n_rows(self) -> int:
        """Count the rows, which columns of one value alone have one of."""
        columns = (values for values in self._data.values() if not _is_scalar(values))
        return next((len(values) for values in columns if hasattr(values, "__len__")), 1)

    def _array(self, name: str, index: Any) -> Any:
        values = self._data[self._keys[name]]
        if _library(values) in ("polars", "pandas", "pyarrow") and hasattr(values, "__len__"):
            return in_order(f"column {name!r}", values, index)
        if isinstance(values, set | frozenset | Mapping):
            raise DataError(f"column {name!r} is a {type(values).__name__}, which has no rows in order; give a list")
        values = values if isinstance(values, np.ndarray) else _as_array(values)
        if values.ndim > 1:
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


def _is_scalar(values: Any) -> bool:
    """Whether this is one value, which stands for every row."""
    return isinstance(values, str | bytes) or not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0


def _as_array(values: Any) -> Any:
    """Make an array of a sequence; of one value an array without dimensions."""
    scalar = _is_scalar(values)
    values = [values] if scalar else list(values)
    shape = () if scalar else (len(values),)
    if _regular(values) and not isinstance(next(iter(values), None), list | tuple | np.ndarray | bytes):
        return np.asarray(values).reshape(shape)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _regular(values: Any) -> bool:
    """Whether numpy sees the types as they are: a list of mixed types must stay mixed, not turn into text."""
    return len({type(value) for value in values}) <= 1


def _of_one_length(arrays: Mapping[str, Any], n_rows: int) -> dict[str, Any]:
    """Repeat single values, and refuse columns that differ in length."""
    columns = {
        name: np.full(n_rows, values[()]) if getattr(values, "ndim", 1) == 0 else values
        for name, values in arrays.items()
    }
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise DataError(f"columns differ in length: {listed}; every column needs one value per row")
    return columns
