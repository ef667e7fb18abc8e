"""How plain text is laid out: paragraphs, hanging lines, aligned columns."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 96


def parted(parts: Iterable[str]) -> str:
    """Return the parts that are not empty, a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def aligned(lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return lines of cells, indented by two, their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  " + _line(line, widths, numeric) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def hanging(head: str, body: str) -> str:
    """Return a wrapped text, its further lines indented by what it begins with."""
    return (
        textwrap.fill(body, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
        or head.rstrip()
    )
