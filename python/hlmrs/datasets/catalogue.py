"""What is there: the data sets, their columns, and their sources."""

import json
import os.path
from functools import cache
from typing import Any

from ..errors import DataError
from ..formula.problems import suggestion

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
        Title, size, columns, source.
    """
    name, entry = find(name)
    columns = entry["columns"]
    width = max(map(len, columns))
    lines = [f"  {column:<{width}}  {_type(spec):<18} {spec['about']}" for column, spec in columns.items()]
    return "\n".join([f"{name}: {entry['title']}", f"{entry['n_rows']} rows", *lines, f"Source: {entry['source']}"])


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
