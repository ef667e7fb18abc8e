"""How the reference grid is averaged: the weights of combinations of levels, given those of the means.

A factor each of whose levels occurs in one level of another is nested in it (treatments within "treated") if it stands
in the formula only together with that, or if both have main effects, ``route + drug``, where the effects of the one are
sums of those of the other.  Combinations across are impossible or cannot be estimated, and no mean counts them.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import choose
from ..estimation import Estimate
from ..options import MeanWeights
from .grid import Axis, axis_codes, check_size, grid_axes, grid_columns

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

WEIGHTS: tuple[MeanWeights, ...] = get_args(MeanWeights)


class Averages:
    """Weights over the axes that are averaged, within each combination of those that are `kept`."""

    def __init__(self, estimate: Estimate, axes: Sequence[Axis], kept: Sequence[int], rule: str) -> None:
        self._estimate, self._axes, self._rule = estimate, axes, choose("weights", rule, WEIGHTS)
        self._codes: dict[int, NDArray[np.intp]] = {}
        self._nested = nested_factors(estimate, axes)
        self.kept = list(kept)
        self.shape = tuple(len(axes[k].places) for k in kept)

    @cached_property
    def possible(self) -> Mask:
        """Which combinations of the axes kept nesting allows, shape (kept)."""
        wide = [k for k in self._with_nests(self.kept) if k not in self.kept]
        allowed = self._allowed(wide).any(axis=tuple(range(len(self.kept), len(self.kept) + len(wide))))
        return np.broadcast_to(allowed, self.shape)

    def over(self, averaged: Sequence[int]) -> Vector:
        """Return the weights of the combinations of some axes; (kept, with 1 where they do not matter, averaged).

        They sum to one in each combination of the axes kept, and are NaN in one that has no rows, or is impossible.
        """
        wide = self._with_nests(averaged)
        self._check(wide)
        allowed = self._allowed(wide)
        first, rest = len(self.kept), tuple(range(len(self.kept), len(self.kept) + len(wide)))
        factors = [k for k in wide if self._axes[k].factor is not None]
        share = _evenly(allowed, first) if self._rule == "equal" or not factors else allowed * self._counted(wide)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = share.sum(axis=rest, keepdims=True)
            share = np.where(total > 0, share / total, math.nan)
        return np.asarray(share.sum(axis=tuple(first + wide.index(k) for k in wide if k not in averaged)))

    def _with_nests(self, averaged: Sequence[int]) -> list[int]:
        """Add the averaged axes that nesting links to these, each after those that it is nested in."""
        found, more = set(averaged), set(averaged)
        while more:
            linked = {k for pair in self._nested if more & {*pair} for k in pair}
            more = linked - found - {*self.kept}
            found |= more
        return sorted(found, key=lambda k: (sum(a == k for a, _ in self._nested), k))

    def _check(self, wide: Sequence[int]) -> None:
        counted = (
            self.kept if self._rule == "cells" else [k for k in self.kept if any(k in pair for pair in self._nested)]
        )
        check_size(math.prod(len(self._axes[k].places) for k in [*wide, *counted]))

    def _allowed(self, wide: Sequence[int]) -> Mask:
        """Return which combinations of the axes kept, and these, nesting allows."""
        order = [*self.kept, *wide]
        allowed: Mask = np.ones([1] * len(self.kept) + [len(self._axes[k].places) for k in wide], dtype=bool)
        for (a, b), together in self._nested.items():
            if a in order and b in order:
                i, j = order.index(a), order.index(b)
                shape = [1] * len(order)
                shape[i], shape[j] = together.shape
                allowed = allowed & (together if i < j else together.T).reshape(shape)
        return allowed

    def _counted(self, wide: Sequence[int]) -> Vector:
        """Return how often combinations occur, by the rule; covariates have no weights of their own."""
        order = [*self.kept, *wide]
        factors = [k for k in wide if self._axes[k].factor is not None]
        if self._rule == "outer":
            together = [[k] for k in factors]
        else:
            kept = [k for k in self.kept if self._axes[k].factor is not None]
            together = [[*kept, *factors] if self._rule == "cells" else factors]
        share: Vector = np.ones(len(order) * [1])
        for some in together:
            ordered = [k for k in order if k in some]
            sizes = [len(self._axes[k].places) if k in some else 1 for k in order]
            share = share * self._frequencies(ordered).reshape(sizes)
        return share

    def _frequencies(self, some: Sequence[int]) -> Vector:
        """Return the weight of the rows used in every combination of levels, over that of all rows on the grid."""
        counts = np.zeros([len(self._axes[k].places) for k in some])
        weights = self._estimate.rows.weights()
        inside = self._on_grid if self._rule != "outer" else self._code(some[0]) >= 0
        places = tuple(self._code(k)[inside] for k in some)
        np.add.at(counts, places, 1.0 if weights is None else weights[inside])
        return np.asarray(counts / counts.sum())

    @cached_property
    def _on_grid(self) -> Mask:
        """Which rows have levels of the grid in all factors that are averaged, and that the rule counts."""
        counted = [k for k in range(len(self._axes)) if k not in self.kept or self._rule == "cells"]
        codes = [self._code(k) for k in counted if self._axes[k].factor is not None]
        return np.asarray(np.logical_and.reduce([code >= 0 for code in codes]))

    def _code(self, k: int) -> NDArray[np.intp]:
        if k not in self._codes:
            self._codes[k] = axis_codes(self._estimate, self._axes[k])
        return self._codes[k]


def nested_factors(estimate: Estimate, axes: Sequence[Axis]) -> dict[tuple[int, int], Mask]:
    """Return, by pairs of axes of which the first is nested in the second, which of their places occur together."""
    if not estimate.dropped_columns:  # no combination of levels is missing
        return {}
    names = [{name for factor in term.factors for name in grid_columns(factor)} for term in estimate.request.spec.terms]
    terms = [{k for k, axis in enumerate(axes) if axis.name in used} for used in names]
    factors = [k for k, axis in enumerate(axes) if axis.factor is not None and any(k in term for term in terms)]
    alone = {term.factors[0].name for term in estimate.request.spec.terms if len(term.factors) == 1}
    main = {k for k in factors if (factor := axes[k].factor) is not None and factor.name in alone}
    pairs = [
        (a, b)
        for a in factors
        for b in factors
        if a != b and ({a, b} <= main or all(b in term for term in terms if a in term))
    ]
    whole = grid_axes(estimate, {}) if pairs else ()
    codes = {k: axis_codes(estimate, whole[k]) for k in {k for pair in pairs for k in pair}}
    found = {}
    for a, b in pairs:
        together = np.zeros((len(whole[a].places), len(whole[b].places)), dtype=bool)
        together[codes[a], codes[b]] = True
        if (together.sum(axis=1) == 1).all():
            found[a, b] = together[np.ix_(_places(axes[a], whole[a]), _places(axes[b], whole[b]))]
    return found


def _places(axis: Axis, whole: Axis) -> list[int]:
    return [whole.places.index(place) for place in axis.places]


def _evenly(allowed: Mask, first: int) -> Vector:
    """Give the levels of each axis from `first` on equal weights among those that are allowed after the ones before."""
    share = np.ones([1] * allowed.ndim)
    for k in range(first, allowed.ndim):
        level = allowed.any(axis=tuple(range(k + 1, allowed.ndim)), keepdims=True)
        number = level.sum(axis=k, keepdims=True)
        share = share * np.divide(level, number, where=number > 0, out=np.zeros(level.shape))
    return share * allowed.any(axis=tuple(range(first, allowed.ndim)), keepdims=True)
