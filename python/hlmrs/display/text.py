"""A report as plain text."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 96


def page(parts: Iterable[str]) -> str:
    """Return the parts that are not empty, a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def notes(lines: Iterable[str]) -> str:
    """Return wrapped paragraphs."""
    return page(_hanging("", line) for line in lines)


def facts(lines: Sequence[tuple[str, str]]) -> str:
    """Return labels and texts side by side, the texts wrapped in their column."""
    width = max((len(label) for label, _ in lines), default=0)
    return "\n".join(_hanging(f"{label:<{width}}  ", value) for label, value in lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return an aligned table, indented by two."""
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    return "\n".join("  " + _line(line, widths, numeric) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _hanging(head: str, body: str) -> str:
    return (
        textwrap.fill(body, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
        or head.rstrip()
    )
