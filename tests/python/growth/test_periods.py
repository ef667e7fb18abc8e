import math

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hlmrs

PEOPLE = pl.DataFrame({"id": ["a", "b", "c"], "last": [2, 1, 3], "event": [1, 0, 0], "x": [0.5, None, 2.0]})


def test_a_person_has_a_row_for_every_period_at_risk():
    found = hlmrs.person_period(PEOPLE, "last", "event")
    assert found.columns == [*PEOPLE.columns, "period", "outcome"]
    assert found["id"].to_list() == list("aabccc")
    assert found["period"].to_list() == [1, 2, 1, 1, 2, 3]
    assert found["outcome"].to_list() == [0, 1, 0, 0, 0, 0]
    assert found.schema["last"] == pl.Int64
    assert found["x"].to_list() == [0.5, 0.5, None, 2.0, 2.0, 2.0]


def test_periods_may_begin_elsewhere_and_be_called_otherwise():
    found = hlmrs.person_period(PEOPLE, "last", "event", first=0, period="week", outcome="relapse")
    assert found["week"].to_list() == [0, 1, 2, 0, 1, 0, 1, 2, 3]
    assert found["relapse"].sum() == 1


def test_truth_values_are_events():
    found = hlmrs.person_period(PEOPLE.with_columns(pl.col("event") == 1), "last", "event")
    assert found["outcome"].sum() == 1


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "lazy", "dict", "duckdb", "reader"])
def test_every_kind_of_frame_gives_the_same_rows(kind):
    arrow = PEOPLE.to_arrow()
    frame = {
        "pandas": lambda: pd.DataFrame(PEOPLE.to_dict(as_series=False)),
        "pyarrow": lambda: arrow,
        "lazy": PEOPLE.lazy,
        "dict": lambda: PEOPLE.to_dict(as_series=False),
        "duckdb": lambda: duckdb.from_arrow(arrow),
        "reader": lambda: pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches()),
    }[kind]()
    found = hlmrs.person_period(frame, "last", "event")
    if kind in ("pyarrow", "reader"):
        assert isinstance(found, pa.Table)
        found = pl.from_arrow(found)
    elif kind == "duckdb":
        found = found.fetchnumpy()
    assert list(found["id"]) == list("aabccc")
    assert list(found["outcome"]) == [0, 1, 0, 0, 0, 0]


def test_the_hazards_of_a_saturated_model_are_those_of_the_life_table():
    rng = np.random.default_rng(7)
    n, hazards = 3000, [0.1, 0.25, 0.4]
    draws = rng.random((n, 3)) < hazards
    last = np.where(draws.any(axis=1), draws.argmax(axis=1) + 1, 3)
    people = {"g": np.arange(n) % 40, "last": last, "event": draws.any(axis=1)}
    rows = hlmrs.person_period(people, "last", "event")
    at_risk = np.array([(last >= k).sum() for k in (1, 2, 3)])
    events = np.array([((last == k) & draws.any(axis=1)).sum() for k in (1, 2, 3)])
    gee = hlmrs.gee("outcome ~ 0 + factor(period)", rows, groups="g", family="binomial")
    np.testing.assert_allclose(1 / (1 + np.exp(-gee.beta)), events / at_risk, rtol=1e-6)
    assert len(rows["period"]) == at_risk.sum()
    assert math.isclose(rows["outcome"].sum(), events.sum())


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"last": [2.5, 1, 3]}, hlmrs.DataError, "'last' is 2.5 in row 0.*whole numbers from first=1"),
        ({"last": [2, 0, 3]}, hlmrs.DataError, "'last' is 0 in row 1"),
        ({"last": [2, None, 3]}, hlmrs.DataError, "'last' is nan in row 1"),
        ({"last": ["2", "1", "3"]}, hlmrs.DataError, "holds no numbers"),
        ({"event": [2, 0, 1]}, hlmrs.DataError, "'event' is 2.0 in row 0: give 1"),
        ({"event": ["yes", "no", "no"]}, hlmrs.DataError, "'event' is yes in row 0"),
        ({"period": [1, 1, 1]}, hlmrs.OptionError, "'period' is taken already"),
        ({"last": [10**12, 1, 3]}, hlmrs.DataError, "larger unit"),
    ],
)
def test_what_is_no_period_or_event_is_named(change, error, says):
    with pytest.raises(error, match=says):
        hlmrs.person_period({**PEOPLE.to_dict(as_series=False), **change}, "last", "event")


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(hlmrs.OptionError, match="'p'"):
        hlmrs.person_period(PEOPLE, "last", "event", period="p", outcome="p")
    with pytest.raises(TypeError, match="first='a'"):
        hlmrs.person_period(PEOPLE, "last", "event", first="a")
