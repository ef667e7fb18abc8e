"""What data may hold: one model whatever library a column is from, and a sentence for what has no meaning."""

import datetime

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hlmrs

R = np.random.default_rng(8)
G = np.repeat(np.arange(8), 6)
DAY = np.tile([0, 1, 2, 5, 9, 30], 8)
Y = R.normal(size=8)[G] + 0.1 * DAY + R.normal(size=48) * 0.3


def frames(**columns):
    """The same columns in every kind of frame."""
    data = pd.DataFrame({"y": Y, "g": G, **columns})
    return {
        "pandas": data,
        "arrow-backed": data.convert_dtypes(dtype_backend="pyarrow"),
        "polars": pl.DataFrame(data),
        "lazy": pl.LazyFrame(data),
        "pyarrow": pa.Table.from_pandas(data),
        "duckdb": duckdb.from_df(data),
        "dict": {name: data[name].to_numpy() for name in data},
        "series": {name: data[name] for name in data},
        "lists": {name: data[name].tolist() for name in data},
    }


def frames_with_times(values):
    """The same times in every kind of frame; durations of DuckDB may have months, and are something else."""
    found = frames(t=values)
    if isinstance(values, pd.TimedeltaIndex):
        del found["duckdb"]
    return found


TIMES = {
    "times": pd.Timestamp("2020-01-01") + pd.to_timedelta(DAY, unit="D"),
    "instants": pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.to_timedelta(DAY, unit="D"),
    "durations": pd.to_timedelta(DAY, unit="D"),
    "times of day": [datetime.time(int(d) % 24, 30, 0, 500 * int(d)) for d in DAY],
    "dates": [datetime.date(2020, 1, 1) + datetime.timedelta(days=int(d)) for d in DAY],
}


@pytest.mark.parametrize("values", TIMES.values(), ids=TIMES)
def test_times_are_no_numbers_in_any_frame(values):
    for frame in frames_with_times(values).values():
        with pytest.raises(hlmrs.DataError, match=r"column 't' is of type .*convert it to a number first"):
            hlmrs.lmer("y ~ t + (1 | g)", frame)


@pytest.mark.parametrize("values", TIMES.values(), ids=TIMES)
def test_times_as_levels_have_the_same_names_in_every_frame(values):
    formula = "y ~ factor(t) + (1 | g)"
    names = {kind: tuple(hlmrs.lmer(formula, f).coef_names) for kind, f in frames_with_times(values).items()}
    assert len(set(names.values())) == 1, names
    assert len(next(iter(names.values()))) == 6


def test_levels_of_times_are_in_order_whatever_their_unit():
    for unit in ("s", "ms", "us", "ns"):
        times = (np.datetime64("2020-01-01", "s") + DAY.astype("m8[D]")).astype(f"M8[{unit}]")
        fit = hlmrs.lmer("y ~ factor(t) + (1 | g)", {"y": Y, "g": G, "t": times})
        assert fit.coef_names[1] == "factor(t)2020-01-02T00:00:00"
    for unit, label in (("D", "2020-01-02"), ("h", "2020-01-02T00:00:00")):
        times = np.datetime64("2020-01-01", unit) + DAY.astype("m8[D]")
        fit = hlmrs.lmer("y ~ factor(t) + (1 | g)", {"y": Y, "g": G, "t": times})
        assert fit.coef_names[1] == f"factor(t){label}"


def test_a_missing_time_is_missing():
    times = pd.Series(TIMES["times"]).where(np.arange(48) != 3)
    for frame in frames(t=times).values():
        with pytest.warns(hlmrs.DroppedRowsWarning, match="t: 1"):
            assert hlmrs.lmer("y ~ factor(t) + (1 | g)", frame).nobs == 47


WORDS = np.array(["Köln", "Bonn", "Ulm", "Jena"] * 12)
BYTES = {
    "array": np.char.encode(WORDS, "utf-8"),
    "objects": np.array([word.encode() for word in WORDS], dtype=object),
    "list": [word.encode() for word in WORDS],
    "pandas": pd.Series([word.encode() for word in WORDS]),
    "categories": pd.Categorical([word.encode() for word in WORDS]),
    "polars": pl.Series([word.encode() for word in WORDS]),
    "pyarrow": pa.array([word.encode() for word in WORDS]),
    "large": pa.array([word.encode() for word in WORDS], pa.large_binary()),
    "dictionary": pa.array([word.encode() for word in WORDS]).dictionary_encode(),
}


@pytest.mark.parametrize("values", BYTES.values(), ids=BYTES)
def test_bytes_are_text(values):
    want = hlmrs.lmer("y ~ g + (1 | h)", {"y": Y, "g": WORDS, "h": G})
    got = hlmrs.lmer("y ~ g + (1 | h)", {"y": Y, "g": values, "h": G})
    assert len(got.coef_names) == 4
    assert got.criterion == pytest.approx(want.criterion, rel=1e-9)


@pytest.mark.parametrize(
    "values",
    [
        np.array([b"a", b"\xff"] * 24),
        [b"a", b"\xff"] * 24,
        pl.Series([b"a", b"\xff"] * 24),
        pa.array([b"a", b"\xff"] * 24),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_name(values):
    with pytest.raises(hlmrs.DataError, match=r"'g'.*bytes that are no UTF-8 text"):
        hlmrs.lmer("y ~ 1 + (1 | g)", {"y": Y, "g": values})


def test_keys_of_a_dictionary_need_be_no_text():
    data = {0: Y, 1: DAY, (2, "x"): G}
    got = hlmrs.lmer("`0` ~ `1` + (1 | `(2, 'x')`)", data)
    assert got.criterion == hlmrs.lmer("y ~ d + (1 | g)", {"y": Y, "d": DAY, "g": G}).criterion
    assert got.predict({1: [3.0], (2, "x"): [0]}).shape == (1,)
    assert set(got.augment()) > set(data)
    with pytest.raises(hlmrs.DataError, match="'0' occurs 2 times"):
        hlmrs.lmer("`0` ~ 1 + (1 | g)", {0: Y, "0": Y, "g": G})


def test_keys_that_are_numbers_are_said_to_be_the_reason():
    with pytest.raises(hlmrs.FormulaError, match=r"numbered, '0', '1': names must be text"):
        hlmrs.lmer("y ~ 1 + (1 | g)", {0: Y, 1: G})


def test_single_values_stand_for_every_row():
    fit = hlmrs.lmer("y ~ d + (1 | g)", {"y": Y, "d": DAY, "g": G})
    want = fit.predict({"d": [3.0], "g": [2]})
    for new in ({"d": 3.0, "g": 2}, {"d": np.float64(3), "g": "2"}, {"d": [3.0], "g": 2}, {"d": 3, "g": np.array(2)}):
        assert fit.predict(new) == want
    assert fit.predict({"d": [1.0, 2.0], "g": "0"}) == pytest.approx(fit.predict({"d": [1.0, 2.0], "g": [0, 0]}))
    assert hlmrs.lmer("y ~ 1 + offset(o) + (1 | g)", {"y": Y, "o": 2.0, "g": G}).fixef()["(Intercept)"] < Y.mean()


@pytest.mark.parametrize("values", [{1.0, 2.0}, {0: 1.0, 1: 2.0}])
def test_what_has_no_order_is_no_column(values):
    with pytest.raises(hlmrs.DataError, match=r"column 'd' is a .*, which has no rows in order"):
        hlmrs.lmer("y ~ d + (1 | g)", {"y": [1.0, 2.0], "d": values, "g": [1, 2]})


def one_row(kind):
    row = {"y": [1.0], "d": [3], "g": [2]}
    makers = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "lazy": pl.LazyFrame, "pyarrow": pa.table, "dict": dict}
    return makers[kind](row)


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "pyarrow", "dict"])
def test_frames_of_one_row(kind):
    fit = hlmrs.lmer("y ~ d + (1 | g)", {"y": Y, "d": DAY, "g": G})
    got = fit.predict(one_row(kind))
    value = got.collect()["prediction"][0] if kind == "lazy" else got[0]
    assert value == pytest.approx(fit.fixef()["(Intercept)"] + 3 * fit.fixef()["d"] + fit.ranef()["estimate"][2])
    assert fit.adapt(one_row(kind)).nobs == 49
    assert fit.append(one_row(kind)).nobs == 49
    with pytest.raises(hlmrs.HlmrsError):
        hlmrs.lmer("y ~ d + (1 | g)", one_row(kind))


def test_a_series_is_no_frame():
    with pytest.raises(hlmrs.DataError, match="pandas Series, not a DataFrame"):
        hlmrs.lmer("y ~ 1 + (1 | g)", pd.Series({"y": 1.0, "g": 2}))


def test_wide_integers_are_refused_by_name():
    data = pl.DataFrame({"y": Y, "g": G}).with_columns(pl.col("g").cast(pl.Int128))
    for frame in (data, data.lazy()):
        with pytest.raises(hlmrs.DataError, match=r"'g'.*cast it to Int64"):
            hlmrs.lmer("y ~ 1 + (1 | g)", frame)


def test_decimal_commas_are_no_levels():
    commas = [f"{value:.3f}".replace(".", ",") for value in Y]
    for data in ({"y": Y, "x": commas, "g": G}, pl.DataFrame({"y": Y, "x": commas, "g": G})):
        with pytest.raises(hlmrs.DataError, match=r"column 'x' is text, .*decimal commas, such as '.*,"):
            hlmrs.lmer("y ~ x + (1 | g)", data)
    codes = np.tile(["1,2", "1,3", "b"], 16)
    assert len(hlmrs.lmer("y ~ x + (1 | g)", {"y": Y, "x": codes, "g": G}).coef_names) == 3


def test_groups_in_the_index_and_names_that_look_alike():
    data = pd.DataFrame({"y": Y, "größe": DAY, "g": G})
    with pytest.raises(hlmrs.FormulaError, match="level of the index"):
        hlmrs.lmer("y ~ 1 + (1 | g)", data.set_index("g"))
    with pytest.raises(hlmrs.FormulaError, match="Unicode"):
        hlmrs.lmer("y ~ gro\u0308ße + (1 | g)", data)


@pytest.mark.parametrize(
    "values",
    [
        Y + 3,
        (Y + 3).astype("f4").astype("f8"),
        pd.array(Y + 3, dtype="Float64"),
        pl.Series(Y + 3),
        pa.array(Y + 3),
        np.ma.masked_array(Y + 3),
        (Y + 3).tolist(),
        tuple(Y + 3),
    ],
)
def test_weights_come_in_any_array(values):
    got = hlmrs.lmer("y ~ 1 + (1 | g)", {"y": Y, "g": G}, weights=values)
    want = hlmrs.lmer("y ~ 1 + (1 | g)", {"y": Y, "g": G, "w": np.asarray(values, dtype=float)}, weights="w")
    assert got.criterion == want.criterion


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_numbers_as_levels_differ_however_small_they_are_and_have_one_zero(kind):
    tiny = {pa.float16(): 6e-8, pa.float32(): 1e-42, pa.float64(): 1e-320}[kind]
    labels = pa.array(
        np.array([0.0, -0.0, tiny, 3 * tiny, -tiny, 0.0], dtype=kind.to_pandas_dtype())[DAY.argsort() % 6]
    )
    table = pa.table({"y": Y, "v": labels})
    assert hlmrs.lmer("y ~ 1 + (1 | v)", table).n_groups == {"v": 4}


@pytest.mark.parametrize(
    ("unit", "kind", "message"),
    [
        ("s", "zodiac", "column 't' has times of the kind 'zodiac'; the kinds are local, instant, duration"),
        ("fortnight", "local", "column 't' has times in the unit 'fortnight'"),
        ("D", "duration", "column 't' has times in the unit 'D'; convert them to microseconds"),
        ("ns", "time of day", "column 't' has times in the unit 'ns'; convert them to microseconds"),
    ],
)
def test_the_core_takes_kinds_and_units_of_times_that_it_has(unit, kind, message):
    with pytest.raises(hlmrs.DataError, match=message):
        hlmrs._core.Columns().add_times("t", np.array([1]), unit, kind)


NAMES = {
    "texts": ["y", "g", "k"],
    "texts of Python": pd.Index(["y", "g", "k"], dtype=object),
    "texts of an extension type": pd.Index(["y", "g", "k"], dtype="string"),
    "categories": pd.CategoricalIndex(["y", "g", "k"]),
    "with a missing name": ["y", "g", "k", None],
    "with numbers": pd.Index(["y", "g", "k", 5], dtype=object),
    "with tuples": pd.Index(["y", "g", "k", (1, "a")], tupleize_cols=False),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_columns_are_found_by_name_in_every_index_of_columns(names):
    values = {"y": Y, "g": G, "k": pd.Categorical.from_codes(G % 3, ["b", "a", "c"]), "z": Y}
    data = pd.concat(list(map(pd.Series, values.values())), axis=1).iloc[:, : len(names)].set_axis(names, axis=1)
    fit = hlmrs.lmer("y ~ k + (1 | g)", data)
    assert fit.loglik == hlmrs.lmer("y ~ k + (1 | g)", values).loglik
    assert list(fit.fixef()) == ["(Intercept)", "ka", "kc"]


CATEGORIES = {
    "texts": ["b", "a", "c"],
    "texts of Python": pd.Index(["b", "a", "c"], dtype=object),
    "numbers": [2.5, 1.0, 3.0],
    "integers": [2, 1, 3],
    "truths and texts": [True, "a", 3],
    "dates": pd.to_datetime(["2021-01-01", "2020-01-01", "2022-01-01"]),
}


@pytest.mark.parametrize("levels", CATEGORIES.values(), ids=CATEGORIES)
def test_categories_of_any_kind_keep_their_order_and_their_gaps(levels):
    codes = np.where(np.arange(48) == 7, -1, np.arange(48) % 3)
    data = pd.DataFrame({"y": Y, "g": G, "k": pd.Categorical.from_codes(codes, levels)})
    with pytest.warns(hlmrs.errors.DroppedRowsWarning, match="1 of 48 rows"):
        fit = hlmrs.lmer("y ~ 0 + k + (1 | g)", data)
    assert (len(fit.fixef()), fit.nobs) == (3, 47)
    renamed = data.assign(k=data["k"].cat.rename_categories(["l0", "l1", "l2"])).dropna()
    plain = hlmrs.lmer("y ~ 0 + k + (1 | g)", renamed)
    np.testing.assert_allclose(list(fit.fixef().values()), list(plain.fixef().values()), rtol=1e-8)
