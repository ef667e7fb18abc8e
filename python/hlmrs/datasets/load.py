"""Read a data set into the caller's kind of frame."""

import os.path
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import DataError
from ..frame import KINDS, CategoricalColumn, Column, build, installed_kind
from .catalogue import FOLDER, find


def load(name: str, frame: str | None = None) -> Any:
    """Load a classic data set.

    Parameters
    ----------
    name : str
        One of ``hlmrs.datasets.names()``; capitals do not matter.
    frame : {"polars", "pandas", "pyarrow", "duckdb", "dict"}, optional
        Kind of the frame.  Default: Polars if it is installed, else pandas, else a dictionary of arrays.

    Returns
    -------
    data frame
        Factors are Enum or Categorical columns, with their levels in the declared order; in a dictionary they are text.

    Examples
    --------
    >>> import hlmrs
    >>> hlmrs.datasets.load("cake", frame="polars").schema["recipe"]
    Enum(categories=['A', 'B', 'C'])
    """
    kind = frame or installed_kind()
    if kind not in KINDS:
        raise DataError(f"frame={frame!r} is not one of {', '.join(map(repr, KINDS))}")
    _, entry = find(name)
    header, *rows = _lines(os.path.join(FOLDER, entry["file"]))
    values = dict(zip(header, zip(*rows, strict=True), strict=True))
    return build(kind, {column: _column(values[column], spec) for column, spec in entry["columns"].items()})


def _lines(path: str) -> Iterator[list[str]]:
    import csv
    import gzip

    with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
        yield from csv.reader(file)


def _column(texts: Sequence[str], spec: dict[str, Any]) -> Column:
    if "levels" in spec:
        number = {level: code for code, level in enumerate(spec["levels"])} | {"NA": -1}
        codes = np.fromiter((number[text] for text in texts), dtype=np.int32, count=len(texts))
        return CategoricalColumn(codes, spec["levels"], ordered=spec["type"] == "ordered")
    if spec["type"] == "integer":
        return np.array(texts, dtype=np.int64)
    return np.array([np.nan if text == "NA" else float(text) for text in texts])
