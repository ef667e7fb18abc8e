"""Linear predictors of rows in every draw, block by block, so that memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows
from ..errors import DataError, suggestion
from ..estimation import columns_to_predict
from ..formula.names import find_name
from ..formula.random_term import RandomTerm
from ..frame import Frame
from ..prediction import UNSEEN, weight_shares
from .draws import Draws

Vector = NDArray[np.float64]
_NUMBERS = 4_000_000
"""Draws times rows of a block."""


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Rows: columns of the fixed part, of the random terms and their levels, offset, and residual variance over σ²."""

    x: Vector
    z: list[Vector]
    codes: list[NDArray[np.uint32]]
    offset: Vector
    shares: Vector

    def __len__(self) -> int:
        return len(self.x)


def rows_of_fit(draws: Draws) -> PredictedRows:
    """Return the rows used."""
    estimate = draws.estimate
    rows, layout = estimate.rows, estimate.layout
    offset, weights = rows.offset(), rows.weights()
    n = layout.n_rows
    return PredictedRows(
        rows.model_matrix()[:, list(layout.kept)],
        estimate.term_matrices(),
        [rows.group_codes(term.group) for term in layout.random],
        np.zeros(n) if offset is None else offset,
        np.ones(n) if weights is None else 1 / weights,
    )


def rows_of_frame(draws: Draws, frame: Frame, *, noise: bool) -> PredictedRows:
    """Return new rows, whose groups may be new."""
    estimate = draws.estimate
    require_groups(estimate.request.spec.random, frame)
    weights = estimate.request.weights if noise else None
    columns = columns_to_predict(estimate.request, frame, estimate.splines, [] if weights is None else [weights])
    new = estimate.encoding.bind(columns, new_groups=True)
    terms = range(len(estimate.layout.random))
    shares = weight_shares(estimate, columns, None) if noise else np.zeros(new.n_rows)
    return PredictedRows(
        new.model_matrix()[:, list(estimate.layout.kept)],
        [new.term_matrix(k) for k in terms],
        [new.term_codes(k) for k in terms],
        offsets_of(new, len(estimate.layout.columns), estimate.core.modes()),
        shares,
    )


def require_groups(terms: Iterable[RandomTerm], frame: Frame) -> None:
    """Refuse a frame without a column of groups."""
    for term in terms:
        for column in (column for factor in term.group for column in factor.columns()):
            if find_name(column.name, frame.names) is None:
                hint = suggestion(column.name, frame.names)
                raise DataError(
                    f"the new data have no column {column.name!r}, by which the random term {term.name} groups{hint}; "
                    "add it: a value that the fit does not know stands for a new group"
                )


def offsets_of(new: NewRows, n_columns: int, modes: Sequence[Vector]) -> Vector:
    """Return the offsets of rows: their linear predictor without coefficients and random effects."""
    return new.linear_predictor(np.zeros(n_columns), list(modes), [False] * len(modes))


class Predicting(Protocol):
    """Draws of what a linear predictor is made of."""

    @property
    def seed(self) -> int:
        """With which effects of new groups are drawn."""

    @property
    def beta(self) -> Vector:
        """Coefficients (draws x coefficients)."""

    @property
    def covariances(self) -> list[Vector]:
        """The covariance of every random term (draws x columns x columns)."""

    def effects(self, terms: Sequence[int]) -> list[Vector]:
        """Return the effects of some random terms (draws x levels x columns each)."""


def blocks(draws: Predicting, rows: PredictedRows, places: NDArray[np.intp]) -> Iterator[tuple[slice, Vector]]:
    """Yield blocks of rows with their linear predictors (rows x draws) in the draws at some places.

    Known groups have their effects, new ones effects from the distribution of groups.
    """
    effects = [own[places] for own in draws.effects(range(len(rows.z)))]
    size, rng = max(1, _NUMBERS // max(len(places), 1)), np.random.default_rng([draws.seed, 1])
    beta = draws.beta[places].T
    for start in range(0, len(rows), size):
        own = slice(start, min(start + size, len(rows)))
        eta = rows.offset[own, None] + rows.x[own] @ beta
        for k, drawn in enumerate(effects):
            eta += _of_term(rows.z[k][own], rows.codes[k][own], drawn, draws.covariances[k][places], rng)
        yield own, eta


def _of_term(
    z: Vector, codes: NDArray[np.uint32], drawn: Vector, covariances: Vector, rng: np.random.Generator
) -> Vector:
    """Return z'b (rows x draws) of a random term."""
    known = codes != UNSEEN
    found = np.empty((len(z), len(drawn)))
    for j in range(z.shape[1]):
        own = z[known, j, None] * drawn[:, codes[known], j].T
        found[known] = own if j == 0 else found[known] + own
    new = z[~known]
    sd = np.sqrt(np.einsum("ni,dij,nj->nd", new, covariances, new).clip(min=0))
    found[~known] = sd * rng.standard_normal(sd.shape)
    return found
