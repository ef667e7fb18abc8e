"""The extension module: columns, rows and encodings as Python sees them; no panic crosses."""

import json

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import hlmrs
from hlmrs._core import Columns, Encoding, Rows, Statistics
from hlmrs.errors import DataError, DesignError, FormulaError, HlmrsError


def _factor(name):
    return {"name": name, "expr": {"kind": "column", "name": name}}


def _spec(*terms):
    return json.dumps(
        {
            "formula": "",
            "response": _factor("y"),
            "intercept": True,
            "terms": [{"name": t, "factors": [_factor(v) for v in t.split(":")]} for t in terms],
            "random": [
                {
                    "name": "(1 | g)",
                    "structure": "us",
                    "intercept": True,
                    "terms": [],
                    "group": [_factor("g")],
                    "label": "g",
                }
            ],
        }
    )


def _frame():
    return pl.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, None, 5.0, 3.0],
            "x": [1, 2, 3, 4, 5, 7],
            "f": pl.Series(["b", "a", "b", "a", "b", "a"], dtype=pl.Enum(["b", "a", "unused"])),
            "g": ["s2", "s10", "s2", "s10", "s1", "s1"],
        }
    )


def _columns(frame):
    columns = Columns()
    columns.add_arrow(frame)
    return columns


def _rows(frame, *terms):
    return Rows(_spec(*terms), _columns(frame), "{}")


@pytest.mark.parametrize(
    "of", [lambda f: f, lambda f: f.to_arrow(), lambda f: pl.concat([f[:3], f[3:]], rechunk=False)]
)
def test_rows_are_the_same_from_every_arrow_producer(of):
    rows = _rows(of(_frame()), "x", "f", "x:f")
    layout = rows.layout()
    assert layout["columns"] == ["(Intercept)", "x", "fa", "x:fa"]
    assert layout["column_terms"] == [0, 1, 2, 3]
    assert layout["reference_levels"] == {"f": "b"}
    assert rows.group_levels(0) == ["s1", "s2", "s10"]
    assert rows.group_codes(0).tolist() == [1, 2, 1, 0, 0]
    assert rows.kept.tolist() == [True, True, True, False, True, True]
    assert layout["dropped_rows"] == {"y": 1}
    assert rows.model_matrix().tolist() == [[1, 1, 0, 0], [1, 2, 1, 2], [1, 3, 0, 0], [1, 5, 0, 0], [1, 7, 1, 7]]


def test_an_encoding_needs_no_rows_and_reports_unseen_levels():
    encoding = _rows(_frame(), "x", "f").encoding()
    new = encoding.bind(_columns(pl.DataFrame({"x": [1.0, None], "f": ["a", "b"], "g": [None, "other"]})))
    assert new.unseen_levels() == {"g": ["other"]}
    eta = new.linear_predictor(np.ones(3), [np.ones((3, 1))], [False])
    assert eta[0] == 3
    assert np.isnan(eta[1])


def test_errors_have_the_class_of_their_stage():
    with pytest.raises(DataError, match="no column 'z'"):
        _rows(_frame(), "z")
    with pytest.raises(DesignError, match="one level"):
        _rows(_frame().with_columns(g=pl.lit("same")))
    with pytest.raises(FormulaError, match="cannot be read"):
        Rows("{}", _columns(_frame()), "{}")
    with pytest.raises(DataError, match="two columns named 'a'"):
        _columns(pa.table([[1], [2]], names=["a", "a"]))
    with pytest.raises(DataError, match="3 values, but the data have 6 rows"):
        _columns(_frame()).add_numeric("w", np.ones(3))


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="int has no __arrow_c_stream__"):
        Columns().add_arrow(5)
    with pytest.raises(DataError, match="Arrow table"):
        Columns().add_arrow(pl.Series([1]))


def test_a_panic_is_an_internal_error():
    data = hlmrs.datasets.load("Penicillin", "polars")
    crossed = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)._estimate
    other = hlmrs.lmer("diameter ~ 1 + (1 | plate)", data)._estimate
    with pytest.raises(HlmrsError, match="internal error"):
        Statistics.of_fit(crossed.core, other.encoding, "{}", 144, {}, [], [])


def test_an_encoding_whose_indices_lead_nowhere_is_refused():
    saved = json.loads(_rows(_frame(), "x", "f").encoding().to_json())
    saved["categories"][0]["input"] = 1000
    with pytest.raises(DataError, match="a category of no column"):
        Encoding.from_json(json.dumps(saved))


def test_changing_an_array_afterwards_changes_nothing():
    columns = Columns()
    y = np.array([1.0, 2.0, 4.0, 3.0])
    columns.add_numeric("y", y)
    columns.add_categorical("g", np.array([1, 0, 1, 0], dtype=np.uint32), ["b", "a"], False, False)
    rows = Rows(_spec(), columns, "{}")
    y[:] = 0
    assert rows.response().tolist() == [1, 2, 4, 3]
    assert rows.group_levels(0) == ["a", "b"]
    assert rows.group_codes(0).tolist() == [0, 1, 0, 1]
