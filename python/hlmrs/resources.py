"""Memory and time: how much memory is free, and a line on the terminal while long work goes on."""

import os
import sys
import time
from types import TracebackType

from ._core import available_memory
from .errors import DataError

_AFTER = 2.0
"""Seconds after which work is long."""
_EVERY = 0.25
_LARGE = 100_000_000
"""Bytes below which the memory that is free is not looked up."""


def available() -> int:
    """Return the bytes that are free for a process: half of what the machine has where the system does not tell."""
    free = available_memory()
    return (total() or 16 << 30) // 2 if free is None else free


def total() -> int | None:
    """Return the bytes of memory that the machine has; None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def format_bytes(n_bytes: float) -> str:
    """Write a size for people: ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def require_memory(n_bytes: float, what: str, instead: str) -> None:
    """Refuse what memory cannot hold; `what` ends in "needs", `instead` says what to do.

    >>> require_memory(1e300, "the fit needs", "use fewer random effects")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    hlmrs.errors.DataError: the fit needs about ... TB of memory, and ... are free; use fewer random effects
    """
    if n_bytes > _LARGE and n_bytes > (free := available()):
        raise DataError(f"{what} about {format_bytes(n_bytes)} of memory, and {format_bytes(free)} are free; {instead}")


class Progress:
    """Counts what is done; after two seconds a line says how far it is, if someone is there to read it."""

    def __init__(self, what: str, total: int | None = None, note: str = "") -> None:
        self._what, self._total, self._note = what, total, note
        self._done = 0
        self._start = self._shown = time.monotonic()
        self._visible = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._visible:
            print("\r" + " " * 79 + "\r", end="", file=sys.stderr, flush=True)

    def advance(self, n: int) -> None:
        """Count further ones as done."""
        self.reach(self._done + n)

    def reach(self, done: int) -> None:
        """Say how many are done."""
        self._done = done
        now = time.monotonic()
        if now - self._start < _AFTER or now - self._shown < _EVERY or not sys.stderr.isatty():
            return
        self._shown, self._visible = now, True
        print("\r" + self.line(now - self._start).ljust(79), end="", file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """Write how far the work is."""
        rate = self._done / seconds
        of = f" of {self._total:,}" if self._total else ""
        left = f", {(self._total - self._done) / rate:.0f} s left" if self._total and rate > 0 else ""
        speed = f", {rate:,.0f} a second" if rate >= 1 else ""
        return f"hlmrs: {self._done:,}{of} {self._what}{speed}{left}{self._note}"[:79]
