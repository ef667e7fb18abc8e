"""Is a linear predictor a special case of another?  By its columns, and by random terms that cover random terms.

A random term with a covariance of its own in every level of a factor, ``(x | g, by=arm)``, covers the same term with
one covariance where every group has rows of one level alone: there all covariances are equal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from .._core import Structure
from ..errors import cut, listed

Vector = NDArray[np.float64]
Codes = NDArray[np.uint32]

_TOLERANCE = 1e-8
_FITTED_ROWS = 20_000
_MOST_MATCHES = 10_000
_MOST_JOINED = 100


@dataclass(frozen=True, slots=True, eq=False)
class RandomPart:
    """A random term: its structure, its columns in the rows used, and the group of every row.

    ``n_levels``: covariances that it has, one for every level of a factor.
    """

    structure: Structure
    columns: Vector
    groups: Codes
    rank: int = 0
    name: str = ""
    n_levels: int = 1

    @property
    def width(self) -> int:
        """Random effects per group."""
        return int(self.columns.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class ModelPart:
    """One linear predictor in the rows used: columns, offset (None: zero), random terms, and names of the columns."""

    x: Vector
    offset: Vector | None
    random: Sequence[RandomPart]
    names: Sequence[str] = ()


Covered = Sequence[tuple[RandomPart, Sequence[RandomPart]]]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A term that may cover others, and which of the larger model's terms it is made of."""

    part: RandomPart
    members: frozenset[int]


def embed_part(small: ModelPart, large: ModelPart) -> Covered | str:
    """Find a linear predictor in another: which terms each of the other's covers; a text says why it is not there."""
    if reason := _fixed_part_outside(small, large):
        return reason
    sources, targets = _pieces(small.random), _pieces(large.random)
    alone = [_Candidate(target, frozenset([k])) for k, target in enumerate(targets)]
    candidates = [*alone, *_joined_levels(targets)]
    choices = [[own for own in candidates if _could_cover(own.part, source)] for source in sources]
    for source, own in zip(sources, choices, strict=True):
        if not own:
            return _not_held([source])
    for assignment in islice(product(*choices), _MOST_MATCHES):
        used = list({id(own): own for own in assignment}.values())
        taken = frozenset().union(*(own.members for own in used)) if used else frozenset()
        if len(taken) != sum(len(own.members) for own in used):
            continue
        covered = [
            (own.part, [source for source, other in zip(sources, assignment, strict=True) if other is own])
            for own in [*used, *(other for other in alone if not other.members & taken)]
        ]
        if all(_covers(target, parts) for target, parts in covered):
            return covered
    return _not_held(sources)


def _not_held(sources: Sequence[RandomPart]) -> str:
    names = [cut(source.name) for source in sources]
    if len(names) == 1:
        return f"no random term of the other model holds {names[0]}"
    return f"no random terms of the other model hold {' + '.join(names)}"


def _pieces(parts: Sequence[RandomPart]) -> list[RandomPart]:
    """Take apart independent effects of which every group has one, those of ``(1 | g, by=arm)``."""
    found = []
    for part in parts:
        columns = [part.columns[:, [k]] for k in range(part.width)]
        own = [replace(part, columns=column) for column in columns]
        apart = part.structure.independent and len(own) > 1 and _are_apart([_groups_with(piece) for piece in own])
        found += own if apart else [part]
    return found


def _joined_levels(parts: Sequence[RandomPart]) -> Iterator[_Candidate]:
    """Yield the terms that terms of some levels each are together: as one, with a covariance in each level."""
    kinds: dict[tuple[str, int, int], list[int]] = {}
    for k, part in enumerate(parts):
        kinds.setdefault((part.structure.name, part.width, part.rank), []).append(k)
    for alike in kinds.values():
        at: dict[frozenset[int], list[int]] = {}
        for k in alike:
            if same_groups(parts[k].groups, parts[alike[0]].groups):
                at.setdefault(_groups_with(parts[k]), []).append(k)
        if len(at) > 1 and _are_apart(list(at)):
            yield from islice((_joined(parts, chosen) for chosen in product(*at.values())), _MOST_JOINED)


def _joined(parts: Sequence[RandomPart], chosen: Sequence[int]) -> _Candidate:
    columns = np.sum([parts[k].columns for k in chosen], axis=0)
    return _Candidate(replace(parts[chosen[0]], columns=columns, n_levels=len(chosen)), frozenset(chosen))


def _groups_with(part: RandomPart) -> frozenset[int]:
    """Return the groups that have the effects of a term."""
    return frozenset(np.unique(part.groups[part.columns.any(axis=1)]).tolist())


def _are_apart(sets: Sequence[frozenset[int]]) -> bool:
    return sum(map(len, sets)) == len(frozenset().union(*sets))


def spans(large: Vector, small: Vector) -> bool:
    """Whether the columns of one matrix lie in the span of another's."""
    return bool(_in_span(large, small).all())


def _in_span(large: Vector, small: Vector) -> NDArray[np.bool_]:
    """Return which columns of one matrix lie in the span of another's."""
    if not small.shape[1]:
        return np.ones(0, dtype=bool)
    if not large.shape[1]:
        return np.asarray(~small.any(axis=0))
    step = max(1, len(large) // _FITTED_ROWS)
    scale = np.linalg.norm(large, axis=0)
    scale[scale == 0] = 1.0
    weights = np.linalg.lstsq((large / scale)[::step], small[::step], rcond=None)[0]
    left = np.linalg.norm(small - (large / scale) @ weights, axis=0)
    found: NDArray[np.bool_] = left <= _TOLERANCE * np.maximum(np.linalg.norm(small, axis=0), 1e-300)
    return found


def _fixed_part_outside(small: ModelPart, large: ModelPart) -> str:
    """Say which columns of the smaller fixed part the larger has not; nothing where it has all."""
    outside = np.flatnonzero(~_in_span(large.x, small.x)).tolist()
    if outside:
        named = listed([small.names[k] for k in outside]) if small.names else "all columns"
        return f"the other model has no fixed effects for {named}"
    offsets = [np.zeros(len(large.x)) if o is None else o for o in (small.offset, large.offset)]
    shift = offsets[1] - offsets[0]
    return "offsets differ" if shift.any() and not spans(large.x, shift[:, None]) else ""


def _could_cover(target: RandomPart, source: RandomPart) -> bool:
    return (
        target.width >= source.width
        and same_groups(target.groups, source.groups)
        and spans(target.columns, source.columns)
    )


def same_groups(a: Codes, b: Codes) -> bool:
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
    is_part = source.structure.name in (target.structure.name, *target.structure.contains)
    return same and is_part and source.rank <= target.rank


def _place(target: RandomPart, column: Vector) -> int | None:
    """Find a column of a term, up to its scale."""
    for k, other in enumerate(target.columns.T):
        if spans(other[:, None], column[:, None]):
            return k
    return None
