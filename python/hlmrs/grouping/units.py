"""Units of the grouping factors: how many, how large, and which factor's units lie within which other's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

ROWS = "row"
"""The name of the lowest level, whose units are the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A grouping factor: the unit of every row, -1 where a column of it is missing, and the units' labels."""

    name: str
    codes: Codes
    labels: Sequence[str]

    @property
    def n_units(self) -> int:
        """Units that have rows."""
        return len(self.labels)

    def sizes(self) -> Codes:
        """Count the rows of every unit."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.n_units)


def dense(codes: Codes, n: int) -> tuple[Codes, Codes]:
    """Return codes of those of n units that have rows, numbered anew in their order, and which units these are."""
    if n > _SPARSE * (len(codes) + 1):
        known = codes >= 0
        units, place = np.unique(codes[known], return_inverse=True)
        numbered = np.full(len(codes), -1, dtype=np.int64)
        numbered[known] = place
        return numbered, units
    seen = np.bincount(codes + 1, minlength=n + 1)[1:] > 0  # without sorting
    return np.append(np.cumsum(seen) - 1, -1)[codes], np.flatnonzero(seen)


_SPARSE = 8
"""As many possible units a row are counted in a table rather than sorted."""


def crossed_codes(first: Codes, second: Codes, n_first: int, n_second: int) -> tuple[Codes, Codes, Codes]:
    """Return the codes of the combinations that occur, and of each its parts."""
    pairs = np.where((first >= 0) & (second >= 0), first * n_second + second, -1)
    codes, found = dense(pairs, n_first * n_second)
    return codes, found // n_second, found % n_second


def unit_of(inner: Grouping, outer: Grouping) -> Codes | None:
    """Return the outer unit of every inner one, -1 where none is known; None where one lies in several."""
    known = (inner.codes >= 0) & (outer.codes >= 0)
    codes, units = inner.codes[known], outer.codes[known]
    place = np.full(inner.n_units, -1, dtype=np.int64)
    place[codes] = units
    return place if np.array_equal(place[codes], units) else None


def is_nested(inner: Grouping, outer: Grouping) -> bool:
    """Whether every inner unit lies in one outer unit, of which there are fewer."""
    return outer.n_units < inner.n_units and unit_of(inner, outer) is not None


@dataclass(frozen=True, slots=True)
class Pairing:
    """How two factors meet that are not nested: pairs of units that have rows, and how many units each one meets."""

    first: str
    second: str
    n_pairs: int
    share: float
    first_meets: tuple[int, int]
    second_meets: tuple[int, int]

    @property
    def is_complete(self) -> bool:
        """Whether every unit meets every other."""
        return self.share == 1.0


def pairing(first: Grouping, second: Grouping) -> Pairing:
    """Count the pairs of units that have rows."""
    _, of_first, of_second = crossed_codes(first.codes, second.codes, first.n_units, second.n_units)
    meets = [np.bincount(of_first), np.bincount(of_second)]
    least_and_most = [(int(c[c > 0].min()), int(c.max())) if c.any() else (0, 0) for c in meets]
    share = len(of_first) / (first.n_units * second.n_units) if first.n_units and second.n_units else 0.0
    return Pairing(first.name, second.name, len(of_first), share, *least_and_most)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A factor among the others: what its units lie in directly, and what they are made of.

    ``sizes`` are rows of every unit; ``parts`` are, by factor directly below, the number of its units in every unit.
    """

    grouping: Grouping
    within: tuple[str, ...]
    number: int
    sizes: Codes
    parts: dict[str, Codes]


def levels_of(groupings: Sequence[Grouping]) -> list[Level]:
    """Find the order of the factors, from the lowest level to the highest."""
    outer = {g.name: [o.name for o in groupings if is_nested(g, o)] for g in groupings}
    direct = {name: tuple(o for o in found if not any(o in outer[p] for p in found)) for name, found in outer.items()}
    numbers: dict[str, int] = {}
    for g in sorted(groupings, key=lambda g: -g.n_units):  # an inner factor has more units
        below = [numbers[inner] for inner, found in outer.items() if g.name in found and inner in numbers]
        numbers[g.name] = 1 + max(below, default=1)
    by_name = {g.name: g for g in groupings}
    levels = []
    for g in sorted(groupings, key=lambda g: numbers[g.name]):
        below_directly = [by_name[name] for name, found in direct.items() if g.name in found]
        parts = {inner.name: _units_in(inner, g) for inner in below_directly}
        levels.append(Level(g, direct[g.name], numbers[g.name], g.sizes(), parts))
    return levels


def _units_in(inner: Grouping, outer: Grouping) -> Codes:
    places = unit_of(inner, outer)
    assert places is not None, "nested"
    return np.bincount(places[places >= 0], minlength=outer.n_units)
