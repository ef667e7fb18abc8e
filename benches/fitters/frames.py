"""The workload's Parquet files as the frame a package wants."""

from pathlib import Path
from typing import Any


def pandas_frame(job: dict[str, Any], categories: bool = False) -> Any:
    """Return a pandas frame of the job's columns; with `categories`, levels are a categorical."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = [pq.read_table(path, columns=job["columns"]) for path in sorted(Path(job["folder"]).glob("*.parquet"))]
    frame = pa.concat_tables(parts).to_pandas()
    for column in job["levels"] if categories else ():
        frame[column] = frame[column].astype("category")
    return frame


def polars_frame(job: dict[str, Any], lazy: bool = False) -> Any:
    """Return a Polars frame of the job's columns, or the folder as a lazy one."""
    import polars as pl

    rows = pl.scan_parquet(str(Path(job["folder"]) / "*.parquet")).select(job["columns"])
    return rows if lazy else rows.collect().rechunk()


def responses(job: dict[str, Any]) -> list[str]:
    """Return the names of the response columns that are fitted."""
    return [column for column in job["columns"] if column.startswith(job["responses"])][: job["count"]]
