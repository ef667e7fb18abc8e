"""Where a row is, for messages about rows that come in batches."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .._core import Columns
from ..errors import HlmrsError
from .kind import Frame
from .parquet import ParquetFiles

_ROW = re.compile(r"\brow (\d+)\b")


def numbered(batches: Iterable[Columns]) -> Iterator[Columns]:
    """Let batches count their rows from the first batch on."""
    first = 0
    for columns in batches:
        columns.begin_at(first)
        first += columns.n_rows
        yield columns


@contextmanager
def located(frame: Frame, columns: Columns) -> Iterator[None]:
    """Name the file in the errors of a batch, where there are files."""
    try:
        yield
    except HlmrsError as error:
        if not isinstance(frame, ParquetFiles):
            raise
        text, found = _ROW.subn(lambda row: frame.place(int(row[1])), str(error), count=1)
        if not found:
            text += f" (in a batch that begins at {frame.place(columns.first)})"
        raise type(error)(text) from None
