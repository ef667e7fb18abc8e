"""Exact quantiles of values that come in batches: order statistics by the bits of the numbers, sixteen a pass.

A double, read as a whole number with its sign turned around, keeps its order; counting by leading bits (radix
selection, Knuth 1998, section 5.2.5) finds which values are left, until these are few enough to be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_BITS = 16
_FEW = 1 << 20
"""Values that may be kept."""


@dataclass(slots=True)
class Narrowed:
    """Values whose leading bits are known: how many leading ones, and counts or values of the next pass."""

    prefix: int
    depth: int
    rank: int
    size: int
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1 << _BITS, np.int64))
    kept: list[NDArray[np.uint64]] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        """Whether the values are few enough."""
        return self.size <= _FEW

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Count further values, or keep them."""
        own = keys if self.depth == 0 else keys[keys >> np.uint64(64 - self.depth) == np.uint64(self.prefix)]
        if self.keeps:
            self.kept.append(own)
        else:
            digit = (own >> np.uint64(64 - self.depth - _BITS)) & np.uint64((1 << _BITS) - 1)
            self.counts += np.bincount(digit.astype(np.int64), minlength=1 << _BITS)

    def merge(self, other: "Narrowed") -> None:
        """Add the values of another part."""
        self.counts += other.counts
        self.kept += other.kept

    def emptied(self) -> "Narrowed":
        """Return the same search, without values."""
        return Narrowed(self.prefix, self.depth, self.rank, self.size)

    def narrower(self) -> "Narrowed":
        """Go on with the values that have sixteen more bits of the one looked for."""
        before = np.cumsum(self.counts)
        digit = int(np.searchsorted(before, self.rank, side="right"))
        rank = self.rank - int(before[digit - 1] if digit else 0)
        return Narrowed(self.prefix << _BITS | digit, self.depth + _BITS, rank, int(self.counts[digit]))

    def found(self) -> float | None:
        """Return the value, when it is known."""
        if self.depth == 64:
            return float(_values(np.array([self.prefix], np.uint64))[0])
        if not self.keeps:
            return None
        return float(_values(np.sort(np.concatenate(self.kept)))[self.rank])


class Quantiles:
    """Quantiles at some places of n values, as ``np.quantile`` has them."""

    def __init__(self, places: Sequence[float], n: int) -> None:
        self._places = [(n - 1) * place for place in places]
        ranks = {min(int(at) + step, n - 1) for at in self._places for step in (0, 1)}
        self._known: dict[int, float] = {}
        self._searched = {rank: Narrowed(0, 0, rank, n) for rank in ranks}

    @property
    def needs_rows(self) -> bool:
        """Whether values are to be read."""
        return bool(self._searched)

    def add(self, values: Vector) -> None:
        """Add further values."""
        keys = _keys(values)
        for narrowed in self._searched.values():
            narrowed.add(keys)

    def merge(self, other: "Quantiles") -> None:
        """Add what another part has read in the same pass."""
        for rank, narrowed in self._searched.items():
            narrowed.merge(other._searched[rank])

    def emptied(self) -> None:
        """Forget the values of this pass."""
        self._searched = {rank: narrowed.emptied() for rank, narrowed in self._searched.items()}

    def finish(self) -> None:
        """End a pass."""
        for rank, narrowed in list(self._searched.items()):
            if not narrowed.keeps:
                narrowed = self._searched[rank] = narrowed.narrower()
                if narrowed.depth < 64:
                    continue
            value = narrowed.found()
            assert value is not None, "it is known when it is kept"
            self._known[rank] = value
            del self._searched[rank]

    def result(self) -> Vector:
        """Return the quantiles."""
        last = max(self._known)
        pairs = [(self._known[int(at)], self._known[min(int(at) + 1, last)], at - int(at)) for at in self._places]
        return np.array([np.quantile([low, high], part) for low, high, part in pairs])


def _keys(values: Vector) -> NDArray[np.uint64]:
    bits = (values + 0.0).view(np.uint64)
    top = np.uint64(1 << 63)
    return np.where(bits & top, ~bits, bits | top)


def _values(keys: NDArray[np.uint64]) -> Vector:
    top = np.uint64(1 << 63)
    return np.where(keys & top, keys & ~top, ~keys).view(np.float64)
