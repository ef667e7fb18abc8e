"""Results come back in the caller's kind of frame, with texts, numbers, counts and missing values as such."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from golden import library, rows
from hlmrs.frame import CategoricalColumn, build, open_frame

COLUMNS = {
    "text": ["a", None],
    "number": np.array([np.nan, 2.5]),
    "count": np.array([3, 4]),
    "factor": CategoricalColumn(np.array([1, -1], dtype=np.int32), ["u", "v"]),
}
KINDS = ("polars", "pandas", "pyarrow", "duckdb", "dict")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_made(kind):
    frame = build(kind, COLUMNS)
    assert library(frame) == kind
    assert rows(frame) == [
        {"text": "a", "number": None, "count": 3, "factor": "v"},
        {"text": None, "number": 2.5, "count": 4, "factor": None},
    ]


def test_types_are_those_of_the_library():
    polars = build("polars", COLUMNS)
    assert list(polars.dtypes) == [pl.String, pl.Float64, pl.Int64, pl.Enum(["u", "v"])]
    assert polars["number"].null_count() == 1
    assert polars["number"].is_nan().sum() == 0
    pandas = build("pandas", COLUMNS)
    assert pandas["number"].dtype == float
    assert pandas["count"].dtype == int
    assert isinstance(pandas["factor"].dtype, pd.CategoricalDtype)
    assert build("pyarrow", COLUMNS)["number"].null_count == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_is_extended_with_what_is_computed_from_it(kind):
    data = build(kind, {"x": np.array([1.0, 2.0, 3.0]), "s": ["p", "q", "r"]})

    def doubled(frame):
        assert frame.names == ["x", "s"]
        assert frame.read(["x"]).n_rows == 3
        return {"double": np.array([2.0, np.nan, 6.0])}

    extended = open_frame(data).extend(["double"], doubled)
    assert library(extended) == kind
    assert [row["double"] for row in rows(extended)] == [2.0, None, 6.0]
    assert [row["s"] for row in rows(extended)] == ["p", "q", "r"]


def test_a_lazy_frame_stays_lazy_until_it_is_collected():
    calls = []

    def count(frame):
        calls.append(frame.read(["x"]).n_rows)
        return {"n": np.full(frame.read(["x"]).n_rows, 1.0)}

    lazy = open_frame(pl.LazyFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})).extend(["n"], count)
    assert isinstance(lazy, pl.LazyFrame)
    assert not calls
    assert lazy.collect_schema().names() == ["x", "y", "n"]
    assert lazy.select("n").sum().collect().item() == 2.0
    assert calls


def test_pandas_keeps_its_index():
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=["r1", "r2"])
    assert list(open_frame(frame).extend(["z"], lambda _: {"z": np.array([5.0, 6.0])}).index) == ["r1", "r2"]
    assert list(frame.columns) == ["x"]
