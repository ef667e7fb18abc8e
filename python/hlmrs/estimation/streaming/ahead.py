"""Batches that a thread reads before they are needed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from ..._core import Columns


def ahead(batches: Iterator[Columns]) -> Iterator[Columns]:
    """Yield batches, of which a thread reads the next while one is used."""
    with ThreadPoolExecutor(1, "hlmrs-reader") as reader:
        waiting = reader.submit(next, batches, None)
        while (columns := waiting.result()) is not None:
            waiting = reader.submit(next, batches, None)
            yield columns
