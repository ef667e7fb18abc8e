"""A name as a user may give it: with or without backticks, an interaction in any order, in another Unicode form."""

import re
from collections.abc import Callable, Hashable, Iterable
from unicodedata import normalize

from .syntax import deparse_name

_QUOTED = re.compile(r"`((?:[^`\\]|\\.)*)`")
_COLON = re.compile(r":(?=(?:[^`]*`[^`]*`)*[^`]*$)(?![^(]*\))")
"""A colon that parts factors: within no backticks and no parentheses."""


def unquoted(name: str) -> str:
    """Return a name without backticks around its parts."""
    return _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), name)


def find_name(name: str, known: Iterable[str]) -> str | None:
    """Return the one known name that is meant; None where none is, or several could be."""
    known = list(known)
    readings: tuple[Callable[[str], Hashable], ...] = (str, _plain, _in_any_order)
    for reading in readings:
        found = [other for other in known if reading(other) == reading(name)]
        if found:
            return found[0] if len(found) == 1 or reading is str else None
    return None


def as_written(name: str, known: Iterable[str]) -> str:
    """Write the column that is meant as formulas read it; what means no column, such as an expression, stays."""
    found = find_name(name, known)
    return name if found is None else deparse_name(found)


def _plain(name: str) -> str:
    return normalize("NFC", unquoted(name))


def _in_any_order(name: str) -> tuple[str, ...]:
    """Return the sorted parts of an interaction."""
    return tuple(sorted(map(_plain, _COLON.split(name))))
