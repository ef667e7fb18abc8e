"""Tables of one grouping factor have the columns that name its levels, in their own type, so that they join."""

import datetime

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hlmrs

R = np.random.default_rng(3)
SCHOOL = np.repeat([7, 12, 100, 101, 3], 12)
CLASS = np.tile(np.repeat(["b", "a", "c"], 4), 5)
DATA = pd.DataFrame(
    {
        "y": R.normal(size=60) + R.normal(size=5)[np.repeat(np.arange(5), 12)],
        "x": R.normal(size=60),
        "school": SCHOOL,
        "class": CLASS,
    }
)
FORMULA = "y ~ x + (1 | school/class)"


@pytest.fixture(scope="module")
def fit():
    return hlmrs.lmer("y ~ x + (1 + x | school) + (1 | school:class)", DATA)


pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def test_the_table_joins_to_the_data(fit):
    table = fit.ranef("school")
    assert list(table.columns) == ["school", "term", "estimate", "std_error"]
    assert table["school"].dtype == DATA["school"].dtype
    whole = fit.ranef()
    assert list(whole.columns) == ["group", "level", "term", "estimate", "std_error"]
    own = whole[whole["group"] == "school"]
    assert list(table["school"].astype(str)) == list(own["level"])
    assert list(table["estimate"]) == list(own["estimate"])
    intercepts = table[table["term"] == "(Intercept)"].set_index("school")["estimate"]
    joined = DATA.merge(fit.coef("school"), on="school", suffixes=("", "_slope"))
    assert len(joined) == 60
    expected = fit.fixef()["(Intercept)"] + intercepts.loc[joined["school"]].to_numpy()
    np.testing.assert_allclose(joined["(Intercept)"], expected)


def test_a_crossing_has_a_column_for_each_of_its_factors(fit):
    table = fit.ranef("class:school")
    assert list(table.columns) == ["school", "class", "term", "estimate", "std_error"]
    level = table["school"].astype(str) + ":" + table["class"]
    whole = fit.ranef()
    assert list(level) == list(whole["level"][whole["group"] == "school:class"])
    assert len(DATA.merge(fit.coef("school:class"), on=["school", "class"])) == 60


KINDS = {
    "pandas": lambda d: d,
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pyarrow": pa.Table.from_pandas,
    "duckdb": duckdb.from_df,
    "dict": lambda d: {name: d[name].to_numpy() for name in d},
    "lists": lambda d: {name: d[name].tolist() for name in d},
    "series": lambda d: {name: d[name] for name in d},
    "Polars series": lambda d: {name: pl.Series(d[name]) for name in d},
    "Arrow arrays": lambda d: {name: pa.array(d[name]) for name in d},
}


def column(table, name):
    """A column as pandas has it, and its type there."""
    if isinstance(table, dict):
        return pd.Series(table[name])
    frame = table.df() if hasattr(table, "df") else table.to_pandas() if hasattr(table, "to_pandas") else table
    return frame[name]


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_keys_have_their_own_type_in_every_frame(make):
    fit = hlmrs.lmer("y ~ x + (1 | school)", make(DATA))
    for table in (fit.ranef("school"), fit.coef("school")):
        found = column(table, "school")
        assert found.dtype.kind == "i"
        assert list(found) == [3, 7, 12, 100, 101]


@pytest.mark.parametrize(
    "keys",
    [
        SCHOOL.astype(float) / 4,
        pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(SCHOOL, unit="D")),
        [datetime.date(2020, 1, 1) + datetime.timedelta(days=int(k)) for k in SCHOOL],
        pd.Categorical(SCHOOL),
        SCHOOL > 7,
    ],
)
def test_keys_of_any_type_join(keys):
    data = DATA.assign(school=keys, y=DATA["y"].where(np.arange(60) != 4))
    for frame in (data, pl.DataFrame(data)):
        fit = hlmrs.lmer("y ~ x + (1 | school)", frame)
        table = fit.coef("school")
        if isinstance(frame, pl.DataFrame):
            assert frame.join(table.drop("x"), on="school").height == 60
        else:
            assert len(frame.merge(table.drop(columns="x"), on="school")) == 60


def test_without_the_data_keys_are_texts(tmp_path):
    fit = hlmrs.lmer("y ~ x + (1 | school)", DATA)
    fit.save(tmp_path / "fit")
    for other in (hlmrs.load(tmp_path / "fit"), hlmrs.lmer("y ~ x + (1 | school)", DATA, rows="stream")):
        assert list(other.coef("school")["school"]) == ["3", "7", "12", "100", "101"]


def test_a_key_that_is_also_a_coefficient_keeps_both():
    fit = hlmrs.lmer("y ~ school + (1 | school)", DATA)
    table = fit.coef("school")
    assert list(table["school_"]) == [3, 7, 12, 100, 101]
    assert set(table["school"]) == {fit.fixef()["school"]}


def test_data_that_changed_since_the_fit_give_no_wrong_keys():
    data = DATA.copy()
    fit = hlmrs.lmer("y ~ x + (1 | school)", data)
    want = fit.coef("school")
    data[:] = data.sort_values("y", ignore_index=True)
    assert fit.coef("school").equals(want)
    data["school"] = 7
    assert list(fit.coef("school")["school"]) == ["3", "7", "12", "100", "101"]


def test_another_name_is_refused(fit):
    with pytest.raises(hlmrs.OptionError, match="no grouping factor 'scool'; did you mean 'school'"):
        fit.ranef("scool")


def test_levels_that_hold_colons_are_told_apart():
    a = np.repeat(["a:b", "a"], 12)
    b = np.tile(np.repeat(["c", "b:c"], 6), 2)
    data = pd.DataFrame({"y": R.normal(size=24) + np.repeat([0, 5, 10, 20], 6), "a": a, "b": b})
    fit = hlmrs.lmer("y ~ 1 + (1 | a:b)", data)
    assert set(fit.ranef()["level"]) == {"`a:b`:c", "`a:b`:`b:c`", "a:c", "a:`b:c`"}
    assert len(data.merge(fit.coef("a:b"), on=["a", "b"])) == 24
    stream = hlmrs.lmer("y ~ 1 + (1 | a:b)", data, rows="stream")
    assert set(stream.ranef()["level"]) == set(fit.ranef()["level"])
    other = hlmrs.lmer("y ~ 1 + (1 | a:b)", data.assign(a=np.repeat(["q:r", "a"], 12)))
    assert "q:r:c" in set(other.ranef()["level"])
