"""The layout of a design in words: ``"school/classroom/pupil"``, ``"subject * item"``, ``"(school/pupil) * wave"``.

layout := part ("*" part)*          every unit of one side meets every unit of the other
part   := unit ("/" unit)*          units of the right side lie in those of the left
unit   := name | "(" layout ")"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, FormulaError

Codes = NDArray[np.intp]

_TOKEN = re.compile(r"\s*(?:([^\W\d]\w*)|([*/()]))")


@dataclass(frozen=True, slots=True)
class Level:
    """Units of one kind."""

    name: str


@dataclass(frozen=True, slots=True)
class Nested:
    """Units that lie in others."""

    outer: Layout
    inner: Layout


@dataclass(frozen=True, slots=True)
class Crossed:
    """Units each of which meets each of the others."""

    left: Layout
    right: Layout


Layout = Level | Nested | Crossed


def names_of(layout: Layout) -> list[str]:
    """Return the kinds of units, as they are written.

    >>> names_of(read_layout("(school/pupil) * wave"))
    ['school', 'pupil', 'wave']
    """
    if isinstance(layout, Level):
        return [layout.name]
    first, second = (layout.outer, layout.inner) if isinstance(layout, Nested) else (layout.left, layout.right)
    return [*names_of(first), *names_of(second)]


def read_layout(text: str) -> Layout:
    """Read a layout."""
    if not isinstance(text, str):
        raise ArgumentError(f"layout={text!r}: give kinds of units, such as 'school/pupil'")
    reader = _Reader(text)
    layout = reader.crossed()
    if reader.token is not None:
        reader.refuse("expected '/', '*' or the end")
    names = names_of(layout)
    for name in names:
        if names.count(name) > 1:
            raise FormulaError(f"{name!r} stands twice in the layout; units of another kind have another name", text, 0)
    return layout


class _Reader:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._next = text, 0, 0
        self.token: str | None = None
        self._advance()

    def crossed(self) -> Layout:
        """Read parts between stars."""
        layout = self._nested()
        while self.token == "*":
            self._advance()
            layout = Crossed(layout, self._nested())
        return layout

    def _nested(self) -> Layout:
        layout = self._unit()
        while self.token == "/":
            self._advance()
            layout = Nested(layout, self._unit())
        return layout

    def _unit(self) -> Layout:
        if self.token == "(":
            self._advance()
            layout = self.crossed()
            if self.token != ")":
                self.refuse("expected ')'")
            self._advance()
            return layout
        if self.token is None or self.token in "*/)":
            self.refuse("expected the name of units, such as 'school'")
        name = str(self.token)
        self._advance()
        return Level(name)

    def _advance(self) -> None:
        self._at = self._next
        match = _TOKEN.match(self._text, self._next)
        if match is None:
            if self._text[self._next :].strip():
                self.refuse("a layout has names, '/', '*' and parentheses")
            self.token = None
            return
        self._at, self._next = match.end() - len(match[1] or match[2]), match.end()
        self.token = match[1] or match[2]

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong here."""
        raise FormulaError(message, self._text, self._at)
