"""A formula over planned rows: what the fixed and the random part of the model will be, before any response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..control import Control
from ..errors import ArgumentError, DesignError, FormulaError, listed
from ..estimation import Contrast, Request, make_request, model_rows
from ..estimation.parts import RESPONSE
from ..estimation.rows import ModelRows
from ..formula import STRUCTURES

Matrix = NDArray[np.float64]

_FREE = {own.name: own.unrestricted for own in STRUCTURES.values() if own.unrestricted or own.independent}
"""Structures whose entries are parameters of their own: whether those beside the diagonal are."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class PlannedTerm:
    """A random term: its grouping factor, its columns in every row, and the level that each row belongs to."""

    group: str
    columns: Sequence[str]
    is_correlated: bool
    z: Matrix
    codes: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """What planned rows make of a formula; `column_terms` has 0 for the intercept, else the number of the term.

    `columns` are those of the rows, without a response.
    """

    request: Request
    data: ModelRows
    x: Matrix
    names: Sequence[str]
    column_terms: Sequence[int]
    terms: Sequence[str]
    random: Sequence[PlannedTerm]
    columns: Columns

    @property
    def groups(self) -> list[str]:
        """Names of the grouping factors."""
        return list(dict.fromkeys(term.group for term in self.random))


def planned_request(
    formula: str, names: Sequence[str], contrasts: Mapping[str, Contrast] | None, control: Control | None
) -> Request:
    """Read a formula over planned columns; its response need not be there."""
    if not isinstance(formula, str):
        raise ArgumentError(f"a formula is a str, not {type(formula).__name__}")
    left, tilde, right = formula.partition("~")
    if not tilde:
        raise FormulaError("expected '~', as in 'y ~ treat + (1 | school)'", formula, len(formula))
    return make_request(
        f"`{RESPONSE}` ~{right}",
        [*(name for name in names if name != left.strip()), RESPONSE],
        reml=True,
        weights=None,
        offset=None,
        contrasts=contrasts,
        missing="drop",
        control=control,
    )


def planned_model(request: Request, columns: Columns) -> PlannedModel:
    """Encode planned rows."""
    given = columns.copy()
    columns.add_numeric(RESPONSE, np.arange(columns.n_rows, dtype=np.float64))
    data = model_rows(request, columns)
    new, layout = data.bound(), data.rows.layout()
    kept = slice(None) if data.rows.kept is None else data.rows.kept
    random = [_term(new, k, record, layout, kept) for k, record in enumerate(layout["random"])]
    x = np.asarray(data.rows.model_matrix())
    _require_rank(x, layout["columns"])
    return PlannedModel(request, data, x, layout["columns"], layout["column_terms"], layout["terms"], random, given)


def _term(new: Any, k: int, record: Any, layout: Any, kept: Any) -> PlannedTerm:
    if record["structure"] not in _FREE:
        free = listed([*_FREE])
        raise DesignError(
            f"{record['name']}: power is computed for covariances of random effects of the structures {free}, and this "
            f"is {record['structure']!r}; write (x | g), (x || g) or diag(x | g)"
        )
    group = layout["groups"][record["group"]]["name"]
    is_correlated = _FREE[record["structure"]] and len(record["columns"]) > 1
    z, codes = np.asarray(new.term_matrix(k))[kept], np.asarray(new.term_codes(k)).astype(np.intp)[kept]
    return PlannedTerm(group, record["columns"], is_correlated, z, codes)


def _require_rank(x: Matrix, names: Sequence[str]) -> None:
    """Refuse fixed effects that planned rows cannot tell apart."""
    length = np.sqrt((x**2).sum(axis=0))
    empty = [name for name, size in zip(names, length, strict=True) if size == 0]
    if empty:
        raise DesignError(f"{listed(empty)}: zero in all planned rows")
    r = np.abs(np.diag(np.linalg.qr(x / length, mode="r"))) if len(x) >= x.shape[1] else np.zeros(x.shape[1])
    bad = [name for name, size in zip(names, r, strict=True) if size < _SAME]
    if bad:
        raise DesignError(
            f"the planned rows cannot tell {listed(bad)} apart from the coefficients before; plan rows in which it "
            "varies beside them"
        )
