"""A report as HTML, for notebooks: colours are those of the page."""

from collections.abc import Sequence
from html import escape

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


def page(title: str, parts: Sequence[str]) -> str:
    """Return a report: its title, then its parts."""
    return f'<div class="hlmrs">{_STYLE}<h4>{escape(title)}</h4>{"".join(parts)}</div>'


def facts(title: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return labels and texts side by side."""
    rows = "".join(
        f'<tr><th class="k">{escape(label)}</th><td class="t">{escape(value)}</td></tr>' for label, value in lines
    )
    return f"<table>{_caption(title)}<tbody>{rows}</tbody></table>" if lines else ""


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Return a table, its title as caption."""
    head = _cells("th", header, numeric)
    body = "".join(f"<tr>{_cells('td', row, numeric)}</tr>" for row in rows)
    return f"<table>{_caption(title)}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def notes(title: str, lines: Sequence[str]) -> str:
    """Return paragraphs, the title as the first."""
    return "".join(f"<p>{escape(line)}</p>" for line in ([title, *lines] if title and lines else lines))


def _caption(title: str) -> str:
    return f"<caption>{escape(title)}</caption>" if title else ""


def _cells(tag: str, cells: Sequence[str], numeric: Sequence[bool]) -> str:
    return "".join(
        f'<{tag} class="{"n" if right else "t"}">{escape(cell)}</{tag}>'
        for cell, right in zip(cells, numeric, strict=True)
    )
