"""Whether a posterior with flat priors integrates to a finite number (Hobert and Casella 1996, JASA 91, 1461-1473).

Where the standard deviation of a random term is very large the likelihood falls as a power of it: as many as there are
effects, less what flat coefficients take of them.  Under a flat prior the power has to be two at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, FitStateError, quote
from ..estimation import Estimate
from ..formula import STRUCTURES
from ..inference import term_names
from ..priors import Assigned, Flat, Parameter
from .choice import PriorChoice

Vector = NDArray[np.float64]
LEAST_LEVELS = 4
"""Groups of which a flat prior of their standard deviation has a posterior in a generalized model."""
_TAKEN = 1e-6
"""Sines of angles between columns and random effects that are zero but for rounding."""
_INSTEAD = "give it a prior that is not flat, such as hlmrs.HalfStudentT(3, scale)"


@dataclass(frozen=True)
class _FlatSd:
    """A standard deviation with a flat prior: its random term, its column among those, and what its effects need."""

    name: str
    term: int
    columns: Sequence[int]
    needed: int


def require_proper(estimate: Estimate, choice: PriorChoice) -> None:
    """Refuse a posterior that does not integrate to a finite number."""
    flat = [one.name for one in choice.parameters if one.kind == "sd" and isinstance(choice.of(one.name), Flat)]
    if not flat:
        return
    fixed = _FlatColumns(estimate, choice)
    for one in _flat_sds(estimate, flat):
        _require_effects(estimate, one, fixed)
    if "sigma" in flat:
        _require_rows(estimate, len(flat) + 1, fixed)


class _FlatColumns:
    """Columns along which coefficients are flat."""

    def __init__(self, estimate: Estimate, choice: PriorChoice) -> None:
        self._estimate, self._choice = estimate, choice

    @property
    def most(self) -> int:
        """How many there are at most."""
        return sum(isinstance(self._choice.of(name), Flat) for name in self._choice.coefficients)

    @cached_property
    def basis(self) -> Vector:
        """An orthonormal basis of them in the rows used."""
        x = self._estimate.rows.model_matrix()[:, list(self._estimate.layout.kept)]
        x = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        return _range_of(x @ self._directions(x.shape[1]))

    def _directions(self, p: int) -> Vector:
        """Return combinations of coefficients of which no prior says anything, in the scale of `basis`."""
        x = self._estimate.rows.model_matrix()[:, list(self._estimate.layout.kept)]
        known = np.array([along for along, _ in self._choice.combinations]).reshape(-1, p)
        known = known / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        known = known / np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-300)
        _, size, rotation = np.linalg.svd(known, full_matrices=True)
        rank = int((size > 1e-12 * size.max(initial=0.0)).sum())
        return np.asarray(rotation[rank:].T)


def _range_of(x: Vector) -> Vector:
    left, size, _ = np.linalg.svd(x, full_matrices=False)
    return np.asarray(left[:, size > 1e-9 * size.max(initial=0.0)])


def _flat_sds(estimate: Estimate, flat: Sequence[str]) -> Iterator[_FlatSd]:
    for term, (group, columns) in enumerate(term_names(estimate)):
        structure = STRUCTURES[estimate.layout.random[term].structure]
        for name, row, _, kind in structure.reported(list(columns), group):
            if kind == "sd" and name in flat:
                one = [row for *_, other in structure.reported(list(columns), group) if other == "sd"] != [row]
                own = [row] if one else range(len(columns))
                yield _FlatSd(name, term, own, 1 + (len(columns) if one and structure.correlated else 1))


def _require_effects(estimate: Estimate, one: _FlatSd, fixed: _FlatColumns) -> None:
    term = estimate.layout.random[one.term]
    group = estimate.layout.groups[term.group]
    levels = len(group.levels)
    if levels - fixed.most >= one.needed:
        return
    _require_kept(estimate, one.name)
    z = estimate.term_matrices()[one.term][:, list(one.columns)]
    n_effects, taken = _effects_taken(z, estimate.rows.group_codes(term.group), fixed.basis)
    if n_effects - taken < one.needed:
        raise DesignError(
            f"the prior of {quote(one.name)} is flat and there is no posterior: {quote(group.name)} has {levels} "
            f"groups, {n_effects} random effects have this standard deviation, flat coefficients take {taken} of them, "
            f"and {one.needed} at least have to be left; {_INSTEAD}"
        )


def _effects_taken(z: Vector, codes: NDArray[np.uint32], basis: Vector) -> tuple[int, int]:
    """Return the rank of the effects of all groups, and the dimension that they share with some columns."""
    rest, rank, order = basis.copy(), 0, np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        own = _range_of(z[rows])
        own = own[:, : own.shape[1] if z[rows].any() else 0]
        rest[rows] -= own @ (own.T @ rest[rows])
        rank += own.shape[1]
    angles = np.linalg.svd(rest, compute_uv=False) if rest.size else np.empty(0)
    return rank, int((angles < _TAKEN).sum())


def _require_rows(estimate: Estimate, needed: int, fixed: _FlatColumns) -> None:
    n = estimate.layout.n_rows
    if n - fixed.most >= needed:
        return
    _require_kept(estimate, "sigma")
    rank = fixed.basis.shape[1]
    if n - rank < needed:
        raise DesignError(
            f"the prior of 'sigma' is flat and there is no posterior: of {n} rows flat coefficients take {rank}, and "
            f"{needed} at least have to be left, one more than there are flat standard deviations; {_INSTEAD}"
        )


def _require_kept(estimate: Estimate, name: str) -> None:
    if estimate.rows_if_kept is None:
        raise FitStateError(
            f"the prior of {quote(name)} is flat, and whether there is a posterior can be told from the rows alone, "
            f"which are gone; {_INSTEAD}"
        )


def require_levels(
    few_levels: Iterable[tuple[str, tuple[str, int]]], parameters: Sequence[Parameter], found: Mapping[str, Assigned]
) -> None:
    """Refuse flat priors of few groups in a generalized model (Gelman 2006, Bayesian Anal. 1, 515-534).

    `few_levels` are standard deviations of grouping factors with few levels, with factor and number of levels.
    """
    few = dict(few_levels)
    for one in parameters:
        if one.kind == "sd" and isinstance(found[one.name].prior, Flat) and one.name in few:
            group, n = few[one.name]
            raise DesignError(
                f"the prior of {quote(one.name)} is flat and {quote(group)} has {n} groups, fewer than {LEAST_LEVELS}: "
                "there is no posterior, since the likelihood does not fall fast enough where it is very large; give it "
                "a prior such as hlmrs.HalfStudentT(3, scale)"
            )
