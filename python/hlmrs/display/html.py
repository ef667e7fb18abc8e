"""A report as HTML, for notebooks: colours are those of the page."""

from collections.abc import Sequence
from html import escape

_STYLE = (
    "<style>"
    ".hlmrs{font-size:.9em;line-height:1.45;max-width:60em}"
    ".hlmrs h4{margin:.2em 0 .6em;font-size:1.15em}"
    ".hlmrs table{border-collapse:collapse;margin:0 0 1em;font-variant-numeric:tabular-nums}"
    ".hlmrs caption{text-align:left;font-weight:600;padding:.2em 0;caption-side:top;white-space:nowrap}"
    ".hlmrs th,.hlmrs td{padding:.15em .9em .15em 0;border:0;background:none;vertical-align:top}"
    ".hlmrs thead th{border-bottom:1px solid currentColor;font-weight:600}"
    ".hlmrs .t{text-align:left}.hlmrs .n{text-align:right}"
    ".hlmrs .k{opacity:.7;text-align:left;font-weight:400;white-space:nowrap}"
    ".hlmrs p{margin:.4em 0}"
    "</style>"
)


def scrolling(html: str, label: str) -> str:
    """Let what may be wider than its place scroll by itself, by keyboard too; it is read out by its label."""
    named = f'role="group" tabindex="0" aria-label="{escape(label)}"'
    return f'<div class="hlmrs" {named} style="overflow-x:auto">{html}</div>'


def page(title: str, parts: Sequence[str], label: str = "") -> str:
    """Return a report: its title, if it has one, then its parts."""
    heading = f"<h4>{escape(title)}</h4>" if title else ""
    return scrolling(f"{_STYLE}{heading}{''.join(parts)}", label or title or "Table")


def caption(title: str) -> str:
    """Return the caption of a table."""
    return f"<caption>{escape(title)}</caption>" if title else ""


def cells(tag: str, texts: Sequence[str], numeric: Sequence[bool]) -> str:
    """Return a line of cells."""
    return "".join(
        f'<{tag} class="{"n" if right else "t"}">{escape(cell)}</{tag}>'
        for cell, right in zip(texts, numeric, strict=True)
    )
