"""How plain text is laid out: paragraphs, hanging lines, aligned columns, tables broken to the width of a line."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 80
"""Characters of a line."""
_INDENT, _GAP = "  ", "  "
_HELD = "\xa0"
"""A space that no line is broken at."""


def parted(parts: Iterable[str]) -> str:
    """Return the parts that are not empty, a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def aligned(lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return lines of cells, indented by two, their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_INDENT + _line(line, widths, numeric) for line in lines)


def width_of(widths: Sequence[int]) -> int:
    """Return the width of aligned columns, from those of their cells."""
    return len(_INDENT) + sum(widths) + len(_GAP) * (len(widths) - 1)


def blocks(widths: Sequence[int], first: Sequence[int], n_keys: int, width: int) -> list[list[int]]:
    """Break columns into tables that fit, each begun by the first `n_keys`; none is left with one other alone.

    `first` has the widths of columns that come first behind these.

    >>> widths = [5, 10, 10, 10, 10]
    >>> blocks(widths, widths, 1, 45)
    [[0, 1, 2], [0, 3, 4]]
    """

    def needed(others: Sequence[int]) -> int:
        return width_of([*widths[:n_keys], *(first[k] for k in others[:1]), *(widths[k] for k in others[1:])])

    found: list[list[int]] = [[]]
    for place in range(n_keys, len(widths)):
        if found[-1] and needed([*found[-1], place]) > width:
            found.append([])
        found[-1].append(place)
    if len(found) > 1 and len(found[-1]) == 1 and len(found[-2]) > 2:
        found[-1].insert(0, found[-2].pop())
    return [[*range(n_keys), *others] for others in found]


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return _GAP.join(aligned).rstrip()


def wrapped(text: str) -> str:
    """Return a paragraph in lines that fit."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def listed_facts(what: str, facts: Sequence[str]) -> str:
    """Return what something is and facts of it behind commas, wrapped between them.

    >>> print(listed_facts("LinearMixedFit: reading ~ grade + hours + (grade | school)", ["12 rows", "criterion 1743"]))
    LinearMixedFit: reading ~ grade + hours + (grade | school), 12 rows,
      criterion 1743
    """
    whole = ", ".join([what, *(fact.replace(" ", _HELD) for fact in facts)])
    filled = textwrap.fill(whole, WIDTH, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)
    return filled.replace(_HELD, " ")


def hanging(head: str, body: str) -> str:
    """Return a wrapped text, its further lines indented by what it begins with."""
    return (
        textwrap.fill(body, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
        or head.rstrip()
    )
