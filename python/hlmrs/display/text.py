"""A report as plain text."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 96


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, row by row."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]


def render(title: str, facts: Sequence[tuple[str, str]], grids: Sequence[Grid], notes: Sequence[str]) -> str:
    """Lay a report out: title, facts, tables, notes."""
    blocks = [title, _facts(facts), *map(_grid, grids), *map(_note, notes)]
    return "\n\n".join(block for block in blocks if block)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    width = max((len(label) for label, _ in facts), default=0)
    return "\n".join(_hanging(f"{label:<{width}}  ", value) for label, value in facts)


def _grid(grid: Grid) -> str:
    lines = [grid.header, *grid.rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(grid.header))]
    return "\n".join([grid.title, *("  " + _line(line, widths, grid.numeric) for line in lines)])


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _note(note: str) -> str:
    return _hanging("", note)


def _hanging(head: str, body: str) -> str:
    return (
        textwrap.fill(body, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
        or head.rstrip()
    )
