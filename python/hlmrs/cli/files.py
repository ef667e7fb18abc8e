"""Data files, read by whichever library is installed."""

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..frame import installed

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_BINARY = (".parquet", ".feather", ".arrow")
_NULLS = ("", "NA")


def read_file(name: str) -> Any:
    """Read a data file into a frame."""
    path = Path(name)
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    if suffix not in (*_DELIMITERS, *_BINARY):
        raise DataError(
            f"{name!r}: the name should end in {', '.join((*_DELIMITERS, *_BINARY))}, or .csv.gz or .tsv.gz"
        )
    if not path.is_file():
        raise DataError(f"{name!r}: there is no such file")
    try:
        return _read_text(path, _DELIMITERS[suffix]) if suffix in _DELIMITERS else _read_binary(path, suffix)
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{name!r} could not be read: {error}") from error


def _read_text(path: Path, delimiter: str) -> Any:
    readers: list[tuple[str, Callable[[Path, str], Any]]] = [("polars", _polars_csv), ("pandas", _pandas_csv)]
    reader = next((read for library, read in readers if installed(library)), _plain_csv)
    return reader(path, delimiter)


def _polars_csv(path: Path, delimiter: str) -> Any:
    import polars as pl

    return pl.read_csv(path, separator=delimiter, null_values=list(_NULLS), infer_schema_length=None)


def _pandas_csv(path: Path, delimiter: str) -> Any:
    import pandas as pd

    return pd.read_csv(path, sep=delimiter, na_values=list(_NULLS), keep_default_na=False)


def _plain_csv(path: Path, delimiter: str) -> dict[str, Any]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    uneven = next((number for number, row in enumerate(rows, start=2) if len(row) != len(header)), None)
    if uneven is not None:
        raise DataError(f"{str(path)!r}: line {uneven} has not {len(header)} fields, as the header has")
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return {name: _parse(values) for name, values in zip(header, columns, strict=True)}


def _parse(texts: Sequence[str]) -> Any:
    """Numbers if every text that is not missing is a number, else texts."""
    try:
        return np.array([np.nan if text in _NULLS else float(text) for text in texts])
    except ValueError:
        return np.array([None if text in _NULLS else text for text in texts], dtype=object)


def _read_binary(path: Path, suffix: str) -> Any:
    if installed("polars"):
        import polars as pl

        return pl.read_parquet(path) if suffix == ".parquet" else pl.read_ipc(path, memory_map=False)
    if installed("pyarrow"):
        from pyarrow import feather, parquet

        return parquet.read_table(path) if suffix == ".parquet" else feather.read_table(path)
    if installed("duckdb") and suffix == ".parquet":
        import duckdb

        return duckdb.read_parquet(str(path))
    raise DataError(f"reading {suffix} files needs Polars or pyarrow: pip install 'hlmrs[polars]'")
