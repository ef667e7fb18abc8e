"""Run the examples of a page and print what they show: ``python run_page.py FOLDER < page.json``.

The page is ``{"name": ..., "before": code, "blocks": [code, ...]}``.  Its blocks run in their order, in one namespace
and in a working folder of their own.  What is printed, the value of every expression that stands alone, warnings and
figures are shown, as a list for each block of ``["text", ...]``, ``["html", ...]``, ``["warning", ...]`` and
``["figure", path, words]``.  Figures are written to FOLDER.  The first error ends the run, with its traceback.
"""

import ast
import io
import json
import linecache
import os
import sys
import tempfile
import traceback
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import polars as pl
from matplotlib.artist import Artist

Shown = list[str]
DOTS_PER_INCH = 144


def is_drawn(value: Any) -> bool:
    """Tell axes and figures, and collections of them, which are shown as figures."""
    values = value.flat if hasattr(value, "flat") else value if isinstance(value, list | tuple) else [value]
    return any(isinstance(one, Artist) for one in values)


def as_shown(value: Any) -> Shown:
    """Return a value as HTML where it has any, and as text otherwise."""
    html = getattr(value, "_repr_html_", None)
    return ["html", html()] if html is not None else ["text", repr(value)]


class Page:
    """A page that runs: its namespace, and the figures that it has drawn."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.n_figures = name, folder, 0
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, code: str, title: str) -> list[Shown]:
        """Run a block and return what it shows."""
        file = f"<{self.name}, {title}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        shown: list[Shown] = []
        warnings.showwarning = lambda message, category, *_: shown.append(
            ["warning", f"{category.__name__}: {message}"]
        )
        for statement in ast.parse(code, file).body:
            self._run_statement(statement, file, shown)
        return shown + self._figures()

    def _run_statement(self, statement: ast.stmt, file: str, shown: list[Shown]) -> None:
        printed, value = io.StringIO(), None
        with redirect_stdout(printed):
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), file, "eval"), self.names)
            else:
                exec(compile(ast.Module([statement], []), file, "exec"), self.names)
        if printed.getvalue().strip():
            shown.append(["text", printed.getvalue().rstrip()])
        if value is not None and not is_drawn(value):
            shown.append(as_shown(value))

    def _figures(self) -> list[Shown]:
        shown = []
        for number in plt.get_fignums():
            figure = plt.figure(number)
            self.n_figures += 1
            path = self.folder / f"{self.name.replace('/', '-')}-{self.n_figures}.png"
            figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white")
            words = [str(axes.hlmrs_alt) for axes in figure.axes if hasattr(axes, "hlmrs_alt")]
            shown.append(["figure", str(path), getattr(figure, "hlmrs_alt", "") or " ".join(words)])
        plt.close("all")
        return shown


def main() -> None:
    """Read a page, run it and write what its blocks show."""
    given, folder = json.load(sys.stdin), Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("always", UserWarning)
    pl.Config.set_tbl_cols(12).set_fmt_str_lengths(80).set_tbl_hide_dataframe_shape(
        True
    ).set_tbl_hide_column_data_types(True).set_float_precision(4)
    page = Page(given["name"], folder)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        try:
            page.run(given["before"], "before the examples")
            shown = [page.run(code, f"example {number}") for number, code in enumerate(given["blocks"], 1)]
        except Exception:
            sys.exit(traceback.format_exc())
        os.chdir(folder)
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
