"""What ``hlmrs.table`` returns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..display import model_names
from ..display.text import WIDTH
from ..errors import OptionError
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..frame import build, columns_of
from ..inference import DDF_WORDS, VCOV_TYPES, TestOptions, ddf_of
from .grid import Grid, TableChoice, grid_of
from .model_column import ModelColumn, column_of
from .word_document import write_docx
from .writers import as_html, as_latex, as_markdown, as_text


@dataclass(frozen=True, slots=True, repr=False)
class ModelTable:
    """Models side by side: printed as text, shown as HTML in a notebook, written for papers.

    Attributes
    ----------
    columns : sequence of ModelColumn
        What each model has.
    grid : Grid
        The cells as they are shown.
    """

    columns: Sequence[ModelColumn]
    grid: Grid
    _kind: str

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self, width: int = WIDTH) -> str:
        """Return the table as text; models that do not fit into `width` follow below the first ones."""
        return as_text(self.grid, width)

    def to_markdown(self) -> str:
        """Return the table in Markdown, as a pipe table."""
        return as_markdown(self.grid)

    def to_html(self, caption: str = "Models side by side") -> str:
        """Return the table in HTML, in the colours of the page that it stands in."""
        return as_html(self.grid, caption)

    def to_latex(self, caption: str = "", label: str = "") -> str:
        """Return the table in LaTeX, with the rules of ``booktabs``; in a ``table`` if there is a caption."""
        return as_latex(self.grid, caption, label)

    def to_docx(self, path: str | os.PathLike[str], caption: str = "") -> None:
        """Write the table into a Word document; needs python-docx, the extra ``docx``."""
        write_docx(self.grid, path, caption)

    def to_frame(self) -> Any:
        """Return the coefficients as a frame: ``model, component, term``, and the columns of ``tidy``."""
        rows: list[tuple[Any, ...]] = []
        for column in self.columns:
            for part, table in column.coefficients.items():
                rows += [
                    (
                        column.label,
                        part,
                        term,
                        c.estimate,
                        c.std_error,
                        c.statistic,
                        c.df,
                        c.p_value,
                        c.conf_low,
                        c.conf_high,
                    )
                    for term, c in table.items()
                ]
        names = ("model", "component", "term", "estimate", "std_error", "statistic", "df", "p_value")
        return build(self._kind, columns_of((*names, "conf_low", "conf_high"), rows, names[:3]))


def model_table(
    estimates: Sequence[Estimate],
    names: Sequence[str] | None,
    choice: TableChoice,
    options: TestOptions,
    *,
    exponentiate: bool,
) -> ModelTable:
    """Put models side by side."""
    if not estimates:
        raise OptionError("a table needs a fit: hlmrs.table(fit, other)")
    columns = [
        column_of(estimate, label, options, variances=choice.variances, exponentiate=exponentiate)
        for estimate, label in zip(estimates, model_names(len(estimates), names), strict=True)
    ]
    ratios = ["Coefficients are exponentials: ratios."] if exponentiate else []
    said = [*ratios, *_how_tested(estimates, options), *_of_rows(estimates), *_of_restricted(estimates)]
    return ModelTable(columns, grid_of(columns, choice, said), estimates[0].kind)


def _of_rows(estimates: Sequence[Estimate]) -> list[str]:
    """Say that models of one response with different numbers of rows have criteria of different data."""
    responses, sizes = {one.layout.response for one in estimates}, {one.layout.n_rows for one in estimates}
    if len(responses) > 1 or len(sizes) < 2:
        return []
    return [
        "Models have different numbers of rows, so that likelihoods, AIC and BIC cannot be compared; "
        "hlmrs.compare(..., same_rows=True) fits them again to the rows that all of them use."
    ]


def _of_restricted(estimates: Sequence[Estimate]) -> list[str]:
    """Say that restricted likelihoods of different fixed parts are those of different data."""
    own = [one for one in estimates if not isinstance(one, EquationsEstimate) and one.request.reml]
    if len({tuple(sorted(one.layout.columns)) for one in own}) < 2:
        return []
    return [
        "REML criteria, AIC and BIC of models by REML with different fixed parts cannot be compared; hlmrs.compare() "
        "fits them again by maximum likelihood."
    ]


def _how_tested(estimates: Sequence[Estimate], options: TestOptions) -> list[str]:
    """Say by which degrees of freedom and covariances models are tested."""
    found = []
    marginal = [one for one in estimates if isinstance(one, EquationsEstimate)]
    generalized = [one for one in estimates if isinstance(one, GeneralizedEstimate)]
    robust = "" if options.vcov in VCOV_TYPES else f", standard errors {options.vcov}"
    linear = [one for one in estimates if not isinstance(one, EquationsEstimate | GeneralizedEstimate)]
    methods = dict.fromkeys(DDF_WORDS[ddf_of(one, options)] for one in linear)
    found += [f"Linear models: {', '.join(methods)}{robust}."] if methods else []
    if generalized:
        found.append(f"Generalized models: normal distribution{robust}.")
    if marginal:
        found.append("Marginal models: robust standard errors, normal distribution.")
    return found
