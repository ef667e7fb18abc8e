"""What is there: the data sets, their columns and sources, and how one is read into the caller's kind of frame."""

import json
import os.path
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..errors import DataError, suggestion
from ..frame import KINDS, CategoricalColumn, Column, build, installed_kind
from .simulated import GENERATORS

FOLDER = os.path.join(os.path.dirname(__file__), "data")


def names() -> list[str]:
    """List the data sets.

    Returns
    -------
    list of str
        Names as in R; ``load`` and ``describe`` do not mind capitals.
    """
    return list(_schema())


def describe(name: str) -> str:
    """Say what a data set holds and where it comes from.

    Parameters
    ----------
    name : str
        One of ``names()``.

    Returns
    -------
    str
        Title, size, columns, source, and where the file was taken from under which licence.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.datasets.describe("berkeley"))
    berkeley: IQ of one girl from childhood to adulthood.
    18 rows
      age  numeric            age, years
      iq   integer            intelligence quotient
    Source: Bayley, N. (1935). ...
    Taken from: alda (CC0-1.0)
    """
    name, entry = find(name)
    columns = entry["columns"]
    width = max(map(len, columns))
    lines = [f"  {column:<{width}}  {_type(spec):<18} {spec['about']}" for column, spec in columns.items()]
    heads = [f"{name}: {entry['title']}", f"{entry['n_rows']} rows"]
    origin = origins()[name]
    also = f"; also: {origin.also}" if origin.also else ""
    feet = [f"Source: {entry['source']}", f"Taken from: {origin.place} ({origin.licence}){also}"]
    return "\n".join([*heads, *lines, *feet])


class Origin(NamedTuple):
    """Where a file was taken from, the licence there, and where else its values are."""

    place: str
    licence: str
    also: str


@cache
def origins() -> dict[str, Origin]:
    """Read the table of origins and licences, by data set."""
    with open(os.path.join(FOLDER, "LICENSES.md"), encoding="utf-8") as file:
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in file if line.startswith("|")]
    return {name: Origin(*cells) for name, *cells in rows[2:]}


def find(name: str) -> tuple[str, dict[str, Any]]:
    """Look up a data set: its name and its entry in the schema."""
    known = {key.lower(): key for key in _schema()}
    key = known.get(name.lower())
    if key is None:
        raise DataError(f"no data set is called {name!r}{suggestion(name, names())} (hlmrs.datasets.names() lists all)")
    return key, _schema()[key]


def _type(spec: dict[str, Any]) -> str:
    return f"{spec['type']}, {len(spec['levels'])} levels" if "levels" in spec else str(spec["type"])


@cache
def _schema() -> dict[str, dict[str, Any]]:
    with open(os.path.join(FOLDER, "schema.json"), encoding="utf-8") as file:
        entries: dict[str, dict[str, Any]] = json.load(file)
    return entries


def load(name: str, frame: str | None = None) -> Any:
    """Load a classic data set, or one that is simulated (always the same).

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
    if "generator" in entry:
        return build(kind, GENERATORS[entry["generator"]]())
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
