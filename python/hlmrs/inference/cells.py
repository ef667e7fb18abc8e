"""The fixed part with an indicator for every cell: what hypotheses about terms are made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CellTerm:
    """A term: its name, its numeric part and its categorical variables, and where its columns are."""

    name: str
    numeric: tuple[int, ...]
    categorical: frozenset[int]
    coefficients: tuple[int, ...]
    cells: slice

    def contains(self, other: "CellTerm") -> bool:
        """Whether the other term is contained in this one: the same numeric part, fewer categorical variables."""
        return self.numeric == other.numeric and other.categorical < self.categorical

    def is_marginal_to(self, other: "CellTerm") -> bool:
        """Whether the other term is an interaction of this one's variables with further ones."""
        return {*self.numeric, *self.categorical} < {*other.numeric, *other.categorical}


@dataclass(frozen=True)
class CellDesign:
    """X = Z M, where Z has an indicator (times the numeric columns) for every cell of every term.

    ``kept`` are the columns of X that are estimated, ``crossproduct`` is Z'Z over the rows used.
    """

    terms: Sequence[CellTerm]
    mapping: Vector
    crossproduct: Vector
    kept: Sequence[int]

    @cached_property
    def xx(self) -> Vector:
        """X'X of all columns."""
        return self.mapping.T @ self.crossproduct @ self.mapping


def cell_design(estimate: Estimate) -> CellDesign:
    """Read the cells of a fit's fixed part."""
    encoding = json.loads(estimate.encoding_text)
    layout = encoding["fixed"]["layout"]
    widths = [term["n_numeric"] * _n_cells(term) for term in layout["terms"]]
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(int)
    mapping = np.zeros((int(starts[-1]), len(layout["columns"])))
    for j, column in enumerate(layout["columns"]):
        term = layout["terms"][column["term"]]
        start = int(starts[column["term"]]) + column["numeric"] * _n_cells(term)
        entries = [(0, 1.0)] if term["coding"] is None else term["coding"]["columns"][column["coded"]]
        for cell, value in entries:
            mapping[start + cell, j] = value
    terms = [
        CellTerm(
            term["name"],
            *_parts(plan["variables"], encoding["variables"]),
            tuple(j for j, column in enumerate(layout["columns"]) if column["term"] == t),
            slice(int(starts[t]), int(starts[t + 1])),
        )
        for t, (term, plan) in enumerate(zip(layout["terms"], encoding["fixed"]["plans"], strict=True))
    ]
    crossproduct = estimate.rows.cell_crossproduct()[:-1, :-1]
    return CellDesign(terms, mapping, crossproduct, estimate.layout.kept)


def _n_cells(term: dict[str, object]) -> int:
    coding = term["coding"]
    return int(coding["n_cells"]) if isinstance(coding, dict) else 1


def _parts(variables: Sequence[int], known: Sequence[dict[str, object]]) -> tuple[tuple[int, ...], frozenset[int]]:
    categorical = frozenset(v for v in variables if "categorical" in known[v])
    return tuple(sorted(v for v in variables if v not in categorical)), categorical
