import numpy as np
import pandas as pd
import polars as pl
import pytest

from hlmrs import datasets
from hlmrs.datasets.catalogue import find
from hlmrs.errors import DataError


@pytest.mark.parametrize("name", datasets.names())
def test_every_data_set_has_the_rows_columns_and_levels_that_its_schema_says(name):
    _, entry = find(name)
    data = datasets.load(name, frame="polars")
    assert data.columns == list(entry["columns"])
    assert data.height == entry["n_rows"]
    for column, spec in entry["columns"].items():
        assert data[column].null_count() == 0
        if "levels" in spec:
            assert data[column].dtype == pl.Enum(spec["levels"])
            assert set(data[column].cast(pl.String)) == set(spec["levels"])
        else:
            assert data[column].dtype == (pl.Int64 if spec["type"] == "integer" else pl.Float64)


def test_every_kind_of_frame_holds_the_same():
    polars = datasets.load("cake", frame="polars")
    pandas = datasets.load("cake", frame="pandas")
    arrow = datasets.load("cake", frame="pyarrow")
    plain = datasets.load("cake", frame="dict")
    relation = datasets.load("cake", frame="duckdb")
    want = polars.with_columns(pl.col(pl.Enum).cast(pl.String)).to_dict(as_series=False)
    assert pandas.astype(dict.fromkeys(("replicate", "recipe", "temperature"), str)).to_dict("list") == want
    assert arrow.to_pydict() == want
    assert {name: list(values) for name, values in plain.items()} == want
    assert {name: list(values) for name, values in relation.fetchnumpy().items()} == want


def test_declared_levels_and_their_order_come_along():
    pandas = datasets.load("cake", frame="pandas")
    assert isinstance(pandas["temperature"].dtype, pd.CategoricalDtype)
    assert pandas["temperature"].cat.ordered
    assert not pandas["recipe"].cat.ordered
    sector = datasets.load("hsb82", frame="pyarrow")["sector"].combine_chunks()
    assert sector.dictionary.to_pylist() == ["Public", "Catholic"]


def test_the_values_are_those_of_the_field():
    sleep = datasets.load("sleepstudy", frame="dict")
    assert sleep["Reaction"][0] == 249.56
    assert np.mean(sleep["Reaction"]) == pytest.approx(298.5079, abs=1e-4)
    assert len(set(sleep["Subject"])) == 18


def test_capitals_do_not_matter():
    assert datasets.load("insteval").shape == datasets.load("InstEval").shape


def test_a_wrong_name_or_kind_is_answered_with_the_right_ones():
    with pytest.raises(DataError, match="'sleepstudi'; did you mean 'sleepstudy'"):
        datasets.load("sleepstudi")
    with pytest.raises(DataError, match=r"frame=.excel. .*'polars', 'pandas'"):
        datasets.load("cake", frame="excel")


@pytest.mark.parametrize("name", datasets.names())
def test_every_description_names_all_columns_and_a_source(name):
    text = datasets.describe(name)
    assert "\nSource: " in text
    for column in datasets.load(name, frame="dict"):
        assert f"  {column} " in text
