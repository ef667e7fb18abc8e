"""Data files, read by whichever library is installed."""

import codecs
import csv
import gzip
import io
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, HlmrsError
from ..frame import installed

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_BINARY = (".parquet", ".feather", ".arrow")
_NULLS = ("", "NA")
_LINES = 1000
"""Lines that are looked at for a decimal comma."""
_NAMED_SEPARATOR = re.compile(r"sep=(.)")
_QUOTED = re.compile(r'"[^"]*"')
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


def read_file(name: str) -> Any:
    """Read a data file into a frame."""
    path = Path(name)
    suffixes = [suffix.lower() for suffix in path.suffixes] or [""]
    suffix = suffixes[-2] if suffixes[-1] == ".gz" and len(suffixes) > 1 else suffixes[-1]
    if suffix not in (*_DELIMITERS, *_BINARY):
        raise DataError(
            f"{name!r}: the name should end in {', '.join((*_DELIMITERS, *_BINARY))}, or .csv.gz or .tsv.gz; save "
            "files of other programs, such as Excel or SPSS, as CSV"
        )
    if not path.is_file():
        raise DataError(f"{name!r}: there is no such file")
    try:
        return _read_text(path, _DELIMITERS[suffix]) if suffix in _DELIMITERS else _read_binary(path, suffix)
    except HlmrsError:
        raise
    except Exception as error:  # every library has its own
        raise DataError(f"{name!r} could not be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Text:
    """What a text file holds, and how numbers and columns are written in it."""

    content: str
    separator: str
    decimal: str


def _read_text(path: Path, separator: str) -> Any:
    readers: list[tuple[str, Callable[[Text], Any]]] = [("polars", _polars_csv), ("pandas", _pandas_csv)]
    reader = next((read for library, read in readers if installed(library)), _plain_csv)
    return reader(_recognised(_decoded(path), separator))


def _decoded(path: Path) -> str:
    """Read text in UTF-8, in UTF-16 with its mark, or in the encoding of Windows in Western Europe."""
    raw = path.read_bytes()
    if path.suffix.lower() == ".gz":
        raw = gzip.decompress(raw)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    if b"\0" in raw:
        raise ValueError("it holds binary data, not text")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _recognised(content: str, usual: str) -> Text:
    """Find what parts the columns by the header, and a decimal comma by the first lines."""
    first, _, rest = content.lstrip("\r\n").partition("\n")
    if named := _NAMED_SEPARATOR.fullmatch(first.strip("\r")):  # as Excel writes it
        usual, content = named[1], rest
        first = rest.partition("\n")[0]
    elif first.strip():
        header = _QUOTED.sub("", first)
        usual = max((usual, *(mark for mark in ",;\t|" if mark != usual)), key=header.count)
    else:
        raise ValueError("it is empty")
    lines = itertools.islice(csv.reader(io.StringIO(content), delimiter=usual), 1, _LINES)
    fields = [field.strip() for line in lines for field in line]
    comma = usual != "," and any(map(_COMMA.fullmatch, fields)) and not any(map(_POINT.fullmatch, fields))
    return Text(content, usual, "," if comma else ".")


def _polars_csv(text: Text) -> Any:
    import polars as pl

    return pl.read_csv(
        text.content.encode(),
        separator=text.separator,
        decimal_comma=text.decimal == ",",
        null_values=list(_NULLS),
        infer_schema_length=None,
    )


def _pandas_csv(text: Text) -> Any:
    import pandas as pd

    return pd.read_csv(
        io.StringIO(text.content),
        sep=text.separator,
        decimal=text.decimal,
        na_values=list(_NULLS),
        keep_default_na=False,
    )


def _plain_csv(text: Text) -> dict[str, Any]:
    header, *rows = csv.reader(io.StringIO(text.content), delimiter=text.separator)
    uneven = next((number for number, row in enumerate(rows, start=2) if len(row) != len(header)), None)
    if uneven is not None:
        raise ValueError(f"line {uneven} has not {len(header)} fields, as the header has")
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return {name: _parse(values, text.decimal) for name, values in zip(header, columns, strict=True)}


def _parse(texts: Sequence[str], decimal: str) -> Any:
    """Numbers if every text that is not missing is a number, else texts."""
    try:
        return np.array([np.nan if text in _NULLS else float(text.replace(decimal, ".")) for text in texts])
    except ValueError:
        return np.array([None if text in _NULLS else text for text in texts], dtype=object)


def _read_binary(path: Path, suffix: str) -> Any:
    if installed("polars"):
        import polars as pl

        return pl.read_parquet(path) if suffix == ".parquet" else pl.read_ipc(path, memory_map=False)
    if installed("pyarrow"):
        from pyarrow import feather, parquet

        return parquet.read_table(path) if suffix == ".parquet" else feather.read_table(path)
    if installed("duckdb") and suffix == ".parquet":
        import duckdb

        return duckdb.read_parquet(str(path))
    raise DataError(f"reading {suffix} files needs Polars or pyarrow: pip install 'hlmrs[polars]'")
