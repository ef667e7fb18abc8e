"""What the numbers of a fit belong to: names, levels, and how many rows were used."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .._core import Problem, Rows, term_moments


@dataclass(frozen=True, slots=True)
class RandomTermLayout:
    """A random term: its columns, the index of its grouping factor, and the mean of z z' over the rows."""

    name: str
    group: int
    columns: Sequence[str]
    structure: str
    moments: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class GroupLayout:
    """A grouping factor: its levels, and the rows of its smallest and largest level."""

    name: str
    levels: Sequence[str]
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of everything; `kept` are the columns of X that are estimated."""

    response: str
    columns: Sequence[str]
    column_terms: Sequence[int]
    terms: Sequence[str]
    kept: Sequence[int]
    reference_levels: dict[str, str]
    groups: Sequence[GroupLayout]
    random: Sequence[RandomTermLayout]
    n_rows: int
    n_rows_input: int
    dropped_rows: dict[str, int]

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated coefficients."""
        return [self.columns[k] for k in self.kept]

    @property
    def dropped_columns(self) -> list[str]:
        """Columns that depend on those before them."""
        kept = set(self.kept)
        return [name for k, name in enumerate(self.columns) if k not in kept]

    def as_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Layout":
        """Rebuild what ``as_json`` made."""
        groups = [GroupLayout(**group) for group in entry["groups"]]
        random = [RandomTermLayout(**term) for term in entry["random"]]
        return cls(**{**entry, "groups": groups, "random": random})


def layout_of(rows: Rows, problem: Problem) -> Layout:
    """Read the layout of encoded rows."""
    return Layout(
        response=rows.response_name,
        columns=rows.coef_names,
        column_terms=rows.coef_terms,
        terms=rows.term_names,
        kept=problem.kept,
        reference_levels=rows.reference_levels,
        groups=[_group(rows, k, name) for k, name in enumerate(rows.group_names)],
        random=[
            RandomTermLayout(**term, moments=term_moments(rows, k).tolist()) for k, term in enumerate(rows.random_terms)
        ],
        n_rows=rows.n_rows,
        n_rows_input=rows.n_rows_input,
        dropped_rows=rows.dropped,
    )


def _group(rows: Rows, index: int, name: str) -> GroupLayout:
    sizes = np.bincount(rows.group_codes(index))
    return GroupLayout(name, rows.group_levels(index), int(sizes.min()), int(sizes.max()))
