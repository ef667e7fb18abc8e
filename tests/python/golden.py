"""The golden cases, and their data in any kind of frame."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hlmrs import datasets
from hlmrs.frame import CategoricalColumn, build

FOLDER = Path(__file__).parents[1] / "golden"


def case_names(*prefixes: str) -> list[str]:
    return [path.stem for path in sorted((FOLDER / "cases").glob("*.json")) if path.stem.startswith(prefixes)]


@cache
def case(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / "cases" / f"{name}.json").read_text())


@cache
def data(name: str, frame: str) -> Any:
    return datasets.load(name, frame) if name in datasets.names() else _own(name, frame)


def _own(name: str, frame: str) -> Any:
    """A data set of the tests: text in quotation marks is a factor whose levels come in the order of the rows."""
    lines = (FOLDER / "data" / f"{name}.csv").read_text().splitlines()
    header, first, *_ = (line.split(",") for line in lines)
    columns = dict(zip([h.strip('"') for h in header], zip(*csv.reader(lines[1:]), strict=True), strict=True))
    quoted = [text.startswith('"') for text in first]
    return build(frame, {k: _column(v, factor) for (k, v), factor in zip(columns.items(), quoted, strict=True)})


def _column(texts: tuple[str, ...], factor: bool) -> Any:
    if not factor:
        return np.array(texts, dtype=float)
    levels = sorted(set(texts), key=lambda text: (len(text), text))
    return CategoricalColumn(np.array([levels.index(text) for text in texts], dtype=np.int32), levels)


def relation(table: Any) -> Any:
    """A DuckDB relation of an Arrow table.  No module of the tests holds the library: at exit it lists what is held."""
    import duckdb

    return duckdb.from_arrow(table)


def library(frame: Any) -> str:
    """The library that a frame is of."""
    return type(frame).__module__.partition(".")[0].lstrip("_").replace("builtins", "dict")


def rows(table: Any) -> list[dict[str, Any]]:
    """A frame of any kind as a list of dictionaries; what is missing is None."""
    if hasattr(table, "to_dicts"):
        return table.to_dicts()
    if hasattr(table, "to_pylist"):
        return table.to_pylist()
    if hasattr(table, "fetchall"):
        return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
    if isinstance(table, dict):
        columns = [[None if v is None or v != v else v for v in column] for column in table.values()]
        return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{k: None if v is None or v != v else v for k, v in row.items()} for row in table.to_dict("records")]
