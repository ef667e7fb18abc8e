"""A report: a title, facts, tables and notes, all of them written already."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import html, text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, cell by cell as it is shown."""

    name: str
    cells: Sequence[str]
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns have equally many cells."""

    title: str
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What ``summary()`` returns: printed as text, shown as HTML in a notebook."""

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        return text.render(self.title, self.facts, self._grids(), self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html.render(self.title, self.facts, self._grids(), self.notes)

    def _grids(self) -> list[text.Grid]:
        return [
            text.Grid(
                table.title,
                [column.name for column in table.columns],
                list(zip(*(column.cells for column in table.columns), strict=True)),
                [column.numeric for column in table.columns],
            )
            for table in self.tables
        ]
