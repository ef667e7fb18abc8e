import hashlib

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from hlmrs import datasets
from hlmrs.datasets.catalogue import find, origins
from hlmrs.datasets.simulated import _correlated
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


def test_every_data_set_has_an_origin_and_a_licence_and_no_other_has():
    assert list(origins()) == datasets.names()
    assert {origin.licence for origin in origins().values()} == {"GPL-2.0-or-later", "CC0-1.0", "MIT"}
    assert all(("alda" in origin.place) == (origin.licence == "CC0-1.0") for origin in origins().values())


def test_hlms_means_of_schools_are_the_means_rounded_and_moved():
    data = datasets.load("Hsb82", frame="dict")
    moved = data["meanses_hlm"] - data["meanses"]
    assert 0.0054 < moved.min() <= moved.max() < 0.0066
    assert np.array_equal(data["meanses_hlm"], np.round(data["meanses_hlm"], 3))


DIGESTS = {
    "classrooms": "875e6acb2f0d2056",
    "diary": "35d4290bfb0464cd",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_simulated_data_are_the_same_on_every_machine(name):
    text = datasets.load(name, frame="polars").write_csv()
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == DIGESTS[name]


def test_classrooms_follow_the_model_that_they_are_simulated_from():
    data = datasets.load("classrooms", frame="polars")
    formula = (
        "score ~ prior + I(motivation - 5) * approach + between(motivation, classroom) + ses + I(experience - 10)"
        " + sector + (motivation | classroom) + (1 | school)"
    )
    table = hlmrs.lmer(formula, data).tidy()
    truth = [50 - 2 * 5, 4, 2, 2, 1, 2, 1.5, 0.12, 1.5, 1.2, 0]
    assert np.all(np.abs(table["estimate"].to_numpy() - truth) < 2 * table["std_error"].to_numpy())
    sizes = data.group_by("school").agg(pl.col("classroom").n_unique(), pl.len())
    assert set(sizes["classroom"]) == {4}
    assert set(sizes["len"]) == {80}


def test_a_quarter_of_the_variance_of_scores_lies_between_classrooms_and_schools(monkeypatch):
    """By the model's variances, and on average over seeds."""
    private = 1.5**2 / 4
    motivated = (0.3**2 + 0.4**2) * (4**2 + 2 * 4 * 1.2 / 3 + 1.2**2 / 3 + 1)
    taught = (4 + 1) / 3 - 1 + 0.12**2 * (30**2 - 1) / 12
    between = 4**2 * (0.3**2 + 0.3**2) + motivated + (1.5 * 0.5) ** 2 + taught + private + 2**2 + 3.2**2
    slopes = 2**2 + 2 * 2 * 1.2 / 3 + 1.2**2 / 3 + 1
    within = (4 * 0.9) ** 2 + slopes + (1.5 * 0.9) ** 2 + 7.3**2
    assert between / (between + within) == pytest.approx(0.25, abs=0.01)
    shares = []
    for seed in range(1, 21):
        monkeypatch.setattr("hlmrs.datasets.simulated._SEED", seed)
        data = datasets.load("classrooms", frame="dict")
        shares.append(hlmrs.lmer("score ~ 1 + (1 | school/classroom)", data).icc().adjusted)
    assert np.mean(shares) == pytest.approx(between / (between + within), abs=4 * np.std(shares) / np.sqrt(len(shares)))


def test_the_diary_follows_the_model_that_it_is_simulated_from():
    data = datasets.load("diary", frame="polars")
    assert data["person"].n_unique() == 120
    table = hlmrs.lmer(
        "mood ~ I(stress - 4) + I(sleep - 7) + weekend + neuroticism + (I(stress - 4) | person)", data
    ).tidy()
    assert np.all(np.abs(table["estimate"].to_numpy() - [6, -0.4, 0.25, 0.3, -0.5]) < 3 * table["std_error"].to_numpy())


def test_errors_of_the_diary_are_a_stationary_autoregression():
    effects = _correlated(np.eye(14), 0.35)
    lags = np.abs(np.subtract.outer(np.arange(14), np.arange(14)))
    np.testing.assert_allclose(effects.T @ effects, 0.35**lags, atol=1e-14)
