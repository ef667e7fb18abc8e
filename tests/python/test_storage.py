import hashlib
import json
import struct
from concurrent.futures import ThreadPoolExecutor

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


def test_a_file_of_an_older_version_says_what_to_do():
    with pytest.raises(DataError, match=r"'x' is of format 1; .* make it again from the data and save it"):
        storage.from_bytes(WHOLE[:8] + struct.pack("<Q", 1) + WHOLE[16:], "x")


def sealed(text, body=b""):
    """A file of any header and body whose digest is right."""
    whole = struct.pack("<8sQQ", storage.MAGIC, storage.VERSION, len(text)) + text + body
    return whole + hashlib.sha256(whole).digest()


def with_index(index, body=bytes(64)):
    return sealed(json.dumps({"header": {}, "arrays": index}).encode(), body)


def test_the_digest_is_that_of_all_bytes_before_it():
    assert WHOLE[-32:] == hashlib.sha256(WHOLE[:-32]).digest()


@pytest.mark.parametrize("place", range(0, len(WHOLE), 7))
def test_no_flipped_bit_is_read(place):
    changed = bytearray(WHOLE)
    changed[place] ^= 1 << place % 8
    with pytest.raises(DataError):
        storage.from_bytes(bytes(changed), "x")


def test_the_index_of_a_file_is_read_as_it_was_written():
    _, arrays = storage.from_bytes(with_index({"a": {"dtype": "F64", "shape": [8], "offset": 0}}), "x")
    np.testing.assert_array_equal(arrays["a"], np.zeros(8))


@pytest.mark.parametrize(
    "index",
    [
        {name: {"dtype": "F64", "shape": [8], "offset": 0} for name in "ab"},  # over the same bytes
        {"a": {"dtype": "F64", "shape": [7], "offset": 0}},  # leaves bytes over
        {"a": {"dtype": "F64", "shape": [4], "offset": 32}},  # leaves bytes before it
        {},
    ],
)
def test_arrays_that_do_not_follow_one_another_are_errors(index):
    with pytest.raises(DataError, match="damaged"):
        storage.from_bytes(with_index(index), "x")


@pytest.mark.parametrize("shape", [[0, 2**62, 2**62], [1] * 100])
def test_shapes_that_no_array_has_are_errors(shape):
    body = bytes(0 if 0 in shape else 8)
    with pytest.raises(DataError, match="damaged"):
        storage.from_bytes(with_index({"a": {"dtype": "F64", "shape": shape, "offset": 0}}, body), "x")


def test_bytes_that_are_no_truth_values_are_errors():
    entry = {"dtype": "BOOL", "shape": [8], "offset": 0}
    assert storage.from_bytes(with_index({"a": entry}, bytes([0, 1] * 4)), "x")[1]["a"].sum() == 4
    with pytest.raises(DataError, match="truth values"):
        storage.from_bytes(with_index({"a": entry}, bytes([0, 2] * 4)), "x")


def test_a_large_file_of_another_kind_is_not_read(tmp_path):
    with open(tmp_path / "other", "wb") as file:
        file.truncate(1 << 40)  # no disk holds it, nor memory
    with pytest.raises(DataError, match="does not begin with HLMRSFIT"):
        storage.read(tmp_path / "other")


def test_a_write_follows_no_link_that_others_placed(tmp_path, monkeypatch):
    monkeypatch.setattr(storage.secrets, "token_hex", lambda n: "guessed")
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "fit.guessed.part").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        storage.write(tmp_path / "fit", HEADER, ARRAYS)
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_threads_that_write_to_one_path_leave_a_whole_file(tmp_path):
    path = tmp_path / "fit"
    storage.write(path, HEADER, ARRAYS)

    def write_and_read(_):
        for _ in range(20):
            storage.write(path, HEADER, ARRAYS)
            assert storage.read(path)[0] == HEADER

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_and_read, range(4)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit"]


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
    with pytest.raises(DataError, match="damaged"):
        storage.from_bytes(sealed(b"[" * 200_000), "x")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_an_error(place, by):
    changed = bytearray(WHOLE)
    changed[place] ^= by
    with pytest.raises(DataError):
        storage.from_bytes(bytes(changed), "x")


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_data_error(data):
    with pytest.raises(DataError):
        storage.from_bytes(storage.MAGIC + data, "x")
