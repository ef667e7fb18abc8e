"""The files of fits and statistics: a JSON header, raw arrays, a digest.  Reading runs no code: docs/file-format.md."""

import json
import math
import os
import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

MAGIC = b"HLMRSFIT"
VERSION = 2

_DIGEST = 32
_PREFIX = struct.Struct("<8sQQ")  # magic, version, length of the header
_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file holds, and the eight bytes that it begins with."""

    magic: bytes
    what: str


FIT = Kind(MAGIC, "a fit")
STATISTICS = Kind(b"HLMRSSUM", "statistics")


def write(path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Arrays, kind: Kind = FIT) -> None:
    """Write a header and arrays, whole or not at all: to a new file of a name that none can guess, then renamed."""
    data = to_bytes(header, arrays, kind)
    temporary = f"{os.fspath(path)}.{secrets.token_hex(8)}.part"
    try:
        _replace(temporary, path, data)
    except OSError as error:  # of the file that was asked for
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def _replace(temporary: str, path: str | os.PathLike[str], data: bytes) -> None:
    with open(temporary, "xb") as file:  # follows no link
        try:
            file.write(data)
            file.close()
            os.replace(temporary, path)
        except BaseException:
            os.remove(temporary)
            raise


def read(path: str | os.PathLike[str], kind: Kind = FIT) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what ``write`` wrote; anything else is a DataError."""
    name = os.fspath(path)
    with open(path, "rb") as file:
        start = file.read(_PREFIX.size)
        _check_start(start, name, kind)  # before a large file of another kind is read
        return from_bytes(start + file.read(), name, kind)


def to_bytes(header: Mapping[str, Any], arrays: Arrays, kind: Kind = FIT) -> bytes:
    """Lay a file out in memory."""
    index: dict[str, Any] = {}
    body: list[bytes] = []
    end = 0
    for name, array in arrays.items():
        dtype = _DTYPES[_NAMES[array.dtype.newbyteorder("<")]]
        raw = np.ascontiguousarray(array, dtype=dtype).tobytes()
        index[name] = {"dtype": _NAMES[dtype], "shape": list(array.shape), "offset": end}
        body.append(raw + bytes(-len(raw) % 8))
        end += len(body[-1])
    text = json.dumps({"header": header, "arrays": index}, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    parts = [_PREFIX.pack(kind.magic, VERSION, len(text)), text, *body]
    return b"".join([*parts, _digest(parts)])


def from_bytes(data: bytes, name: str, kind: Kind = FIT) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Check and take apart the bytes of a file called `name`."""
    content, body = _split(data, name, kind)
    header, index = content.get("header"), content.get("arrays")
    if not isinstance(header, dict) or not isinstance(index, dict):
        raise _damaged(name, "its header has not the expected parts")
    arrays, end = {}, 0
    for key, entry in index.items():
        arrays[key], end = _array(body, entry, end, name)
    if end != len(body):
        raise _damaged(name, "its arrays end before the end of the file")
    return header, arrays


def _check_start(data: bytes, name: str, kind: Kind) -> int:
    """Return the length of the header, for a file of this kind and version."""
    if len(data) < _PREFIX.size or not data.startswith(kind.magic):
        raise DataError(f"{name!r} is not {kind.what} saved by hlmrs: it does not begin with {kind.magic.decode()}")
    _, version, length = _PREFIX.unpack_from(data)
    if version != VERSION:
        advice = "make it again from the data and save it" if version < VERSION else "update hlmrs"
        raise DataError(f"{name!r} is of format {version}; this hlmrs reads format {VERSION}: {advice}")
    return int(length)


def _split(data: bytes, name: str, kind: Kind) -> tuple[dict[str, Any], memoryview]:
    start = _PREFIX.size + _check_start(data, name, kind)
    body = memoryview(data)[start:-_DIGEST]
    if start + _DIGEST > len(data):
        raise _damaged(name, f"its header should end at byte {start}, and the file ends before")
    if _digest([memoryview(data)[:-_DIGEST]]) != data[-_DIGEST:]:
        raise _damaged(name, "its bytes are not those that were written")
    try:
        content = json.loads(data[_PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"its header is not JSON ({error})") from None
    if not isinstance(content, dict):
        raise _damaged(name, "its header is not an object")
    return content, body


def _digest(parts: Sequence[bytes | memoryview]) -> bytes:
    """Return the SHA-256 of bytes that follow one another."""
    from hashlib import sha256  # loaded when a file is written or read

    digest = sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def _array(body: memoryview, entry: Any, start: int, name: str) -> tuple[NDArray[Any], int]:
    """Return the array that begins at a place of the body, and where the next one begins."""
    try:
        dtype, shape, offset = _DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["offset"]
    except (TypeError, KeyError):
        raise _damaged(name, "an array is not described as it should be") from None
    if not all(type(size) is int and size >= 0 for size in (*shape, offset)) or offset != start:
        raise _damaged(name, f"an array has the impossible place or shape {(*shape, offset)}")
    count = math.prod(shape)
    if offset + count * dtype.itemsize > len(body):
        raise _damaged(name, "an array ends behind the end of the file")
    try:
        array: NDArray[Any] = np.frombuffer(body, dtype=dtype, count=count, offset=offset).reshape(shape).copy()
    except ValueError as error:
        raise _damaged(name, f"an array has the impossible shape {shape} ({error})") from None
    if dtype == np.bool_ and np.any(array.view(np.uint8) > 1):
        raise _damaged(name, "an array of truth values holds others")
    return array, offset + array.nbytes + -array.nbytes % 8


def _damaged(name: str, why: str) -> DataError:
    return DataError(f"{name!r} is damaged: {why}; take an undamaged copy, or make and save it again")
