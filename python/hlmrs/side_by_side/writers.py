"""A grid as text, Markdown, HTML and LaTeX."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import zip_longest
from textwrap import fill

from ..display.html import page
from .grid import Grid, GridRow

_GAP = "  "


def as_text(grid: Grid, width: int) -> str:
    """Lay a grid out within a width; models that do not fit beside each other follow below."""
    labels = max(len(row.label) for section in grid.sections for row in section.rows) + 2
    widths = [_width(grid, k) for k in range(len(grid.header))]
    panels = ["\n".join(_panel(grid, own, labels, widths)) for own in _panels(widths, width - labels)]
    notes = "\n".join(fill(note, width) for note in grid.notes)
    return "\n\n".join([*panels, notes])


def _width(grid: Grid, k: int) -> int:
    cells = [line for section in grid.sections for row in section.rows for line in row.cells[k]]
    return max(map(len, [grid.header[k], *cells]))


def _panels(widths: Sequence[int], room: int) -> list[list[int]]:
    """Part the models into those that fit beside each other, one at least."""
    found: list[list[int]] = [[]]
    for k, width in enumerate(widths):
        used = sum(widths[j] + len(_GAP) for j in found[-1])
        if found[-1] and used + width + len(_GAP) > room:
            found.append([])
        found[-1].append(k)
    return found


def _panel(grid: Grid, models: Sequence[int], labels: int, widths: Sequence[int]) -> Iterator[str]:
    def line(label: str, cells: Sequence[str]) -> str:
        own = [cell.rjust(widths[k]) for k, cell in zip(models, cells, strict=True)]
        return _GAP.join([label.ljust(labels), *own]).rstrip()

    rule = "-" * (labels + sum(widths[k] + len(_GAP) for k in models))
    yield line("", [grid.header[k] for k in models])
    for section in grid.sections:
        rows = [row for row in section.rows if any(any(row.cells[k]) for k in models)]
        if not rows:
            continue
        yield rule
        yield section.heading
        for row in rows:
            for n, cells in enumerate(_cell_lines(row, models)):
                yield line("" if n else f"  {row.label}", cells)
    yield rule


def _cell_lines(row: GridRow, models: Sequence[int]) -> list[tuple[str, ...]]:
    return list(zip_longest(*(row.cells[k] for k in models), fillvalue=""))


def as_markdown(grid: Grid) -> str:
    """Write a pipe table; what stands below an estimate follows it in its cell."""
    lines = [_pipes(["", *map(_pipe_safe, grid.header)]), _pipes([":--", *("--:" for _ in grid.header)])]
    for section in grid.sections:
        lines.append(_pipes([f"**{_pipe_safe(section.heading)}**", *("" for _ in grid.header)]))
        lines += [
            _pipes([_pipe_safe(row.label), *(_pipe_safe(" ".join(c)) for c in row.cells)]) for row in section.rows
        ]
    return "\n".join(lines) + "\n\n" + "  \n".join(_pipe_safe(note) for note in grid.notes) + "\n"


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _pipe_safe(text: str) -> str:
    return re.sub(r"([\\|*_`<])", r"\\\1", text)


def as_html(grid: Grid, caption: str) -> str:
    """Write a table whose colours are those of the page."""
    head = "".join(f'<th scope="col" class="n">{escape(label)}</th>' for label in grid.header)
    parts = [f"<table><caption>{escape(caption)}</caption><thead><tr><td></td>{head}</tr></thead>"]
    for section in grid.sections:
        title = (
            f'<tr><th scope="rowgroup" class="t" colspan="{len(grid.header) + 1}">{escape(section.heading)}</th></tr>'
        )
        parts.append(f"<tbody>{title}{''.join(map(_html_row, section.rows))}</tbody>")
    notes = "".join(f"<p>{escape(note)}</p>" for note in grid.notes)
    return page("", ["".join(parts) + "</table>", notes], caption)


def _html_row(row: GridRow) -> str:
    cells = "".join(f'<td class="n">{"<br>".join(map(escape, cell))}</td>' for cell in row.cells)
    return f'<tr><th scope="row" class="k">{escape(row.label)}</th>{cells}</tr>'


_SPECIAL = re.compile(r"[\\{}_$&#%^~²]")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "²": r"\textsuperscript{2}",
}


def latex_escaped(text: str) -> str:
    """Return a text as LaTeX sets it."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found.group(), "\\" + found.group()), text)


def as_latex(grid: Grid, caption: str, label: str) -> str:
    """Write a ``tabular`` with the rules of ``booktabs``, in a ``table`` if it has a caption."""
    n = len(grid.header)
    lines = [rf"\begin{{tabular}}{{l{'r' * n}}}", r"\toprule", _latex_row("", grid.header)]
    for section in grid.sections:
        lines += [r"\midrule", rf"\multicolumn{{{n + 1}}}{{l}}{{\textit{{{latex_escaped(section.heading)}}}}} \\"]
        for row in section.rows:
            for k, cells in enumerate(_cell_lines(row, range(n))):
                lines.append(_latex_row("" if k else rf"\quad {latex_escaped(row.label)}", cells, escaped=True))
    lines += [r"\bottomrule"]
    lines += [
        rf"\multicolumn{{{n + 1}}}{{p{{0.9\linewidth}}}}{{\footnotesize {latex_escaped(x)}}} \\" for x in grid.notes
    ]
    lines.append(r"\end{tabular}")
    if not caption:
        return "\n".join(lines)
    named = [rf"\label{{{label}}}"] if label else []
    head = [r"\begin{table}", r"\centering", rf"\caption{{{latex_escaped(caption)}}}", *named]
    return "\n".join([*head, *lines, r"\end{table}"])


def _latex_row(label: str, cells: Sequence[str], *, escaped: bool = False) -> str:
    first = label if escaped else latex_escaped(label)
    return " & ".join([first, *(_latex_number(cell) for cell in cells)]) + r" \\"


def _latex_number(text: str) -> str:
    """Write a cell, with minus signs that are no hyphens."""
    return re.sub(r"-(?=[\d.∞])", r"$-$", latex_escaped(text)).replace("<", "$<$").replace("∞", r"$\infty$")
