"""A grid as a table in a Word document, by python-docx."""

import os
from typing import Any

from ..errors import OptionError
from .grid import Grid

_STYLE = "Light Shading"


def write_docx(grid: Grid, path: str | os.PathLike[str], caption: str) -> None:
    """Write a document with the table."""
    try:
        import docx
    except ImportError:
        raise OptionError("Word documents are written by python-docx: pip install 'hlmrs[docx]'") from None
    document = docx.Document()
    if caption:
        document.add_paragraph(caption, style="Caption")
    _add_table(document, grid)
    for note in grid.notes:
        document.add_paragraph(note)
    document.save(os.fspath(path))


def _add_table(document: Any, grid: Grid) -> None:
    table = document.add_table(rows=1, cols=len(grid.header) + 1, style=_STYLE)
    _fill(table.rows[0].cells, ["", *grid.header])
    for section in grid.sections:
        cells = table.add_row().cells
        cells[0].merge(cells[-1]).text = section.heading
        for row in section.rows:
            _fill(table.add_row().cells, [row.label, *("\n".join(cell) for cell in row.cells)])


def _fill(cells: Any, texts: list[str]) -> None:
    """Write texts into cells, numbers to the right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for k, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        cell.text = text
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT if k else WD_ALIGN_PARAGRAPH.LEFT
