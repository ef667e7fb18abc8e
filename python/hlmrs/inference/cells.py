"""The fixed part with an indicator for every cell: what hypotheses about terms are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate

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

    ``kept`` are the columns of X that are estimated, ``crossproduct`` is Z'Z over the rows used.  The first
    ``implied`` of them are an intercept that thresholds stand for, which is no coefficient.
    """

    terms: Sequence[CellTerm]
    mapping: Vector
    crossproduct: Vector
    kept: Sequence[int]
    implied: int = 0

    @cached_property
    def xx(self) -> Vector:
        """X'X of all columns."""
        return self.mapping.T @ self.crossproduct @ self.mapping


def cell_design(estimate: Estimate) -> CellDesign:
    """Read the cells of a fit's fixed part."""
    encoding = estimate.encoding
    terms = [
        CellTerm(
            term["name"],
            tuple(term["numeric"]),
            frozenset(term["categorical"]),
            tuple(term["coefficients"]),
            slice(*term["cells"]),
        )
        for term in encoding.cell_terms()
    ]
    crossproduct = estimate.rows.cell_crossproduct()[:-1, :-1]
    layout = estimate.layout
    thresholds = isinstance(estimate, GeneralizedEstimate) and "thresholds" in estimate.parts
    implied = [0] if thresholds and layout.columns[:1] == ["(Intercept)"] and 0 not in layout.kept else []
    return CellDesign(terms, encoding.cell_mapping(), crossproduct, [*implied, *layout.kept], len(implied))
