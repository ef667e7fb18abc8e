"""Text files of data: recognised by how they are written, read by whichever library is installed."""

import codecs
import csv
import gzip
import io
import itertools
import re
import shlex
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..libraries import installed

DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_NULLS = ("", "NA")
_LINES = 1000
"""Lines that are looked at for a decimal comma."""
_NAMED_SEPARATOR = re.compile(r"sep=(.)")
_QUOTED = re.compile(r'"[^"]*"')
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
_NUMBER = re.compile(r"[+-]?\d*[.,]?\d+(?:[eE][+-]?\d+)?")
_PADDED = re.compile(r" +[^ ].*|.*[^ ] +").fullmatch
"""A field with blanks around what it holds."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How a text file is written, as far as the user says: missing values, decimal mark, what parts columns."""

    missing: tuple[str, ...] = ()
    decimal: str | None = None
    separator: str | None = None


AS_IT_LOOKS = Writing()
"""Nothing is said."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a text file holds, its columns, and how it is written; `skipped` are the lines before its header."""

    content: str
    names: list[str]
    separator: str
    decimal: str
    missing: list[str]
    skipped: int


def odd_cell(name: str, writing: Writing, message: str) -> str:
    """Say where a column of numbers that a message is about has something else; nothing where there is none."""
    path = Path(name)
    if suffix_of(path) not in DELIMITERS:
        return ""
    text = _recognised(_decoded(path), DELIMITERS[suffix_of(path)], writing)
    for k, column in enumerate(text.names):
        if f"column {column!r}" not in message:
            continue
        if found := _first_odd(text, k):
            line, value = found
            return f"; line {line} of the file has {value!r}, which --na {shlex.quote(value)} reads as missing"
        return _mixed_marks(text) if writing.decimal is None else ""
    return ""


def _first_odd(text: Text, k: int) -> tuple[int, str] | None:
    """Return the first cell that is no number, and its line, of a column in which less than half of them are none."""
    cells = [(line, row[k].strip()) for line, row in _lines(text) if k < len(row)]
    odd = [cell for cell in cells if not _is_number(cell[1], text) and cell[1] not in text.missing]
    return odd[0] if odd and 2 * len(odd) < len(cells) else None


def _mixed_marks(text: Text) -> str:
    """Name the first cell with the rarer decimal mark, in a file that has numbers with either."""
    cells = [
        (line, name, value.strip()) for line, row in _lines(text) for name, value in zip(text.names, row, strict=False)
    ]
    commas, points = ([cell for cell in cells if mark.fullmatch(cell[2])] for mark in (_COMMA, _POINT))
    if not commas or not points:
        return ""
    rare, other = (points, "comma") if len(points) < len(commas) else (commas, "point")
    line, name, value = rare[0]
    return (
        f"; line {line} of the file has {value!r} in column {name!r}, while other numbers have a decimal {other}: "
        "write all of them with the same mark"
    )


def suffix_of(path: Path) -> str:
    """Return the end of a name, below that of compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes] or [""]
    return suffixes[-2] if suffixes[-1] == ".gz" and len(suffixes) > 1 else suffixes[-1]


def read_text(path: Path, writing: Writing) -> Any:
    """Read a text file into a frame, or a dictionary of arrays."""
    readers: list[tuple[str, Callable[[Text], Any]]] = [("polars", _polars_csv), ("pandas", _pandas_csv)]
    reader = next((read for library, read in readers if installed(library)), _plain_csv)
    text = _recognised(_decoded(path), DELIMITERS[suffix_of(path)], writing)
    try:
        return reader(text)
    except Exception as error:
        uneven = next(((line, len(row)) for line, row in _lines(text) if len(row) > len(text.names)), None)
        if uneven is not None:
            raise ValueError(f"line {uneven[0]} has {uneven[1]} fields, and the header {len(text.names)}") from error
        odd = ((name, found) for k, name in enumerate(text.names) if (found := _first_odd(text, k)))
        for name, (line, value) in odd:
            raise ValueError(f"line {line} has {value!r} in column {name!r}, which is no number") from error
        raise


def _lines(text: Text) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines below the header that are not empty, each with its number in the file."""
    reader = csv.reader(io.StringIO(text.content), delimiter=text.separator)
    next(reader)
    for row in reader:
        if row:
            yield text.skipped + reader.line_num, row


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


def _recognised(content: str, usual: str, writing: Writing) -> Text:
    """Find what parts the columns by the header, and a decimal comma by the first lines, unless these are said."""
    skipped = len(content) - len(content.lstrip("\r\n"))
    before, content = content[:skipped].count("\n"), content[skipped:]
    first, _, rest = content.partition("\n")
    if named := _NAMED_SEPARATOR.fullmatch(first.strip("\r")):  # as Excel writes it
        usual, content, before = named[1], rest, before + 1
    elif first.strip():
        bare = _QUOTED.sub("", first)
        usual = max((usual, *(mark for mark in ",;\t|" if mark != usual)), key=bare.count)
    else:
        raise ValueError("it is empty")
    separator = writing.separator or usual
    _check_quotes(content, separator, before)
    content = _without_padding(content, separator)
    header, *lines = itertools.islice(csv.reader(io.StringIO(content), delimiter=separator), _LINES)
    fields = [field.strip() for line in lines for field in line]
    comma = separator != "," and any(map(_COMMA.fullmatch, fields)) and not any(map(_POINT.fullmatch, fields))
    decimal = writing.decimal or ("," if comma else ".")
    return Text(content, _names(header), separator, decimal, [*_NULLS, *writing.missing], before)


def _check_quotes(content: str, separator: str, before: int) -> None:
    """Refuse a quotation mark that nothing closes: all lines below it would be one field."""
    if content.count('"') % 2 == 0:
        return
    reader, start = csv.reader(io.StringIO(content), delimiter=separator, strict=True), 1
    try:
        for _ in reader:
            start = reader.line_num + 1
    except csv.Error:
        raise ValueError(f"the quotation mark of line {before + start} is not closed") from None


def _without_padding(content: str, separator: str) -> str:
    """Strip blanks around fields where the header, or a number of the first lines, has them."""
    fields = itertools.chain.from_iterable(line.split(separator) for line in content.splitlines()[1:_LINES])
    if not any(map(_PADDED, content.partition("\n")[0].strip("\r").split(separator))) and not any(
        _PADDED(field) and _NUMBER.fullmatch(field.strip()) for field in fields
    ):
        return content
    rows = csv.reader(io.StringIO(content), delimiter=separator, skipinitialspace=True)
    stripped = io.StringIO()
    csv.writer(stripped, delimiter=separator, lineterminator="\n").writerows([f.strip() for f in row] for row in rows)
    return stripped.getvalue()


def _names(header: Sequence[str]) -> list[str]:
    """Return the names of the columns without blanks around them; one without a name has its number."""
    names = [name.strip() or f"column_{k}" for k, name in enumerate(header, start=1)]
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise ValueError(f"two columns of its header are called {twice!r}; give one of them another name")
    return names


def _polars_csv(text: Text) -> Any:
    import polars as pl

    return pl.read_csv(
        text.content.encode(),
        separator=text.separator,
        decimal_comma=text.decimal == ",",
        null_values=text.missing,
        infer_schema_length=None,
        new_columns=text.names,
    )


def _pandas_csv(text: Text) -> Any:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # it warns of lines that it cuts
        return pd.read_csv(
            io.StringIO(text.content),
            sep=text.separator,
            decimal=text.decimal,
            na_values=text.missing,
            keep_default_na=False,
            names=text.names,
            header=0,
            index_col=False,
        )


def _plain_csv(text: Text) -> dict[str, Any]:
    rows = list(_lines(text))
    uneven = next(((line, len(row)) for line, row in rows if len(row) != len(text.names)), None)
    if uneven is not None:
        raise ValueError(f"line {uneven[0]} has {uneven[1]} fields, and the header {len(text.names)}")
    columns = [[row[k] for _, row in rows] for k in range(len(text.names))]
    return {name: _parse(values, text) for name, values in zip(text.names, columns, strict=True)}


def _parse(texts: Sequence[str], file: Text) -> Any:
    """Numbers if every text that is not missing is a number, else texts."""
    if all(text in file.missing or _is_number(text, file) for text in texts):
        return np.array([np.nan if text in file.missing else float(text.replace(file.decimal, ".")) for text in texts])
    return np.array([None if text in file.missing else text for text in texts], dtype=object)


def _is_number(text: str, file: Text) -> bool:
    if not text.isascii() or "_" in text or (file.decimal != "." and "." in text):  # which float() would take
        return False
    try:
        float(text.replace(file.decimal, "."))
    except ValueError:
        return False
    return True
