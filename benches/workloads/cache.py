"""Frames on disk: each workload is generated once, as Parquet, and read by hlmrs and by every peer."""

import json
import shutil
from pathlib import Path

import polars as pl

from .catalogue import WORKLOADS
from .workload import Workload

CACHE = Path(__file__).resolve().parents[1] / ".cache"


def located(workload: Workload, scale: float = 1.0) -> Path:
    """Return the folder of a workload's Parquet files, generating them where they are missing.

    Parameters
    ----------
    workload : Workload
        The workload.
    scale : float
        Fraction of the rows and levels; 1 for the workload as stated.
    """
    folder = CACHE / (workload.name if scale == 1 else f"{workload.name}@{scale:g}")
    if (folder / "shape.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shape = _write(workload, scale, folder)
    (folder / "shape.json").write_text(json.dumps(shape))
    return folder


def load(name: str, scale: float = 1.0) -> pl.DataFrame:
    """Return the rows of the workload of that name as one Polars frame (see `located`)."""
    return pl.read_parquet(located(WORKLOADS[name], scale) / "*.parquet")


def _write(workload: Workload, scale: float, folder: Path) -> dict[str, object]:
    rows, columns = 0, {}
    for part, frame in enumerate(workload.make(scale)):
        frame.write_parquet(folder / f"part-{part:04d}.parquet", compression="zstd", compression_level=1)
        rows += frame.height
        columns = {column: str(kind) for column, kind in frame.schema.items() if frame.width < 100}
    return {"rows": rows, "columns": columns}
