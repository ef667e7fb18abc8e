"""Batches that a thread reads before they are needed."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

from ..._core import Columns

_AHEAD = 1
"""Batches that wait: one is read while another is summed."""


def ahead(batches: Iterator[Columns]) -> Iterator[Columns]:
    """Yield batches that a thread reads ahead."""
    ready: queue.Queue[Any] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def put(item: Any) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            for columns in batches:
                if not put(columns):
                    return
            put(None)
        except BaseException as error:  # raised again where the batches are used
            put(error)

    threading.Thread(target=read, name="hlmrs-reader", daemon=True).start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
