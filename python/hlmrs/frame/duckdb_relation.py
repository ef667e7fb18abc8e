"""DuckDB relations."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from .arrow import joined
from .kind import BATCH_ROWS, Column, Compute, Frame, batch_rows, check_unique, plain_column
from .mapping import MappingFrame
from .names import aside
from .stream import read_stream
from .values import level_text


def build(columns: Mapping[str, Column]) -> Any:
    """Make a relation; NaN and None become NULL."""
    import duckdb

    arrays = {name: plain_column(column) for name, column in columns.items()}  # noqa: F841  found by its name in SQL
    return duckdb.sql("SELECT * FROM arrays")


class DuckDBRelation(Frame):
    """A relation: the wanted columns are selected in the database."""

    kind = "duckdb"
    streams = True

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return list(self._data.columns)

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Run the query for some columns."""
        check_unique(self.names, names)
        return read_stream(self._data.select(", ".join(map(_quoted, names))))

    def keys(self, name: str, labels: Sequence[str], rows: NDArray[np.intp]) -> Any:
        """Look the labels up among the distinct values: a second run might return the rows in another order."""
        values = self._data.select(_quoted(name)).distinct().fetchnumpy()[name]
        place = {level_text(value): k for k, value in enumerate(values.tolist())}
        return values[[place[label] for label in labels]] if set(labels) <= set(place) else None

    def in_memory(self) -> Frame:
        """Run the query once."""
        return FetchedRelation(self._data.fetchnumpy())

    def count(self) -> int | None:
        """Count the rows in the database."""
        return int(self._data.aggregate("count(*)").fetchall()[0][0])

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Run the query for some columns, batch by batch."""
        check_unique(self.names, names)
        wanted = self._data.select(", ".join(map(_quoted, names)))
        export = getattr(wanted, "to_arrow_reader", None) or wanted.fetch_record_batch  # before DuckDB 1.4
        yield from joined(export(batch_rows(BATCH_ROWS, len(names))))

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Run the query once and compute from its rows: a second run might return them in another order."""
        rows = self._data.fetchnumpy()
        return build({**aside(rows, names), **compute(MappingFrame(rows))})


class FetchedRelation(MappingFrame):
    """The rows of a relation, fetched."""

    kind = "duckdb"

    def extend(self, names: Sequence[str], compute: Compute, *, by_row: bool = False) -> Any:
        """Return a relation of the rows with further columns."""
        return build(super().extend(names, compute))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
