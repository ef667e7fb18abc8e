"""Columns of every type of Arrow, Polars and pandas, with valid and with damaged contents: a fit, or a typed error."""

import datetime as dt
import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import hlmrs
from frame import test_invalid_arrow

N = test_invalid_arrow.N
FORMULAS = (
    "y ~ v + (1 | g)",
    "y ~ 1 + (1 | v)",
    "v ~ 1 + (1 | g)",
    "y ~ 1 + (v | g)",
    "y ~ log(v) + factor(v) + (1 | g)",
)
DAY = dt.datetime(2020, 2, 28, 23, 59)


def used(frame: Any, rng: np.random.Generator) -> None:
    """Fit a formula in which the column `v` has any place; as an argument too."""
    formula = str(rng.choice(FORMULAS))
    options: dict[str, Any] = {"weights": "v"} if rng.random() < 0.2 else {"offset": "v"} if rng.random() < 0.2 else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = hlmrs.lmer(formula, frame, **options)
            fit.predict(frame)
            str(fit.summary())
        except hlmrs.HlmrsError as error:
            if isinstance(error, hlmrs.DataError) and not re.search(r"\bv\b", str(error)):
                raise AssertionError(f"{formula} {options}: the column is not named: {error}") from error


def good(rng: np.random.Generator) -> dict[str, Any]:
    """Return a response and groups."""
    return {"y": rng.normal(size=N) + 3 * (np.arange(N) % 5), "g": [f"g{k % 5}" for k in range(N)]}


def arrow_values(rng: np.random.Generator) -> Any:
    """Return an array of any type, with missing values, sliced and in parts at random."""
    kind = ARROW[rng.integers(len(ARROW))]
    values = [None if rng.random() < 0.1 else VALUES[kind[1]](int(k)) for k in rng.integers(0, 9, N + 4)]
    array = pa.array(values, kind[0])
    if rng.random() < 0.3 and not pa.types.is_nested(kind[0]) and not pa.types.is_null(kind[0]):
        array = array.dictionary_encode() if not pa.types.is_dictionary(array.type) else array
    part = int(rng.integers(0, 5))
    return pa.chunked_array([array[part : part + 7], array[part + 7 : part + N]])


VALUES: dict[str, Callable[[int], Any]] = {
    "whole": lambda k: k,
    "real": lambda k: [0.5, -2.0, 1e300, 1e-300, float("nan"), float("inf"), -0.0, 3.0, 4.0][k],
    "text": lambda k: ["a", "b", "", " ", "é", "a\x00b", "1", "NA", "x" * 300][k],
    "bytes": lambda k: [b"a", b"b", b"", b"\xff", b"\x00", b"c", b"1", b"NA", b"d"][k],
    "four": lambda k: bytes([97 + k]) * 4,
    "truth": lambda k: k > 4,
    "day": lambda k: DAY.date() + dt.timedelta(days=k),
    "instant": lambda k: DAY + dt.timedelta(hours=k),
    "time": lambda k: dt.time(k),
    "span": lambda k: dt.timedelta(seconds=k),
    "decimal": lambda k: Decimal(k) / 4,
    "list": lambda k: [k, k + 1],
    "struct": lambda k: {"a": k},
    "nothing": lambda k: None,
}
ARROW: list[tuple[Any, str]] = [
    *((kind, "whole") for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())),
    *((kind, "whole") for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    *((kind, "real") for kind in (pa.float32(), pa.float64())),
    (pa.float16(), "truth"),
    *((kind, "text") for kind in (pa.string(), pa.large_string(), pa.string_view())),
    *((kind, "bytes") for kind in (pa.binary(), pa.large_binary(), pa.binary_view())),
    (pa.binary(4), "four"),
    (pa.bool_(), "truth"),
    *((kind, "day") for kind in (pa.date32(), pa.date64())),
    *((pa.timestamp(unit), "instant") for unit in ("s", "ms", "us", "ns")),
    (pa.timestamp("us", "Europe/Vienna"), "instant"),
    *((kind, "time") for kind in (pa.time32("s"), pa.time64("us"))),
    *((pa.duration(unit), "span") for unit in ("s", "ns")),
    *((kind, "decimal") for kind in (pa.decimal128(9, 3), pa.decimal256(50, 3))),
    *((kind, "list") for kind in (pa.list_(pa.int8()), pa.large_list(pa.float32()), pa.list_(pa.int8(), 2))),
    (pa.struct([("a", pa.int8())]), "struct"),
    (pa.null(), "nothing"),
]


def arrow(number: int) -> None:
    """Any type of Arrow."""
    rng = np.random.default_rng(number)
    values = arrow_values(rng)
    table = pa.table(good(rng) | {"v": values})
    used(table, rng)


def polars(number: int) -> None:
    """Any type of Polars, made of one of Arrow; types that it has not are left out."""
    rng = np.random.default_rng(number)
    try:
        frame = pl.from_arrow(pa.table(good(rng) | {"v": arrow_values(rng)}))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # Polars panics at some
        return
    used(frame.lazy() if rng.random() < 0.3 else frame, rng)


def damaged(number: int) -> None:
    """Arrow data that are not valid, at a random place: the column is named, or the place is not read."""
    rng = np.random.default_rng(number)
    array = list(test_invalid_arrow.INVALID.values())[number % len(test_invalid_arrow.INVALID)]
    used(pa.table(good(rng) | {"v": array}), rng)
    used(pa.table(good(rng) | {"v": _random_text(rng)}), rng)
    used(pa.table(good(rng) | {"v": _random_views(rng)}), rng)


def _random_text(rng: np.random.Generator) -> Any:
    """Return texts of random bytes; ends that may fall, the last of them that of the bytes."""
    letters = rng.integers(0, 256 if rng.random() < 0.5 else 128, 200, dtype=np.uint8).tobytes()
    ends = np.sort(rng.integers(0, 201, N + 1)).astype(np.int32)
    if rng.random() < 0.5:
        ends[rng.integers(1, N)] = rng.integers(-5, 201)
    ends[0], ends[-1] = 0, 200
    valid = rng.integers(0, 256, (N + 7) // 8, dtype=np.uint8).tobytes() if rng.random() < 0.5 else None
    buffers = [pa.py_buffer(valid) if valid else None, pa.py_buffer(ends.tobytes()), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.string(), N, buffers)


def _random_views(rng: np.random.Generator) -> Any:
    """Return views, some with a random length, prefix, buffer and place."""
    views = np.zeros((N, 4), dtype=np.int32)
    views[:, 0] = rng.integers(0, 13, N)
    wild = rng.random(N) < 0.1
    views[wild] = rng.integers(-(2**31), 2**31, (wild.sum(), 4))
    return pa.Array.from_buffers(pa.string_view(), N, [None, pa.py_buffer(views.tobytes()), pa.py_buffer(b"a" * 64)])


def pandas(number: int) -> None:
    """Any type of pandas, under any index."""
    rng = np.random.default_rng(number)
    values = PANDAS[rng.integers(len(PANDAS))](rng.integers(0, 9, N))
    frame = pd.DataFrame(good(rng)).assign(v=values)
    if rng.random() < 0.5:
        frame.index = pd.Index(rng.permutation(N) if rng.random() < 0.5 else [0] * N)
    used(frame, rng)


def _mixed(k: Any) -> Any:
    kinds = [1, "a", None, 2.5, float("nan"), True, b"x", (1, 2), DAY]
    return np.array([kinds[i] for i in k] + [None], dtype=object)[:-1]


PANDAS: list[Callable[[Any], Any]] = [
    *(
        (lambda k, name=name: pd.array(k, dtype=name))
        for name in ("Int8", "UInt64", "Float32", "int16", "float64", "string")
    ),
    *((lambda k, name=name: pd.array(k.astype(str), dtype=name)) for name in ("string[pyarrow]", "category", "object")),
    lambda k: pd.array(k > 4, dtype="boolean"),
    lambda k: pd.Categorical(k, categories=[0, 1, 2, 3], ordered=True),
    lambda k: pd.Categorical(pd.to_datetime(k, unit="D")),
    lambda k: pd.to_datetime(k, unit="D", utc=True),
    lambda k: pd.to_timedelta(k, unit="h"),
    lambda k: pd.period_range("2020", periods=N, freq="M"),
    lambda k: pd.interval_range(0, N, periods=N),
    lambda k: pd.arrays.SparseArray(k.astype(float), fill_value=0.0),
    lambda k: k.astype(complex),
    lambda k: k.astype(np.float16),
    lambda k: k.astype(np.longdouble),
    _mixed,
    lambda k: np.array([Decimal(int(i)) for i in k], dtype=object),
    lambda k: pd.array([[int(i)] for i in k], dtype="object"),
    lambda k: pd.array(k, dtype=pd.ArrowDtype(pa.int32())),
    lambda k: pd.array([None] * N, dtype="Int64"),
]

ATTACKS = {
    "columns: Arrow": arrow,
    "columns: Polars": polars,
    "columns: damaged Arrow": damaged,
    "columns: pandas": pandas,
}
