"""The files of fits and statistics: a JSON header and raw arrays.  Reading runs no code.  See docs/file-format.md."""

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

MAGIC = b"HLMRSFIT"
VERSION = 1

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
    """Write a header and arrays, whole or not at all."""
    temporary = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            file.write(to_bytes(header, arrays, kind))
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def read(path: str | os.PathLike[str], kind: Kind = FIT) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what ``write`` wrote; anything else is a DataError."""
    with open(path, "rb") as file:
        return from_bytes(file.read(), os.fspath(path), kind)


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
    return b"".join([_PREFIX.pack(kind.magic, VERSION, len(text)), text, *body])


def from_bytes(data: bytes, name: str, kind: Kind = FIT) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Check and take apart the bytes of a file called `name`."""
    content, body = _split(data, name, kind)
    header, index = content.get("header"), content.get("arrays")
    if not isinstance(header, dict) or not isinstance(index, dict):
        raise _damaged(name, "its header has not the expected parts")
    return header, {key: _array(body, entry, name) for key, entry in index.items()}


def _split(data: bytes, name: str, kind: Kind) -> tuple[dict[str, Any], memoryview]:
    if len(data) < _PREFIX.size or not data.startswith(kind.magic):
        raise DataError(f"{name!r} is not {kind.what} saved by hlmrs: it does not begin with {kind.magic.decode()}")
    _, version, length = _PREFIX.unpack_from(data)
    if version != VERSION:
        raise DataError(f"{name!r} is of format {version}; this hlmrs reads format {VERSION}: update hlmrs, or refit")
    start = _PREFIX.size + length
    if start > len(data):
        raise _damaged(name, f"its header should have {length} bytes, and the file ends before")
    try:
        content = json.loads(data[_PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"its header is not JSON ({error})") from None
    if not isinstance(content, dict):
        raise _damaged(name, "its header is not an object")
    return content, memoryview(data)[start:]


def _array(body: memoryview, entry: Any, name: str) -> NDArray[Any]:
    try:
        dtype, shape, offset = _DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["offset"]
    except (TypeError, KeyError):
        raise _damaged(name, "an array is not described as it should be") from None
    sizes = (*shape, offset)
    if not all(type(size) is int and size >= 0 for size in sizes) or offset % 8:
        raise _damaged(name, f"an array has the impossible place or shape {sizes}")
    count = math.prod(shape)
    if offset + count * dtype.itemsize > len(body):
        raise _damaged(name, "an array ends behind the end of the file")
    array: NDArray[Any] = np.frombuffer(body, dtype=dtype, count=count, offset=offset).reshape(shape).copy()
    return array


def _damaged(name: str, why: str) -> DataError:
    return DataError(f"{name!r} is damaged: {why}; save the fit again")
