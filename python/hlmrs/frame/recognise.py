"""Which kind of frame is it?  Told by the type's module: no library is imported to find out."""

import glob
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from . import arrow, duckdb_relation, mapping, pandas_frame, polars_frame
from .alignment import has_index
from .files import is_labelled, is_readable, read_file, read_labelled_file
from .kind import Column, Frame
from .libraries import installed, installed_kind
from .parquet import ParquetFiles
from .stream import StreamFrame

_OPENERS: dict[tuple[str, str], Callable[[Any], Frame]] = {
    ("polars", "DataFrame"): polars_frame.PolarsFrame,
    ("polars", "LazyFrame"): polars_frame.PolarsLazyFrame,
    ("pandas", "DataFrame"): pandas_frame.PandasFrame,
    ("pyarrow", "Table"): arrow.ArrowTable,
    ("pyarrow", "RecordBatch"): arrow.ArrowTable,
    ("pyarrow", "RecordBatchReader"): arrow.ArrowReader,
    ("pyarrow", "Dataset"): arrow.ArrowDataset,
    ("duckdb", "DuckDBPyRelation"): duckdb_relation.DuckDBRelation,
    ("_duckdb", "DuckDBPyRelation"): duckdb_relation.DuckDBRelation,
}

_BUILDERS: dict[str, Callable[[Mapping[str, Column]], Any]] = {
    "polars": polars_frame.build,
    "pandas": pandas_frame.build,
    "pyarrow": arrow.build,
    "duckdb": duckdb_relation.build,
    "dict": mapping.build,
}

_OTHER_FILES = (".dat", ".xlsx", ".xls", ".json", ".rds", ".rdata")

KINDS = tuple(_BUILDERS)
"""The kinds that frames can be made of."""


def open_frame(data: Any) -> Frame:
    """Recognise the caller's data."""
    if isinstance(data, str | os.PathLike):
        return open_path(data)
    for base in type(data).__mro__:
        opener = _OPENERS.get((base.__module__.partition(".")[0], base.__name__))
        if opener is not None:
            return opener(data)
    if has_index(data):
        raise DataError(
            f"data is a pandas {type(data).__name__}, not a DataFrame; a row as a Series becomes one by "
            "series.to_frame().T.infer_objects()"
        )
    if isinstance(data, Mapping):
        return mapping.MappingFrame(data)
    if hasattr(data, "__arrow_c_stream__"):
        return arrow.ArrowReader.from_stream(data) if installed("pyarrow") else StreamFrame(data)
    raise DataError(
        f"data is of type {type(data).__name__}; give a Polars or pandas data frame, a pyarrow table, "
        "a DuckDB relation, a dictionary of columns, or the path of a file"
    )


def open_path(path: "str | os.PathLike[str]") -> Frame:
    """Open a file of text, Arrow, SPSS, Stata or SAS; a Parquet file, a folder of them, or a pattern of their names."""
    text = os.fspath(path)
    if is_labelled(text):
        return _labelled(text)
    if is_readable(text):
        return open_frame(read_file(text))
    if text.lower().endswith(_OTHER_FILES):
        raise DataError(
            f"{text!r} is of a kind that is not read here; read it with pandas or Polars and give the data frame, or "
            "save it as CSV"
        )
    files = sorted(glob.glob(f"{text}/**/*.parquet", recursive=True)) if os.path.isdir(text) else glob.glob(text)
    if not files and "://" not in text:
        raise DataError(
            f"there are no Parquet files at {text!r}; give a file, a folder or a pattern like 'data/*.parquet'"
        )
    if installed("polars"):
        if files:
            return ParquetFiles(sorted(files))
        import polars as pl

        return polars_frame.PolarsLazyFrame(pl.scan_parquet(text))
    import pyarrow.dataset as ds

    return arrow.ArrowDataset(ds.dataset(sorted(files) or text, format="parquet"))


def _labelled(name: str) -> Frame:
    """Open a file of SPSS, Stata or SAS as the frame of a library that is installed."""
    columns, labels = read_labelled_file(name)
    frame = open_frame(build(installed_kind(), columns))
    frame.labels = labels
    return frame


def build(kind: str, columns: Mapping[str, Column]) -> Any:
    """Make a frame of the named kind."""
    return _BUILDERS[kind](columns)


def build_rows(frame: Frame, columns: Mapping[str, Column], kept: NDArray[np.bool_] | None = None) -> Any:
    """Make a frame of the kind of another, row by row: its index in pandas is that of the rows `kept`."""
    index = frame.index if frame.kind == "pandas" else None
    if index is None:
        return build(frame.kind, columns)
    return pandas_frame.build(columns, index if kept is None else index[kept])
