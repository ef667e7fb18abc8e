"""A report: a title and sections, whose facts, tables and notes are written already."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import accumulate, takewhile
from typing import TypeAlias

from .drawing import Drawing
from .html import caption, cells, page
from .text import WIDTH, aligned, blocks, hanging, parted


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels, each with what is stated under it."""

    lines: Sequence[tuple[str, str]]

    def as_text(self) -> str:
        """Lay the facts out, label beside text, the texts wrapped in their column."""
        width = max((len(label) for label, _ in self.lines), default=0)
        return "\n".join(hanging(f"{label:<{width}}  ", value) for label, value in self.lines)

    def as_html(self, title: str) -> str:
        """Lay the facts out, label beside text, the title as caption."""
        rows = "".join(
            f'<tr><th class="k">{escape(label)}</th><td class="t">{escape(value)}</td></tr>'
            for label, value in self.lines
        )
        return f"<table>{caption(title)}<tbody>{rows}</tbody></table>" if rows else ""


@dataclass(frozen=True, slots=True)
class DisplayColumn:
    """A column of a table, cell by cell as it is shown."""

    name: str
    cells: Sequence[str]
    numeric: bool = True

    @property
    def width(self) -> int:
        """The length of the longest cell, the name among them."""
        return max(map(len, (self.name, *self.cells)))


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns have equally many cells, and those of words that come first name the rows."""

    columns: Sequence[DisplayColumn]

    def as_text(self) -> str:
        """Lay the table out, indented and aligned: in several, each begun by what names the rows, if it is wide."""
        n_keys, widths = self._n_keys(), [column.width for column in self.columns]
        first = [max(width, len(self._heading(k, n_keys))) for k, width in enumerate(widths)]
        return parted(self._block(places, n_keys) for places in blocks(widths, first, n_keys, WIDTH))

    def _n_keys(self) -> int:
        """Count the columns that name the rows: the first, and others of words as far as they take half a line."""
        words = takewhile(lambda column: not column.numeric, self.columns[:-1])
        total = accumulate(column.width for column in words)
        return max(len(self.columns[:1]), sum(width <= WIDTH // 2 for width in total))

    def _heading(self, place: int, n_keys: int) -> str:
        """Return what stands over a column: the name of one before it, if it has none."""
        named = (column.name for column in reversed(self.columns[n_keys : place + 1]) if column.name)
        return next(named, self.columns[place].name)

    def _block(self, places: Sequence[int], n_keys: int) -> str:
        """Lay out some of the columns; the first that does not name rows has what stands over it."""
        shown = [self.columns[k] for k in places]
        for k in places[n_keys : n_keys + 1]:
            shown[n_keys] = replace(shown[n_keys], name=self._heading(k, n_keys))
        lines = _lines(shown)
        return aligned(lines if any(lines[0]) else lines[1:], [column.numeric for column in shown])

    def as_html(self, title: str) -> str:
        """Lay the table out, its title as caption."""
        numeric = [column.numeric for column in self.columns]
        header, *rows = _lines(self.columns)
        body = "".join(f"<tr>{cells('td', row, numeric)}</tr>" for row in rows)
        head = f"<thead><tr>{cells('th', header, numeric)}</tr></thead>"
        return f"<table>{caption(title)}{head}<tbody>{body}</tbody></table>"


def _lines(columns: Sequence[DisplayColumn]) -> list[tuple[str, ...]]:
    """Return the header and the rows."""
    return list(zip(*((column.name, *column.cells) for column in columns), strict=True))


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences, each a paragraph."""

    lines: Sequence[str]

    def as_text(self) -> str:
        """Lay the notes out as paragraphs."""
        return parted(hanging("", line) for line in self.lines)

    def as_html(self, title: str) -> str:
        """Lay the notes out as paragraphs, the title as the first."""
        head = f"<p><strong>{escape(title)}</strong></p>" if title and self.lines else ""
        return head + "".join(f"<p>{escape(line)}</p>" for line in self.lines)


Content: TypeAlias = Facts | Table | Notes | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title, which may be empty, and one thing under it."""

    title: str
    content: Content

    def as_text(self) -> str:
        """Lay the section out under its title; nothing comes of an empty one."""
        body = self.content.as_text()
        return f"{hanging('', self.title)}\n{body}" if self.title and body else body


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What ``summary()`` returns: printed as text, shown as HTML in a notebook."""

    title: str
    sections: Sequence[Section]

    def __repr__(self) -> str:
        return parted([hanging("", self.title), *(section.as_text() for section in self.sections)])

    def _repr_html_(self) -> str:
        return page(self.title, [section.content.as_html(section.title) for section in self.sections])
