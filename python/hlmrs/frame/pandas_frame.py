"""pandas DataFrames, with and without pyarrow."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from .kind import CategoricalColumn, Column, Compute, Frame, check_unique, plain_column
from .names import new_names
from .values import add_codes, add_times, add_values


def build(columns: Mapping[str, Column], index: Any = None) -> Any:
    """Make a DataFrame, with the rows counted or an index; missing texts are None, missing numbers NaN."""
    import pandas as pd

    def series(column: Column) -> Any:
        if isinstance(column, CategoricalColumn):
            return pd.Categorical.from_codes(column.codes, categories=list(column.levels), ordered=column.ordered)
        return plain_column(column)

    return pd.DataFrame({name: series(column) for name, column in columns.items()}, index=index)


class PandasFrame(Frame):
    """A DataFrame."""

    kind = "pandas"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self._keys: tuple[Any, list[Any]] = (None, [])

    @property
    def keys_of_columns(self) -> list[Any]:
        """What the columns are called, of any type; the index of columns, which other columns replace, is read once."""
        index = self._data.columns
        if self._keys[0] is not index:
            self._keys = (index, _values_of(index))
        return self._keys[1]

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return list(map(str, self.keys_of_columns))

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns: arrays, or codes and levels."""
        keys, own = self.keys_of_columns, self.names
        check_unique(own, names)
        columns = Columns()
        for name in names:
            place = own.index(name)
            array = _array(self._data, place)
            if isinstance(array, np.ndarray):
                add_values(columns, name, array, long_integers_are_labels=name in labels)
            elif type(array).__name__ == "Categorical":
                _add_categorical(columns, name, array)
            else:
                add_series(columns, name, self._data[keys[place]], long_integers_are_labels=name in labels)
        return columns

    def is_unordered(self, name: str) -> bool:
        """Whether a column is categorical, and not ordered."""
        dtype = self._data.dtypes.iloc[self.names.index(name)]
        return type(dtype).__name__ == "CategoricalDtype" and not dtype.ordered

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Look the rows up."""
        return self._data.iloc[rows, self.names.index(name)].array

    def take(self, rows: NDArray[np.intp]) -> Frame:
        """Take the rows, counted anew."""
        return PandasFrame(self._data.iloc[rows].reset_index(drop=True))

    @property
    def index(self) -> Any:
        """The index of the rows."""
        return self._data.index

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return the frame with further columns and its own index."""
        return self._data.rename(columns=new_names(self.names, names)).assign(**compute(self))


def _values_of(index: Any) -> list[Any]:
    """Return the values of an index; texts that Arrow holds are read by Arrow, which takes a fraction of the time."""
    values: list[Any]
    if index.nlevels == 1 and type(index.array).__name__ == "ArrowStringArray":
        values = index.array.__arrow_array__().to_pylist()
        if None not in values:
            return values
    values = index.to_numpy(dtype=object).tolist()
    return values


def _array(data: Any, place: int) -> Any:
    """Return the array of a column, by the way inside of pandas where there is one: a Series takes longer to make."""
    get = getattr(data, "_get_column_array", None)
    return data.iloc[:, place].array if get is None else get(place)


def _add_categorical(columns: Columns, name: str, values: Any) -> None:
    add_codes(columns, name, values.codes, _values_of(values.categories), declared=True, ordered=values.ordered)


def add_series(columns: Columns, name: str, series: Any, *, long_integers_are_labels: bool = False) -> None:
    """Add a Series by its type."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        add_values(columns, name, series.to_numpy(), long_integers_are_labels=long_integers_are_labels)
        return
    match type(dtype).__name__:
        case "CategoricalDtype":
            _add_categorical(columns, name, series.array)
        case "StringDtype":
            codes, levels = series.factorize()
            add_codes(columns, name, codes, levels, declared=False)
        case "DatetimeTZDtype":
            add_times(columns, name, series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), "instant")
        case "ArrowDtype":
            _add_arrow_backed(columns, name, series)
        case _:
            values = _plain(series, exact=long_integers_are_labels)
            add_values(columns, name, values, long_integers_are_labels=long_integers_are_labels)


def _add_arrow_backed(columns: Columns, name: str, series: Any) -> None:
    import pyarrow as pa

    columns.add_arrow(pa.table({name: pa.array(series.array)}))


def _plain(series: Any, *, exact: bool) -> Any:
    """Make an array of a nullable, sparse, or zoned Series."""
    if series.dtype.kind in "iuf" and not (exact and not series.hasnans):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return series.to_numpy() if series.dtype.kind in "iu" else series.to_numpy(dtype=object)
