"""Parquet files by Polars, one after the other: their columns may differ in type and in order."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from .._core import Columns
from ..errors import DataError
from .polars_frame import PolarsFrame, PolarsLazyFrame, read_query


@dataclass(frozen=True, slots=True)
class Run:
    """Files of one schema that follow each other."""

    files: Sequence[str]
    schema: Any
    scan: Any


class ParquetFiles(PolarsLazyFrame):
    """Files in the order of their names; of each only the wanted columns are read."""

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__(None)
        self._files = files

    @property
    def query(self) -> Any:
        """All rows as a LazyFrame, in types that all files share."""
        return self._joined(self.names)

    @property
    def names(self) -> list[str]:
        """Names of the columns of the first file."""
        return list(self._runs[0].schema)

    def count(self) -> int | None:
        """Count the rows, by the footers of the files."""
        return sum(map(_n_rows, (run.scan for run in self._runs)))

    def read(self, names: Sequence[str], labels: Collection[str] = ()) -> Columns:
        """Collect and hand over some columns."""
        wanted = self._joined(names)
        try:
            wanted.collect_schema()
        except Exception as error:
            raise DataError(
                f"columns have types in the files that do not go together; read them with rows='stream': {error}"
            ) from error
        try:
            rows = wanted.collect()
        except Exception as error:
            raise self._unreadable(self._files, error) from error
        return PolarsFrame(rows).read(names)

    def batches(self, names: Sequence[str], labels: Collection[str] = ()) -> Iterator[Columns]:
        """Read some columns batch by batch, each in the type that its file has."""
        self._check(names)
        for run in self._runs:
            batches = read_query(_typed(run, names, self._types(names)))
            while (columns := self._next(batches, run)) is not None:
                yield columns

    def place(self, row: int) -> str:
        """Name a row of all files by its file and its row there."""
        import polars as pl

        start = 0
        for file in self._files:
            end = start + _n_rows(pl.scan_parquet(file))
            if row < end:
                return f"row {row - start} of {file!r}"
            start = end
        return f"row {row}"

    def extend(self, *arguments: Any, **options: Any) -> Any:
        """Return a LazyFrame that computes further columns."""
        return PolarsLazyFrame(self.query).extend(*arguments, **options)

    @cached_property
    def _runs(self) -> list[Run]:
        """The files, those together that have the same columns."""
        import polars as pl

        groups: list[tuple[Any, list[str]]] = []
        for file in self._files:
            try:
                schema = pl.read_parquet_schema(file)
            except Exception as error:
                raise self._unreadable([file], error) from error
            if groups and list(groups[-1][0].items()) == list(schema.items()):
                groups[-1][1].append(file)
            else:
                groups.append((schema, [file]))
        # folders such as "year=2024" are columns
        hive = any("=" in part for part in PurePath(self._files[0]).parts[:-1])
        scans = [(files, pl.scan_parquet(files, hive_partitioning=hive)) for _, files in groups]
        return [Run(files, scan.collect_schema(), scan) for files, scan in scans]

    def _check(self, names: Sequence[str]) -> None:
        for run in self._runs:
            for name in names:
                if name not in run.schema:
                    raise DataError(f"{run.files[0]!r} has no column {name!r}, which {self._files[0]!r} has")

    def _types(self, names: Sequence[str]) -> dict[str, Any]:
        """By column its first type that is one: of a column without any value, some writers write none."""
        import polars as pl

        found = {name: [run.schema[name] for run in self._runs if run.schema[name] != pl.Null] for name in names}
        return {name: types[0] if types else pl.Null() for name, types in found.items()}

    def _joined(self, names: Sequence[str]) -> Any:
        import polars as pl

        self._check(names)
        if len(self._runs) == 1:
            return self._runs[0].scan.select(list(names))
        differ = [name for name in names if len({run.schema[name] for run in self._runs}) > 1]
        texts = [name for name in differ if any(_is_text(run.schema[name]) for run in self._runs)]
        types = self._types(names)
        instants = [name for name in differ if types[name].base_type() == pl.Datetime and types[name].time_zone]
        common = [pl.col(texts).cast(pl.String), pl.col(instants).dt.convert_time_zone("UTC")]
        return pl.concat([_typed(run, names, types).with_columns(common) for run in self._runs], how="vertical_relaxed")

    def _next(self, batches: Iterator[Columns], run: Run) -> Columns | None:
        try:
            return next(batches, None)
        except DataError:
            raise
        except Exception as error:
            raise self._unreadable(run.files, error) from error

    def _unreadable(self, files: Sequence[str], error: Exception) -> DataError:
        what = repr(files[0]) if len(files) == 1 else f"one of the files from {files[0]!r} to {files[-1]!r}"
        return DataError(f"{what} cannot be read as Parquet: {error}")


def _typed(run: Run, names: Sequence[str], types: dict[str, Any]) -> Any:
    """Select columns, those without a type in the type that they have elsewhere."""
    import polars as pl

    missing = [pl.col(name).cast(types[name]) for name in names if run.schema[name] == pl.Null]
    return run.scan.select(list(names)).with_columns(missing)


def _n_rows(scan: Any) -> int:
    import polars as pl

    return int(scan.select(pl.len()).collect().item())


def _is_text(dtype: Any) -> bool:
    import polars as pl

    return dtype.base_type() in (pl.String, pl.Categorical, pl.Enum)
