"""The same columns as plain binary files, for readers without Parquet (R)."""

import json
from pathlib import Path
from typing import Any

import polars as pl


def as_binary(folder: Path, columns: list[str], levels: tuple[str, ...]) -> Path:
    """Write columns of the Parquet files of `folder` as little-endian float64 or int32 files; return their folder.

    ``columns.json`` names each column's file, its kind, its rows, and the labels of its levels.
    """
    target = folder / "binary"
    index = target / "columns.json"
    known: dict[str, Any] = json.loads(index.read_text()) if index.exists() else {}
    for column in columns:
        if column not in known:
            series = pl.read_parquet(folder / "*.parquet", columns=[column])[column]
            target.mkdir(exist_ok=True)
            known[column] = _written(series, target / f"{len(known):05d}.bin", column in levels)
    index.write_text(json.dumps(known))
    return target


def _written(series: pl.Series, path: Path, is_level: bool) -> dict[str, Any]:
    about: dict[str, Any] = {"file": path.name, "kind": "i32", "rows": len(series)}
    if isinstance(series.dtype, pl.Enum):
        about["levels"] = series.dtype.categories.to_list()
        series = series.to_physical()
    elif is_level:
        about["levels"] = list(range(int(series.max()) + 1))
    elif series.dtype.is_float():
        about["kind"] = "f64"
    series.to_numpy().astype("<f8" if about["kind"] == "f64" else "<i4").tofile(path)
    return about
