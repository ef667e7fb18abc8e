"""A report as HTML, for notebooks: colours are those of the page."""

from collections.abc import Sequence
from html import escape

from .text import Grid

_STYLE = (
    "<style>"
    ".hlmrs{font-size:.9em;line-height:1.45;max-width:60em}"
    ".hlmrs h4{margin:.2em 0 .6em;font-size:1.15em}"
    ".hlmrs table{border-collapse:collapse;margin:0 0 1em;font-variant-numeric:tabular-nums}"
    ".hlmrs caption{text-align:left;font-weight:600;padding:.2em 0;caption-side:top}"
    ".hlmrs th,.hlmrs td{padding:.15em .9em .15em 0;border:0;background:none;vertical-align:top}"
    ".hlmrs thead th{border-bottom:1px solid currentColor;font-weight:600}"
    ".hlmrs .t{text-align:left}.hlmrs .n{text-align:right}"
    ".hlmrs .k{opacity:.7;text-align:left;font-weight:400;white-space:nowrap}"
    ".hlmrs p{margin:.4em 0}"
    "</style>"
)


def render(title: str, facts: Sequence[tuple[str, str]], grids: Sequence[Grid], notes: Sequence[str]) -> str:
    """Lay a report out: title, facts, tables, notes."""
    parts = [_STYLE, f"<h4>{escape(title)}</h4>", _facts(facts), *map(_grid, grids)]
    parts += [f"<p>{escape(note)}</p>" for note in notes]
    return f'<div class="hlmrs">{"".join(parts)}</div>'


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th class="k">{escape(label)}</th><td class="t">{escape(value)}</td></tr>' for label, value in facts
    )
    return f"<table><tbody>{rows}</tbody></table>" if facts else ""


def _grid(grid: Grid) -> str:
    head = "".join(
        f'<th class="{_side(right)}">{escape(name)}</th>' for name, right in zip(grid.header, grid.numeric, strict=True)
    )
    body = "".join(f"<tr>{_cells(row, grid.numeric)}</tr>" for row in grid.rows)
    return f"<table><caption>{escape(grid.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Sequence[str], numeric: Sequence[bool]) -> str:
    return "".join(f'<td class="{_side(right)}">{escape(cell)}</td>' for cell, right in zip(row, numeric, strict=True))


def _side(right: bool) -> str:
    return "n" if right else "t"
