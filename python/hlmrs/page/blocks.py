"""Pieces of a page: paragraphs, tables, figures, and places that are left to the author."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..display import Section, Table, displayed
from ..display.html import scrolling
from ..frame import Column
from .subject import column

_LARGEST_SVG = 60_000
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "hlmrs", "font.family": "sans-serif"}


def paragraph(text: str) -> str:
    """Return a paragraph; nothing of no words."""
    return f"<p>{escape(text)}</p>" if text else ""


def left_to_author(text: str) -> str:
    """Return a place that only the author can fill."""
    return f'<p class="author"><strong>For the author:</strong> {escape(text)}</p>'


def heading(text: str) -> str:
    """Return the heading of a piece of a part."""
    return f"<h3>{escape(text)}</h3>"


def listed(items: Iterable[str]) -> str:
    """Return sentences as a list."""
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def code(text: str, label: str) -> str:
    """Return code."""
    return scrolling(f"<pre><code>{escape(text)}</code></pre>", label)


def shown(result: Any) -> str:
    """Return what a result shows in a notebook, its headings in the order of the page."""
    html: str = result._repr_html_()
    return html.replace("<h4>", "<h3>").replace("</h4>", "</h3>")


def sections(parts: Iterable[Section], label: str) -> str:
    """Return sections of a report."""
    return scrolling("".join(section.content.as_html(section.title) for section in parts), label)


def table(title: str, columns: Mapping[str, Column], level: float | None = None) -> str:
    """Return columns as a table."""
    return sections([Section(title, Table(displayed(columns, level)))], title)


def frame_table(title: str, frame: Any, names: Sequence[str], level: float | None = None) -> str:
    """Return columns of a frame of any library as a table."""
    columns: dict[str, Column] = {}
    for name in names:
        values = column(frame, name)
        texts = any(isinstance(value, str) for value in values) or all(value is None for value in values)
        columns[name] = values if texts else np.array([np.nan if v is None else v for v in values], dtype=float)
    return table(title, columns, level)


def figure(draw: Callable[..., Any], size: tuple[float, float] = (6.4, 4.2)) -> str:
    """Draw a picture in axes of its own, and return it with its alternative text."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        canvas = Figure(figsize=size, layout="constrained")
        axes = canvas.subplots()
        draw(ax=axes)
        return _image(canvas, str(getattr(axes, "hlmrs_alt", "")))


def panels(draw: Callable[[], Any]) -> str:
    """Draw a picture of several panels in a figure of its own."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context(_SETTINGS):
        axes = np.ravel(np.asarray(draw(), dtype=object))
        canvas = axes[0].get_figure(root=True)
        try:
            return _image(canvas, str(getattr(canvas, "hlmrs_alt", "")))
        finally:
            plt.close(canvas)


def _image(canvas: Any, alt: str) -> str:
    """Return a figure as SVG, or where that is large as PNG, on a light ground."""
    canvas.patch.set_facecolor("white")
    text = io.StringIO()
    canvas.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    if len(svg) <= _LARGEST_SVG:
        data = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    else:
        raw = io.BytesIO()
        canvas.savefig(raw, format="png", dpi=130, pil_kwargs={"optimize": True})
        data = "data:image/png;base64," + base64.b64encode(raw.getvalue()).decode()
    return f'<figure><img src="{data}" alt="{escape(alt, quote=True)}"></figure>'
