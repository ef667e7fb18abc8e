"""Whatever frame the data come in, the model sees the same numbers, categories and missing values."""

import datetime
import decimal
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from golden import relation
from hlmrs._core import Rows
from hlmrs.errors import DataError
from hlmrs.formula import parse
from hlmrs.frame import open_frame

NAN = float("nan")
BASE = {
    "y": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
    "x": [1, 2, 3, 4, 5, 6],
    "g": ["b", "a", "b", "c", "a", "c"],
}


def read(data, formula="y ~ x + (1 | g)", missing="drop"):
    frame = open_frame(data)
    spec = parse(formula, frame.names)
    columns = frame.read(spec.columns())
    options = {"contrasts": {}, "missing": missing, "weights": None, "offset": None}
    return Rows(spec.to_json(), columns, json.dumps(options))


def table(data, **options):
    """What the core makes of the data, in one comparable value."""
    rows = read(data, **options)
    levels = [rows.group_levels(0)[code] for code in rows.group_codes(0)]
    return (
        rows.layout()["columns"],
        rows.model_matrix().tolist(),
        rows.response().tolist(),
        levels,
        rows.group_levels(0),
    )


WANT = table(pa.table(BASE))
OPENERS = {
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "polars rechunked": lambda d: pl.concat([pl.DataFrame(d)[:2], pl.DataFrame(d)[2:]], rechunk=False),
    "polars sliced": lambda d: pl.concat([pl.DataFrame(d)] * 2)[6:],
    "pandas": pd.DataFrame,
    "pandas objects": lambda d: pd.DataFrame(d).astype({"g": object}),
    "pandas nullable": lambda d: pd.DataFrame(d).convert_dtypes(),
    "pandas arrow": lambda d: pd.DataFrame(d).convert_dtypes(dtype_backend="pyarrow"),
    "pandas sliced": lambda d: pd.concat([pd.DataFrame(d)] * 2)[6:],
    "pyarrow table": pa.table,
    "pyarrow batch": pa.RecordBatch.from_pydict,
    "pyarrow reader": lambda d: pa.table(d).to_reader(max_chunksize=4),
    "pyarrow chunks": lambda d: pa.concat_tables([pa.table(d)[:1], pa.table(d)[1:]]),
    "duckdb": lambda d: relation(pa.table(d)),
    "lists": dict,
    "arrays": lambda d: {name: np.array(values) for name, values in d.items()},
    "polars series": lambda d: {name: pl.Series(values) for name, values in d.items()},
    "pandas series": lambda d: {name: pd.Series(values) for name, values in d.items()},
    "arrow arrays": lambda d: {name: pa.chunked_array([values]) for name, values in d.items()},
}
each_frame = pytest.mark.parametrize("make", OPENERS.values(), ids=OPENERS)


@each_frame
def test_every_kind_is_read_alike(make):
    assert table(make(BASE)) == WANT


@each_frame
def test_null_and_nan_are_missing_in_every_kind(make):
    holes = BASE | {
        "x": [1.0, NAN, 3.0, 4.0, 5.0, 6.0],
        "y": [1.0, 2.0, None, 8.0, 16.0, 32.0],
        "z": [None] + [1.0] * 5,
    }
    rows = read(make(holes))
    assert rows.kept.tolist() == [True, False, False, True, True, True]
    assert rows.layout()["dropped_rows"] == {"x": 1, "y": 1}
    assert rows.response().tolist() == [1.0, 8.0, 16.0, 32.0]


@each_frame
def test_missing_groups_are_dropped(make):
    rows = read(make(BASE | {"g": ["b", None, "b", "c", "a", "c"]}))
    assert rows.layout()["dropped_rows"] == {"g": 1}
    assert rows.group_levels(0) == ["a", "b", "c"]


@each_frame
def test_plain_texts_sort_naturally(make):
    assert read(make(BASE | {"g": ["10", "2", "1", "10", "2", "1"]})).group_levels(0) == ["1", "2", "10"]


def typed(dtype):
    return pl.DataFrame(BASE).with_columns(pl.col("x").cast(dtype))


@pytest.mark.parametrize(
    "dtype",
    [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Decimal(10, 2)],
)
def test_every_numeric_type_is_a_number(dtype):
    polars = typed(dtype)
    assert table(polars) == WANT
    assert table(polars.to_arrow()) == WANT
    assert table(polars.to_pandas()) == WANT
    assert table(polars.to_pandas(use_pyarrow_extension_array=True)) == WANT
    assert table({name: polars[name].to_numpy() for name in polars.columns}) == WANT
    assert table(relation(polars.to_arrow())) == WANT


@pytest.mark.parametrize("dtype", ["Int64", "UInt8", "Float32", "int16", "float32", "Sparse[float64]"])
def test_every_pandas_type_is_a_number(dtype):
    assert table(pd.DataFrame(BASE).astype({"x": dtype})) == WANT


def test_objects_that_are_numbers_are_numbers():
    for values in ([1, 2, 3, 4, 5, 6], [1.0, 2, 3, 4, 5, np.int8(6)], [decimal.Decimal(k) for k in range(1, 7)]):
        objects = np.array(values, dtype=object)
        assert table(BASE | {"x": objects}) == WANT
        assert table(pd.DataFrame(BASE).assign(x=objects)) == WANT


ARROW_TEXT = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]


@pytest.mark.parametrize("kind", ARROW_TEXT, ids=str)
def test_every_encoding_of_text_names_the_same_groups(kind):
    column = (
        pa.array(BASE["g"]).cast(kind) if not pa.types.is_dictionary(kind) else pa.array(BASE["g"]).dictionary_encode()
    )
    rows = read(pa.table(BASE).set_column(2, "g", column))
    assert [rows.group_levels(0)[code] for code in rows.group_codes(0)] == BASE["g"]


@pytest.mark.parametrize("dtype", ["string[python]", "string[pyarrow]", "str", object, "category"])
def test_every_pandas_text_names_the_same_groups(dtype):
    assert table(pd.DataFrame(BASE).astype({"g": dtype})) == WANT


DECLARED = ["c", "unused", "b", "a"]
DECLARED_FRAMES = {
    "enum": pl.DataFrame(BASE, schema_overrides={"g": pl.Enum(DECLARED)}),
    "pandas": pd.DataFrame(BASE | {"g": pd.Categorical(BASE["g"], DECLARED)}),
    "pandas ordered": pd.DataFrame(BASE | {"g": pd.Categorical(BASE["g"], DECLARED, ordered=True)}),
    "pyarrow": pa.table(BASE | {"g": pa.DictionaryArray.from_arrays([2, 3, 2, 0, 3, 0], DECLARED)}),
    "categorical in a mapping": BASE | {"g": pd.Categorical(BASE["g"], DECLARED)},
}


@pytest.mark.parametrize("data", DECLARED_FRAMES.values(), ids=DECLARED_FRAMES)
def test_the_declared_order_sets_the_reference_and_unused_levels_are_dropped(data):
    rows = read(data, formula="y ~ g + (1 | x)")
    assert rows.layout()["columns"] == ["(Intercept)", "gb", "ga"]
    assert rows.layout()["reference_levels"] == {"g": "c"}
    assert read(data).group_levels(0) == ["c", "b", "a"]


def test_a_polars_categorical_has_no_declared_order():
    data = pl.DataFrame(BASE, schema_overrides={"g": pl.Categorical})
    assert read(data).group_levels(0) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "numbers", [[308, 9, 308, 40, 9, 40], [308.0, 9.0, 308.0, 40.0, 9.0, 40.0], [2.5, 1, 2.5, 3, 1, 3]]
)
def test_numbers_name_groups_in_their_order(numbers):
    for make in (pl.DataFrame, pd.DataFrame, pa.table, dict):
        levels = read(make(BASE | {"g": np.array(numbers)})).group_levels(0)
        assert levels == [f"{value:g}" for value in sorted(set(numbers))]


def test_long_integers_keep_all_their_digits_as_groups():
    ids = [2**60 + k for k in (1, 0, 1, 2, 0, 2)]
    want = [str(2**60 + k) for k in range(3)]
    for make in (pl.DataFrame, pd.DataFrame, dict):
        frame = open_frame(make(BASE | {"g": np.array(ids)}))
        columns = frame.read(["y", "x", "g"], labels={"g"})
        options = json.dumps({"contrasts": {}, "missing": "drop", "weights": None, "offset": None})
        assert Rows(parse("y ~ x + (1 | g)").to_json(), columns, options).group_levels(0) == want


@pytest.mark.parametrize(
    "times",
    [
        [datetime.date(2020, 1, d) for d in (2, 1, 2, 11, 1, 11)],
        [datetime.datetime(2020, 1, d, 12) for d in (2, 1, 2, 11, 1, 11)],
        [datetime.datetime(2020, 1, d, 12, 0, 0, 250_000) for d in (2, 1, 2, 11, 1, 11)],
    ],
    ids=["date", "time", "fraction"],
)
def test_dates_name_the_same_groups_in_every_kind(times):
    want = sorted(time.isoformat() for time in set(times))
    want = [text[:-3] if "." in text else text for text in want]
    frames = [pl.DataFrame(BASE | {"g": times}), pa.table(BASE | {"g": times}), BASE | {"g": np.array(times, "M8[us]")}]
    frames += [pd.DataFrame(BASE | {"g": times}), pd.DataFrame(BASE).assign(g=np.array(times, "M8[ns]"))]
    if not isinstance(times[0], datetime.datetime):
        frames[2]["g"] = np.array(times, "M8[D]")
        del frames[4]
    for data in frames:
        assert read(data).group_levels(0) == want


def test_times_with_a_zone_are_given_in_utc():
    zoned = pd.Series(pd.to_datetime(["2020-01-01 12:00", "2020-01-02 12:00"] * 3)).dt.tz_localize("Europe/Berlin")
    want = ["2020-01-01T11:00:00Z", "2020-01-02T11:00:00Z"]
    assert read(pd.DataFrame(BASE).assign(g=zoned)).group_levels(0) == want
    assert read(pl.DataFrame(BASE).with_columns(g=pl.Series(zoned))).group_levels(0) == want


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table, dict])
def test_booleans_are_two_levels_like_those_of_r(make):
    data = make(BASE | {"b": [True, False, False, True, True, False]})
    rows = read(data, formula="y ~ b + (1 | g)")
    assert rows.layout()["columns"] == ["(Intercept)", "bTRUE"]
    assert rows.model_matrix()[:, 1].tolist() == [1, 0, 0, 1, 1, 0]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table, dict])
def test_booleans_are_numbers_where_numbers_are_needed(make):
    flags = [True, False, False, True, True, False]
    data = make(BASE | {"b": flags})
    assert read(data, formula="b ~ I(b * 2) + (1 | g)").model_matrix()[:, 1].tolist() == [2 * flag for flag in flags]
    assert read(data, formula="b ~ x + (1 | g)").response().tolist() == flags


def test_missing_booleans_are_missing():
    flags = [True, None, False, True, True, False]
    for data in (pd.DataFrame(BASE).assign(b=pd.array(flags, dtype="boolean")), BASE | {"b": flags}):
        assert read(data, formula="y ~ b + (1 | g)").layout()["dropped_rows"] == {"b": 1}


def test_an_unknown_library_with_an_arrow_stream_is_read():
    class Foreign:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.table(BASE).__arrow_c_stream__(requested_schema)

    assert table(Foreign()) == WANT


def test_names_that_need_quoting_are_found_in_a_database():
    data = relation(pa.table({'a "b"': BASE["x"], "y": BASE["y"], "g": BASE["g"]}))
    assert read(data, formula='y ~ `a "b"` + (1 | g)').model_matrix()[:, 1].tolist() == BASE["x"]


def test_columns_that_the_model_does_not_name_are_not_read():
    class Trap:
        def __array__(self, *args, **kwargs):
            raise AssertionError("read")

    assert table(BASE | {"unused": Trap()}) == WANT
    assert table(pl.DataFrame(BASE).with_columns(unused=pl.Series([object()] * 6, dtype=pl.Object))) == WANT


WITHOUT_ARROW = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd, hlmrs
data = pd.DataFrame({"y": [1., 2., 4., 8., 3., 5.], "x": pd.array([1, 2, None, 4, 5, 7], dtype="Int64"),
                     "g": ["a", "b", "a", "b", "c", "c"], "f": pd.Categorical(list("uvuvuv"), ["v", "u"])})
from hlmrs.frame import open_frame, build
columns = open_frame(data).read(list("yxgf"))
print(columns.n_rows, columns.names)
print(type(build("pandas", {"a": [None, "x"]})).__module__.split(".")[0])
"""


def test_pandas_needs_no_pyarrow():
    done = subprocess.run([sys.executable, "-c", WITHOUT_ARROW], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["6 ['y', 'x', 'g', 'f']", "pandas"]


def test_a_reader_is_read_once():
    reader = pa.table(BASE).to_reader()
    table(reader)
    with pytest.raises(DataError):
        table(reader)
