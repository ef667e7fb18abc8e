"""A mutant: a small fault at one place of the source, off until it is switched on."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

ON = b"@on@"
"""Stands in a replacement for the expression that asks whether the mutant is on."""


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a file become `text`; an insertion where both are the same."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True)
class Mutant:
    """What is changed where; `edits` keep the original beside it, behind a question whether the mutant is on."""

    path: str
    line: int
    kind: str
    before: str
    after: str
    edits: tuple[Edit, ...] = field(repr=False)

    @property
    def start(self) -> int:
        """Return the first byte that is changed."""
        return min(edit.start for edit in self.edits)

    @property
    def end(self) -> int:
        """Return the byte after the last that is changed."""
        return max(edit.end for edit in self.edits)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.kind}: {_short(self.before)} -> {_short(self.after)}"


def replaced(start: int, end: int, text: bytes) -> tuple[Edit, ...]:
    """Return the edit that puts another text there."""
    return (Edit(start, end, text),)


def around(start: int, end: int, before: bytes, after: bytes) -> tuple[Edit, ...]:
    """Return the edits that put texts around bytes which stay as they are."""
    return (Edit(start, start, before), Edit(end, end, after))


def sample(mutants: Iterable[Mutant], n: int, seed: int) -> list[Mutant]:
    """Draw n mutants, at most one a line, none that changes what another one changes."""
    rest = list(mutants)
    random.Random(seed).shuffle(rest)
    taken: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in rest:
        others = taken[mutant.path]
        if sum(map(len, taken.values())) < n and all(_apart(mutant, other) for other in others):
            others.append(mutant)
    return sorted((mutant for others in taken.values() for mutant in others), key=lambda m: (m.path, m.start))


def _apart(one: Mutant, other: Mutant) -> bool:
    """Return whether both can be in one file: side by side, or one between the insertions of the other."""
    if one.line == other.line:
        return False
    if one.end < other.start or other.end < one.start:
        return True
    outer, inner = (one, other) if one.start < other.start else (other, one)
    inside = outer.start < inner.start and inner.end < outer.end
    return inside and all(edit.start == edit.end for edit in outer.edits)


def applied(source: bytes, mutants: dict[int, Mutant], question: Callable[[int], str]) -> bytes:
    """Return the source with every mutant in it, each behind its question."""
    edits = [(edit, question(number).encode()) for number, mutant in mutants.items() for edit in mutant.edits]
    for edit, asked in sorted(edits, key=lambda pair: pair[0].start, reverse=True):
        source = source[: edit.start] + edit.text.replace(ON, asked) + source[edit.end :]
    return source


def _short(text: str) -> str:
    """Return the text on one line, of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
