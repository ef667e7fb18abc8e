"""A report: a title and sections, whose facts, tables and notes are written already."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from .html import caption, cells, page
from .text import aligned, hanging, parted


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


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns have equally many cells."""

    columns: Sequence[DisplayColumn]

    def as_text(self) -> str:
        """Lay the table out, indented and aligned."""
        return aligned(self._lines(), [column.numeric for column in self.columns])

    def as_html(self, title: str) -> str:
        """Lay the table out, its title as caption."""
        numeric = [column.numeric for column in self.columns]
        header, *rows = self._lines()
        body = "".join(f"<tr>{cells('td', row, numeric)}</tr>" for row in rows)
        head = f"<thead><tr>{cells('th', header, numeric)}</tr></thead>"
        return f"<table>{caption(title)}{head}<tbody>{body}</tbody></table>"

    def _lines(self) -> list[tuple[str, ...]]:
        """Return the header and the rows."""
        return list(zip(*((column.name, *column.cells) for column in self.columns), strict=True))


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences, each a paragraph."""

    lines: Sequence[str]

    def as_text(self) -> str:
        """Lay the notes out as paragraphs."""
        return parted(hanging("", line) for line in self.lines)

    def as_html(self, title: str) -> str:
        """Lay the notes out as paragraphs, the title as the first."""
        lines = [title, *self.lines] if title and self.lines else self.lines
        return "".join(f"<p>{escape(line)}</p>" for line in lines)


Content: TypeAlias = Facts | Table | Notes


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title, which may be empty, and one thing under it."""

    title: str
    content: Content

    def as_text(self) -> str:
        """Lay the section out under its title; nothing comes of an empty one."""
        body = self.content.as_text()
        return f"{self.title}\n{body}" if self.title and body else body


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What ``summary()`` returns: printed as text, shown as HTML in a notebook."""

    title: str
    sections: Sequence[Section]

    def __repr__(self) -> str:
        return parted([self.title, *(section.as_text() for section in self.sections)])

    def _repr_html_(self) -> str:
        return page(self.title, [section.content.as_html(section.title) for section in self.sections])
