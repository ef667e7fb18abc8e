"""What a fit will cost: blocks, work and memory, known before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core import Model
from ..display import DisplayColumn, Facts, Report, Section, Table
from ..frame import build
from ..inference import blocks_table
from ..resources import available, format_bytes


@dataclass(frozen=True, slots=True, repr=False)
class Cost:
    """What the blocks of the factorization are, and what they cost.

    Attributes
    ----------
    blocks : data frame
        ``block, kind, levels, width, size, entries, fill``.
    n_obs, n_fixed, n_random, n_theta : int
        Rows, fixed effects, random effects, covariance parameters.
    flops : float
        Multiplications and additions of one factorization.
    n_bytes : int
        Memory that the fit will take at most, with what it is made from: encoded rows or batches, sums, factor and
        inverse.  The data themselves are not counted.
    """

    blocks: Any
    n_obs: int
    n_fixed: int
    n_random: int
    n_theta: int
    flops: float
    n_bytes: int
    _report: Report

    def __repr__(self) -> str:
        return str(self._report)

    def _repr_html_(self) -> str:
        return self._report._repr_html_()


def cost_of(model: Model, formula: str, groups: Sequence[str], kind: str) -> Cost:
    """Return the cost of a fit; ``groups`` names the grouping factors, ``kind`` the library of the table."""
    table = blocks_table(model, groups)
    return Cost(
        build(kind, table),
        model.n_obs,
        len(model.kept),
        model.n_random,
        model.n_theta,
        model.flops,
        model.n_bytes,
        _report(formula, model, table),
    )


def _report(formula: str, model: Model, table: Mapping[str, Any]) -> Report:
    facts = [
        ("Formula", formula),
        ("Rows", f"{model.n_obs:,}"),
        ("Fixed effects", f"{len(model.kept):,}"),
        ("Random effects", f"{model.n_random:,}"),
        ("Covariance parameters", f"{model.n_theta:,}"),
        ("One factorization", f"{model.flops:.3g} flops"),
        ("Memory", f"{format_bytes(model.n_bytes)} at most, beside the data"),
        ("Free memory", format_bytes(available())),
    ]
    columns = [
        DisplayColumn(name, [_cell(value) for value in values], numeric=name not in ("block", "kind"))
        for name, values in table.items()
    ]
    sections = [Section("", Facts(facts)), Section("Blocks of the factorization", Table(columns))]
    return Report("Plan of a linear mixed model", sections)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{float(value):.3g}" if float(value) % 1 else f"{int(value):,}"
