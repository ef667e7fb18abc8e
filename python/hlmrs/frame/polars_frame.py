"""Polars: DataFrame and LazyFrame.  Data cross as an Arrow stream; nothing here depends on a Polars version."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError
from .kind import BATCH_ROWS, CategoricalColumn, Column, Compute, Frame, batch_rows, is_without_values
from .names import new_names
from .stream import read_stream


def build(columns: Mapping[str, Column]) -> Any:
    """Make a DataFrame; NaN and None become null."""
    import polars as pl

    def series(column: Column) -> Any:
        if isinstance(column, CategoricalColumn):
            places = pl.Series(column.codes)
            known = places.set(places < 0, None) if (column.codes < 0).any() else places
            return pl.Series(column.levels, dtype=pl.Enum(column.levels)).gather(known)
        # lists are texts, also where there are none
        return pl.Series(column, dtype=pl.String) if is_without_values(column) else column

    return pl.DataFrame({name: series(column) for name, column in columns.items()}, nan_to_null=True)


class PolarsFrame(Frame):
    """A DataFrame."""

    kind = "polars"

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        names: list[str] = self._data.columns
        return names

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Hand over some columns, without a copy."""
        wanted = self._data[:, list(names)]  # a list alone is tried as rows first
        return read_stream(_exportable(wanted, dict(zip(wanted.columns, wanted.dtypes, strict=True))))

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Look the rows up."""
        return self._data[name].gather(rows)

    def take(self, rows: NDArray[np.intp]) -> Frame:
        """Gather the rows."""
        return PolarsFrame(self._data[rows])

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return the frame with further columns."""
        own = self._data.rename(new_names(self.names, names))
        return own.with_columns(build(compute(self)).get_columns())


class PolarsLazyFrame(Frame):
    """A LazyFrame: only the wanted columns are collected."""

    kind = "polars"
    streams = True

    @property
    def query(self) -> Any:
        """The LazyFrame."""
        return self._data

    @property
    def names(self) -> list[str]:
        """Names of all columns, without collecting any."""
        names: list[str] = self._data.collect_schema().names()
        return names

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Collect and hand over some columns."""
        return PolarsFrame(self._data.select(list(names)).collect()).read(names)

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Collect the column and look the rows up."""
        return PolarsFrame(self.query.select(name).collect()).keys(name, labels, rows)

    def in_memory(self) -> Frame:
        """Collect the query."""
        return PolarsFrame(self.query.collect())

    def count(self) -> int | None:
        """Count the rows; of Parquet files this reads only their footers."""
        import polars as pl

        return int(self._data.select(pl.len()).collect(engine="streaming").item())

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Run the query for some columns in Polars' streaming engine."""
        yield from read_query(self._data.select(list(names)))

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return a LazyFrame that computes further columns, all of them float, when it is collected."""
        import polars as pl

        own = self._data.collect_schema()
        new = new_names(own.names(), names)
        schema = {new.get(name, name): dtype for name, dtype in own.items()} | dict.fromkeys(names, pl.Float64)
        return self._data.map_batches(
            lambda batch: PolarsFrame(batch).extend(names, compute),
            schema=schema,
            predicate_pushdown=False,
            projection_pushdown=False,
            slice_pushdown=False,
            streamable=by_row,
        )


def read_query(wanted: Any) -> Iterator[Columns]:
    """Run a query batch by batch."""
    schema = wanted.collect_schema()
    wanted, rows = _exportable(wanted, schema), rows_at_once(len(schema))
    if hasattr(wanted, "collect_batches"):
        batches = wanted.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming")
    else:  # before Polars 1.34
        batches = _slices(wanted, rows)
    yield from map(read_stream, batches)


def read_part(wanted: Any) -> Columns:
    """Run a query of as many rows as a batch has."""
    return read_stream(_exportable(wanted, wanted.collect_schema()).collect(engine="streaming"))


def rows_at_once(n_columns: int) -> int:
    """Choose the rows of a batch."""
    return batch_rows(BATCH_ROWS, n_columns)


def _slices(wanted: Any, rows: int) -> Iterator[Any]:
    import polars as pl

    for start in range(0, wanted.select(pl.len()).collect(engine="streaming").item(), rows):
        yield wanted.slice(start, rows).collect(engine="streaming")


def _exportable(wanted: Any, schema: Mapping[str, Any]) -> Any:
    """Give columns without a type one: Polars exports theirs against Arrow's rules.

    Columns of Python objects are refused: some versions of Polars abort the process when they are exported.
    """
    import polars as pl

    types = {name: dtype.base_type().__name__ for name, dtype in schema.items()}
    for name, of in types.items():
        if of == "Object":
            raise DataError(f"column {name!r} is of the Polars type Object; cast it to text, numbers or categories")
        if of in ("Int128", "UInt128"):
            raise DataError(f"column {name!r} is of the Polars type {of}; cast it to Int64, or to text")
    untyped = [pl.col(name).cast(pl.Float64) for name, of in types.items() if of == "Null"]
    return wanted.with_columns(untyped) if untyped else wanted
