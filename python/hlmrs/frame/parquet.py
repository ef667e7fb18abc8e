"""Parquet files by Polars, one after the other: their columns may differ in type and in order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from .._core import Columns
from ..errors import DataError
from .polars_frame import PolarsFrame, PolarsLazyFrame, read_part, rows_at_once


@dataclass(frozen=True, slots=True)
class Run:
    """Files of one schema that follow each other."""

    files: Sequence[str]
    schema: Any
    scan: Any
    hive: bool
    folders: Sequence[str]

    def parts(self, rows: int, sizes: Mapping[str, int]) -> "Iterator[tuple[Sequence[str], Any]]":
        """Cut into about so many rows: small files together, of large ones a slice after the other.

        Polars would read many row groups ahead, each of which is in memory as it is in the file, and decoded.
        """
        together: list[str] = []
        n_together = 0
        for file in self.files:
            n = sizes[file]
            if together and n_together + n > rows:
                yield together, self._scan(together)
                together, n_together = [], 0
            if n <= rows:
                together, n_together = [*together, file], n_together + n
                continue
            for start in range(0, n, rows):
                yield [file], self._scan([file]).slice(start, rows)
        if together:
            yield together, self._scan(together)

    def _scan(self, files: Sequence[str]) -> Any:
        """Scan some of the files; columns that folders are have the type that they have in all."""
        import polars as pl

        scan = pl.scan_parquet(files, hive_partitioning=self.hive, low_memory=True)
        return scan.cast({name: self.schema[name] for name in self.folders})


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
        return sum(self._sizes.values())

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
        types, rows = self._types(names), rows_at_once(len(names))
        for run in self._runs:
            for files, part in run.parts(rows, self._sizes):
                try:
                    columns = read_part(_typed(run, part, names, types))
                except DataError:
                    raise
                except Exception as error:
                    raise self._unreadable(files, error) from error
                yield columns

    def place(self, row: int) -> str:
        """Name a row of all files by its file and its row there."""
        start = 0
        for file, n in self._sizes.items():
            if row < start + n:
                return f"row {row - start} of {file!r}"
            start += n
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
        runs = []
        for own, files in groups:
            scan = pl.scan_parquet(files, hive_partitioning=hive)
            schema = scan.collect_schema()
            runs.append(Run(files, schema, scan, hive, [name for name in schema if name not in own]))
        return runs

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """Rows by file, from the footers."""
        import polars as pl

        footers = [pl.scan_parquet(file, hive_partitioning=False).select(pl.len()) for file in self._files]
        try:
            return {file: int(n.item()) for file, n in zip(self._files, pl.collect_all(footers), strict=True)}
        except Exception as error:
            raise self._unreadable(self._files, error) from error

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
        return pl.concat(
            [_typed(run, run.scan, names, types).with_columns(common) for run in self._runs], how="vertical_relaxed"
        )

    def _unreadable(self, files: Sequence[str], error: Exception) -> DataError:
        what = repr(files[0]) if len(files) == 1 else f"one of the files from {files[0]!r} to {files[-1]!r}"
        return DataError(f"{what} cannot be read as Parquet: {error}")


def _typed(run: Run, scan: Any, names: Sequence[str], types: dict[str, Any]) -> Any:
    """Select columns, those without a type in the type that they have elsewhere."""
    import polars as pl

    missing = [pl.col(name).cast(types[name]) for name in names if run.schema[name] == pl.Null]
    return scan.select(list(names)).with_columns(missing)


def _is_text(dtype: Any) -> bool:
    import polars as pl

    return dtype.base_type() in (pl.String, pl.Categorical, pl.Enum)
