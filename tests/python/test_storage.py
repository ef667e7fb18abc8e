import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlmrs import storage
from hlmrs.errors import DataError

ARRAYS = {
    "beta": np.array([251.4, 10.5]),
    "empty": np.zeros((0, 3)),
    "codes": np.arange(6, dtype=np.uint32).reshape(2, 3),
    "kept": np.array([True, False, True]),
}
HEADER = {"formula": "y ~ x + (1 | Größe)", "levels": ["a", "b"], "nothing": None}
WHOLE = storage.to_bytes(HEADER, ARRAYS)


def test_what_is_written_is_read(tmp_path):
    storage.write(tmp_path / "fit", HEADER, ARRAYS)
    header, arrays = storage.read(tmp_path / "fit")
    assert header == HEADER
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_arrays_of_other_byte_order_and_layout_are_kept(tmp_path):
    odd = {"a": np.arange(6, dtype=">f8").reshape(2, 3).T}
    _, arrays = storage.from_bytes(storage.to_bytes({}, odd), "x")
    np.testing.assert_array_equal(arrays["a"], odd["a"])


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "fit"
    storage.write(path, HEADER, ARRAYS)
    with pytest.raises(ValueError, match="JSON compliant"):
        storage.write(path, {"x": float("nan")}, {})
    assert storage.read(path)[0] == HEADER
    assert [p.name for p in tmp_path.iterdir()] == ["fit"]


@pytest.mark.parametrize("end", [0, 7, 23, 24, 60, len(WHOLE) - 8])
def test_a_file_cut_short_is_an_error(end):
    with pytest.raises(DataError, match="'x' is"):
        storage.from_bytes(WHOLE[:end], "x")


def test_another_version_is_named():
    with pytest.raises(DataError, match="format 99"):
        storage.from_bytes(WHOLE[:8] + struct.pack("<Q", 99) + WHOLE[16:], "x")


def with_index(index):
    text = json.dumps({"header": {}, "arrays": index}).encode()
    return struct.pack("<8sQQ", storage.MAGIC, storage.VERSION, len(text)) + text + bytes(64)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F64", "shape": [9], "offset": 0},
        {"dtype": "F64", "shape": [2**62, 2**62], "offset": 0},
        {"dtype": "F64", "shape": [-1], "offset": 0},
        {"dtype": "F64", "shape": [1], "offset": -8},
        {"dtype": "F64", "shape": [1], "offset": 2**70},
        {"dtype": "F64", "shape": [1], "offset": 4},
        {"dtype": "F64", "shape": [1.0], "offset": 0},
        {"dtype": "F64", "shape": [True], "offset": 0},
        {"dtype": "O", "shape": [1], "offset": 0},
        {"dtype": ["F64"], "shape": [1], "offset": 0},
        {"dtype": "F64", "shape": "1", "offset": 0},
        {"shape": [1], "offset": 0},
        "F64",
        None,
    ],
)
def test_impossible_arrays_are_errors(entry):
    with pytest.raises(DataError, match="damaged"):
        storage.from_bytes(with_index({"a": entry}), "x")


def test_a_header_nested_without_end_is_an_error():
    text = b"[" * 200_000
    with pytest.raises(DataError, match="damaged"):
        storage.from_bytes(struct.pack("<8sQQ", storage.MAGIC, storage.VERSION, len(text)) + text, "x")


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_an_error_or_arrays_of_some_value(place, byte):
    changed = bytearray(WHOLE)
    changed[place] = byte
    with contextlib.suppress(DataError):
        header, arrays = storage.from_bytes(bytes(changed), "x")
        assert isinstance(header, dict)
        assert all(isinstance(array, np.ndarray) for array in arrays.values())


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_data_error(data):
    with pytest.raises(DataError):
        storage.from_bytes(storage.MAGIC + data, "x")
