"""pyarrow: Table, RecordBatch, RecordBatchReader."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError
from .kind import BATCH_ROWS, CategoricalColumn, Column, Compute, Frame, batch_rows, check_unique, is_without_values
from .names import new_names
from .stream import read_stream


def build(columns: Mapping[str, Column]) -> Any:
    """Make a Table; NaN and None become null."""
    import pyarrow as pa

    def array(column: Column) -> Any:
        if isinstance(column, CategoricalColumn):
            codes = pa.array(column.codes, mask=column.codes < 0)
            return pa.DictionaryArray.from_arrays(codes, list(column.levels), ordered=column.ordered)
        if isinstance(column, pa.ChunkedArray):
            return column
        # lists are texts, also where there are none
        return pa.array(column, type=pa.string() if is_without_values(column) else None, from_pandas=True)

    return pa.table({name: array(column) for name, column in columns.items()})


class ArrowFrame(Frame):
    """What has an Arrow schema."""

    kind = "pyarrow"

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        names: list[str] = self._data.schema.names
        return names


class ArrowTable(ArrowFrame):
    """A Table or a RecordBatch."""

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns, without a copy."""
        check_unique(self.names, names)
        return read_stream(self._data.select(list(names)))

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Look the rows up."""
        import pyarrow as pa

        return pa.table(self._data).column(name).take(pa.array(rows))

    def take(self, rows: NDArray[np.intp]) -> Frame:
        """Take the rows as a Table."""
        import pyarrow as pa

        return ArrowTable(pa.table(self._data).take(pa.array(rows)))

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return the data as a Table with further columns."""
        import pyarrow as pa

        table = pa.table(self._data)
        new = new_names(table.column_names, names)
        table = table.rename_columns([new.get(name, name) for name in table.column_names])
        for name, values in zip(names, build(compute(self)).columns, strict=True):
            table = table.append_column(name, values)
        return table


class ArrowReader(ArrowFrame):
    """A RecordBatchReader, or another library's stream: read once, batch by batch, keeping the wanted columns."""

    streams = True
    once = True

    @classmethod
    def from_stream(cls, data: Any) -> "ArrowReader":
        """Open any object that has ``__arrow_c_stream__``."""
        import pyarrow as pa

        try:
            return cls(pa.RecordBatchReader.from_stream(data))
        except pa.ArrowException as error:
            what = f"a {type(data).__name__} is not a table with named columns; give a data frame"
            raise DataError(f"{what}: {error}") from None

    def in_memory(self) -> Frame:
        """Read the batches to their end."""
        return ArrowTable(self._data.read_all())

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Read the batches to their end."""
        import pyarrow as pa

        check_unique(self.names, names)
        schema = pa.schema([self._data.schema.field(name) for name in names])
        return read_stream(pa.RecordBatchReader.from_batches(schema, self._batches(list(names))))

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Read the batches to their end, small ones together."""
        check_unique(self.names, names)
        yield from joined(self._batches(list(names)))

    def _batches(self, names: list[str]) -> Iterator[Any]:
        for batch in self._data:
            yield batch.select(names)

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Read everything into a Table and return it with further columns."""
        return ArrowTable(self._data.read_all()).extend(names, compute)


class ArrowDataset(ArrowFrame):
    """A pyarrow dataset: files that are read batch by batch, again and again."""

    streams = True

    def count(self) -> int | None:
        """Count the rows; of Parquet files this reads only their footers."""
        return int(self._data.count_rows())

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Read some columns as a whole."""
        return read_stream(self._data.to_table(columns=list(names)))

    def in_memory(self) -> Frame:
        """Read the files."""
        return ArrowTable(self._data.to_table())

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Read the column and look the rows up."""
        return ArrowTable(self._data.to_table(columns=[name])).keys(name, labels, rows)

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Read some columns batch by batch."""
        rows = batch_rows(BATCH_ROWS, len(names))
        yield from joined(self._data.to_batches(columns=list(names), batch_size=rows))

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Read everything into a Table and return it with further columns."""
        return ArrowTable(self._data.to_table()).extend(names, compute)


def joined(batches: Iterable[Any]) -> Iterator[Columns]:
    """Hand over record batches, small ones together."""
    import pyarrow as pa

    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= batch_rows(BATCH_ROWS, batch.num_columns):
            yield read_stream(pa.Table.from_batches(waiting))
            waiting, rows = [], 0
    if waiting:
        yield read_stream(pa.Table.from_batches(waiting))
