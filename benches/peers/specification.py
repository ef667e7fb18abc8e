"""A workload as a job: everything that a measured process needs to know, as JSON."""

import json
import re
from typing import Any

import polars as pl

from ..workloads import Workload, located

_BARS = re.compile(r"\(([^()|]*)\|([^()|]*)\)")


def job_of(workload: Workload, scale: float) -> dict[str, Any]:
    """Return the job of a workload, its data generated.

    The formula is also taken apart, for packages without lme4's language: ``fixed`` is its fixed part, ``terms`` its
    random terms as (effects, grouping factor).
    """
    folder = located(workload, scale)
    terms = [[effects.strip(), group.strip()] for effects, group in _BARS.findall(workload.formula)]
    schema = pl.read_parquet_schema(next(folder.glob("*.parquet")))
    used = set(re.findall(r"[A-Za-z_]\w*", workload.formula))
    columns = [c for c in schema if c in used or (workload.responses and re.fullmatch(workload.responses + r"\d+", c))]
    rows = json.loads((folder / "shape.json").read_text())["rows"]
    return {
        "workload": workload.name,
        "formula": workload.formula,
        "fixed": _BARS.sub("", workload.formula).strip(" +"),
        "terms": terms,
        "reml": workload.reml,
        "folder": str(folder),
        "columns": columns,
        "levels": list(workload.levels),
        "nesting": list(workload.nesting),
        "on_disk": workload.on_disk,
        "responses": workload.responses,
        "rows": rows,
        "column_bytes": rows * sum(8 if schema[c].is_numeric() and schema[c] != pl.Int32 else 4 for c in columns),
    }


def is_intercept(effects: str) -> bool:
    """Whether a random term is an intercept alone."""
    return effects == "1"
