"""Is a model a special case of another?  Told by the columns themselves, not by their names.

Fixed part: the columns of the smaller X lie in the span of the larger.  Random part: every term of the smaller model is
a term of the larger one with parameters fixed, for a grouping factor with the same groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .._core import Structure
from ..estimation import Estimate
from ..formula import STRUCTURES

Vector = NDArray[np.float64]

_TOLERANCE = 1e-8
_FITTED_ROWS = 20_000
_MOST_MATCHES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class RandomPart:
    """A random term: its structure, its columns in the rows used, and the group of every row."""

    structure: Structure
    columns: Vector
    groups: NDArray[np.uint32]

    @property
    def width(self) -> int:
        """Random effects per group."""
        return int(self.columns.shape[1])


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a smaller model lies in a larger: for each of the larger's random terms, the smaller's that it covers."""

    covered: Sequence[tuple[RandomPart, Sequence[RandomPart]]]


def embed(small: Estimate, large: Estimate) -> Embedding | None:
    """Find the smaller model in the larger; None if it is no special case of it."""
    if not _fixed_part_lies_in(small, large):
        return None
    sources, targets = random_parts(small), random_parts(large)
    choices = [[k for k, target in enumerate(targets) if _could_cover(target, source)] for source in sources]
    for attempt, assignment in enumerate(product(*choices)):
        if attempt == _MOST_MATCHES:
            return None
        covered = [
            (target, [source for source, k in zip(sources, assignment, strict=True) if targets[k] is target])
            for target in targets
        ]
        if all(_covers(target, parts) for target, parts in covered):
            return Embedding(covered)
    return None


def random_parts(estimate: Estimate) -> list[RandomPart]:
    """Read the random terms of a fit."""
    return [
        RandomPart(STRUCTURES[term.structure], columns, estimate.rows.group_codes(term.group))
        for term, columns in zip(estimate.layout.random, estimate.term_matrices(), strict=True)
    ]


def spans(large: Vector, small: Vector) -> bool:
    """Whether the columns of one matrix lie in the span of another's."""
    if not small.shape[1]:
        return True
    if not large.shape[1]:
        return not small.any()
    step = max(1, len(large) // _FITTED_ROWS)
    scale = np.linalg.norm(large, axis=0)
    scale[scale == 0] = 1.0
    weights = np.linalg.lstsq((large / scale)[::step], small[::step], rcond=None)[0]
    left = np.linalg.norm(small - (large / scale) @ weights, axis=0)
    return bool(np.all(left <= _TOLERANCE * np.maximum(np.linalg.norm(small, axis=0), 1e-300)))


def _fixed_part_lies_in(small: Estimate, large: Estimate) -> bool:
    x = large.rows.model_matrix()[:, list(large.layout.kept)]
    columns = [small.rows.model_matrix()[:, list(small.layout.kept)]]
    offsets = [np.zeros(len(x)) if o is None else o for o in (small.rows.offset(), large.rows.offset())]
    shift = offsets[1] - offsets[0]
    if shift.any():
        columns.append(shift[:, None])
    return spans(x, np.column_stack(columns))


def _could_cover(target: RandomPart, source: RandomPart) -> bool:
    return (
        target.width >= source.width
        and same_groups(target.groups, source.groups)
        and spans(target.columns, source.columns)
    )


def same_groups(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> bool:
    """Whether two codings part the rows alike."""
    pairs = len(np.unique(np.stack([a, b]), axis=1).T)
    return pairs == len(np.unique(a)) == len(np.unique(b))


def _covers(target: RandomPart, sources: Sequence[RandomPart]) -> bool:
    """Whether a term, with parameters fixed, is the sum of some independent terms."""
    if not sources or target.structure.unrestricted:
        return sum(source.width for source in sources) <= target.width
    if target.structure.independent:
        places = [_place(target, column) for source in sources for column in source.columns.T]
        independent = all(source.width == 1 or not source.structure.correlated for source in sources)
        return independent and None not in places and len(set(places)) == len(places)
    (source,) = sources if len(sources) == 1 else (None,)
    if source is None:
        return False
    same = source.columns.shape == target.columns.shape and np.array_equal(source.columns, target.columns)
    return same and source.structure.name in (target.structure.name, *target.structure.contains)


def _place(target: RandomPart, column: Vector) -> int | None:
    """Find a column of a term, up to its scale."""
    for k, other in enumerate(target.columns.T):
        if spans(other[:, None], column[:, None]):
            return k
    return None
