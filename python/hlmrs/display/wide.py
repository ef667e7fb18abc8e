"""How a table of any width is shown in a few columns of text.

What is the same in all rows goes under it; then long texts do, by a mark or by the name of their row; then its columns
are broken into several tables, by ``Table`` itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from .record import DisplayColumn, Facts, Notes, Section, Table
from .text import WIDTH, width_of

_LONG, _MOST_ROWS = 24, 60


def sections_of(columns: Sequence[DisplayColumn]) -> list[Section]:
    """Return a table whose cells fit the width, if need be in several lines, and what explains it.

    The first column names the rows.

    >>> columns = [DisplayColumn("model", ["a", "b"]), DisplayColumn("estimator", ["ML", "ML"], False)]
    >>> for section in sections_of(columns):
    ...     print(section.as_text())
      model
          a
          b
    estimator  ML
    """
    if not columns:
        return []
    columns, constant = _without_constants(columns)
    columns, left_out = _first_rows(columns)
    further: list[Section] = []
    if _total(columns) > WIDTH:
        columns, further = _without_long_texts(columns)
    return [Section("", Table(columns)), *further, Section("", Facts(constant)), Section("", Notes(left_out))]


def _without_constants(columns: Sequence[DisplayColumn]) -> tuple[list[DisplayColumn], list[tuple[str, str]]]:
    """Take out columns of words that say the same in all rows, but for the first, and those that say nothing."""
    kept, facts = [], []
    for place, column in enumerate(columns):
        said = {*column.cells}
        if place and said <= {""}:
            continue
        if place and not column.numeric and len(said) == 1:
            facts.append((column.name, column.cells[0]))
        else:
            kept.append(column)
    return kept, facts


def _first_rows(columns: Sequence[DisplayColumn]) -> tuple[list[DisplayColumn], list[str]]:
    """Keep as many rows as a person reads."""
    n = len(columns[0].cells)
    if n <= _MOST_ROWS:
        return list(columns), []
    kept = [replace(column, cells=column.cells[:_MOST_ROWS]) for column in columns]
    return kept, [f"The first {_MOST_ROWS} of {n:,} rows; .to_frame() has all."]


def _without_long_texts(columns: Sequence[DisplayColumn]) -> tuple[list[DisplayColumn], list[Section]]:
    """Take long texts out of a table, the longest first, until it fits; say them under it, by the names of rows."""
    first, *shown = columns
    legend: list[Section] = []
    long: list[DisplayColumn] = []
    for column in sorted(columns, key=lambda column: -column.width):
        if _total([first, *shown]) <= WIDTH or column.numeric or column.width <= _LONG:
            continue
        if column is first:
            first, marks = _marked(first, WIDTH - width_of([0, *(column.width for column in shown)]))
            legend.insert(0, Section("", marks))
        elif len({*columns[0].cells}) < len(columns[0].cells):
            place = shown.index(column)
            shown[place], marks = _marked(column)
            legend.append(Section("", marks))
        else:
            shown.remove(column)
            long.append(column)
    said = [Section(column.name, _by_row(first.cells, column.cells)) for column in long]
    return [first, *shown], [*legend, *said]


def _by_row(names: Sequence[str], texts: Sequence[str]) -> Facts:
    """State a text of every row that has one."""
    return Facts([(name, text) for name, text in zip(names, texts, strict=True) if text])


def _marked(column: DisplayColumn, room: int = 0) -> tuple[DisplayColumn, Facts]:
    """Replace texts for which there is no room by a letter and their number, as in m1, m2 for models."""
    texts = [text for text in dict.fromkeys(column.cells) if text]
    marks = {text: f"{column.name[:1]}{k}" for k, text in enumerate(texts, 1) if len(text) > room}
    cells = [marks.get(cell, cell) for cell in column.cells]
    return replace(column, cells=cells), Facts([(mark, text) for text, mark in marks.items()])


def _total(columns: Sequence[DisplayColumn]) -> int:
    return width_of([column.width for column in columns])
