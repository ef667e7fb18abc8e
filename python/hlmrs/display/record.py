"""A report: a title and sections, whose facts, tables and notes are written already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from . import html, text


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels, each with what is stated under it."""

    lines: Sequence[tuple[str, str]]

    def as_text(self) -> str:
        """Lay the facts out, label beside text."""
        return text.facts(self.lines)

    def as_html(self, title: str) -> str:
        """Lay the facts out, label beside text, the title as caption."""
        return html.facts(title, self.lines)


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
        return text.table(*self._grid())

    def as_html(self, title: str) -> str:
        """Lay the table out, its title as caption."""
        return html.table(title, *self._grid())

    def _grid(self) -> tuple[list[str], list[tuple[str, ...]], list[bool]]:
        """Return header, rows, and which columns are numeric."""
        return (
            [column.name for column in self.columns],
            list(zip(*(column.cells for column in self.columns), strict=True)),
            [column.numeric for column in self.columns],
        )


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences, each a paragraph."""

    lines: Sequence[str]

    def as_text(self) -> str:
        """Lay the notes out as paragraphs."""
        return text.notes(self.lines)

    def as_html(self, title: str) -> str:
        """Lay the notes out as paragraphs."""
        return html.notes(title, self.lines)


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

    def as_html(self) -> str:
        """Lay the section out with its title."""
        return self.content.as_html(self.title)


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What ``summary()`` returns: printed as text, shown as HTML in a notebook."""

    title: str
    sections: Sequence[Section]

    def __str__(self) -> str:
        return text.page([self.title, *(section.as_text() for section in self.sections)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html.page(self.title, [section.as_html() for section in self.sections])
