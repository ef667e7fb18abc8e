"""Files of columns, as Arrow and Parquet write them, read by whichever library is installed."""

from pathlib import Path
from typing import Any

from ...errors import DataError
from ..libraries import installed

BINARY = (".parquet", ".feather", ".arrow")


def read_binary(path: Path) -> Any:
    """Read a file of Arrow or Parquet into a frame."""
    suffix = path.suffix.lower()
    if installed("polars"):
        import polars as pl

        return pl.read_parquet(path) if suffix == ".parquet" else pl.read_ipc(path.read_bytes())
    if installed("pyarrow"):
        from pyarrow import feather, parquet

        return parquet.read_table(path) if suffix == ".parquet" else feather.read_table(path)
    if installed("duckdb") and suffix == ".parquet":
        import duckdb

        return duckdb.read_parquet(str(path))
    raise DataError(f"reading {suffix} files needs Polars or pyarrow: pip install 'hlmrs[polars]'")
