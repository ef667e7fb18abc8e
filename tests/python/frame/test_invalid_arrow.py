"""Arrow data whose contents are not what their type says are refused, by the name of the column."""

import struct

import numpy as np
import pyarrow as pa
import pytest

import hlmrs

N = 40


def text(kind="string", offset=np.int32):
    letters = bytes([97 + k % 3 if k % 4 else 255 for k in range(N)])
    return pa.Array.from_buffers(
        pa.type_for_alias(kind),
        N,
        [None, pa.py_buffer(np.arange(N + 1, dtype=offset).tobytes()), pa.py_buffer(letters)],
    )


def keys(key=1, kind="int32"):
    wrong = pa.array([0, key, 7, key] * (N // 4), kind)
    return pa.DictionaryArray.from_arrays(wrong, pa.array(["a", "b"]), safe=False)


def views(index=0, offset=10**9):
    view = struct.pack("<i4sii", 100, b"aaaa", index, offset)
    return pa.Array.from_buffers(pa.string_view(), N, [None, pa.py_buffer(view * N), pa.py_buffer(b"a" * 64)])


def falling():
    offsets = np.arange(N + 1, dtype=np.int32)
    offsets[5] = 3
    return pa.Array.from_buffers(pa.string(), N, [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"a" * N)])


def dictionary_of(values):
    return pa.DictionaryArray.from_arrays(pa.array([k % N for k in range(N)], pa.int8()), values)


INVALID = {
    "text": text(),
    "large text": text("large_string", np.int64),
    "keys": keys(),
    "negative keys": keys(-1),
    "unsigned keys": keys(200, "uint8"),
    "views beyond a buffer": views(),
    "views of no buffer": views(3, 0),
    "falling offsets": falling(),
    "a dictionary of such text": dictionary_of(text()),
}


@pytest.mark.parametrize("column", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("formula", ["y ~ v + (1 | g)", "y ~ 1 + (1 | v)"])
@pytest.mark.parametrize("chunks", [1, 2])
def test_contents_that_are_not_valid_are_refused(column, formula, chunks):
    rng = np.random.default_rng(0)
    good = pa.table({"y": rng.normal(size=N), "g": [f"g{k % 5}" for k in range(N)]})
    table = pa.concat_tables([good.append_column("v", column)] * chunks)
    with pytest.raises(hlmrs.DataError, match="column 'v' holds Arrow data that are not valid"):
        hlmrs.lmer(formula, table)
    with pytest.raises(hlmrs.DataError, match="column 'v' holds Arrow data that are not valid"):
        hlmrs.SufficientStatistics(formula).update(table)


def test_what_a_fit_does_not_read_may_be_anything():
    y = np.random.default_rng(0).normal(size=N) + 9 * (np.arange(N) % 5)
    table = pa.table({"y": y, "g": [f"g{k % 5}" for k in range(N)], "v": text()})
    assert hlmrs.lmer("y ~ 1 + (1 | g)", table).nobs == N
