"""The rows of a layout: which unit of every kind each row belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from .layout import Crossed, Layout, Level, Nested

Codes = NDArray[np.intp]
Sizes = Callable[[str, int], Codes]
"""How many units of a kind lie in each of so many outer ones."""
Expanded = tuple[Codes, dict[str, Codes], dict[str, Codes]]
"""By row: the outer unit, the units of every kind, and their places in what they lie in."""


def expand(layout: Layout, n_outer: int, sizes: Sizes) -> Expanded:
    """Lay units out in each of so many outer ones."""
    if isinstance(layout, Level):
        return _units(layout.name, sizes(layout.name, n_outer))
    if isinstance(layout, Nested):
        outer, codes, order = expand(layout.outer, n_outer, sizes)
        within, inner, inner_order = expand(layout.inner, len(outer), sizes)
        return outer[within], _taken(codes, within) | inner, _taken(order, within) | inner_order
    assert isinstance(layout, Crossed)
    return _met(expand(layout.left, n_outer, sizes), expand(layout.right, n_outer, sizes), n_outer)


def _units(name: str, counts: Codes) -> Expanded:
    outer = np.repeat(np.arange(len(counts)), counts)
    order = np.arange(len(outer)) - np.repeat(np.cumsum(counts) - counts, counts)
    return outer, {name: np.arange(len(outer))}, {name: order}


def _met(left: Expanded, right: Expanded, n_outer: int) -> Expanded:
    """Let all of the left meet all of the right that lie in the same outer unit."""
    n_right = np.bincount(right[0], minlength=n_outer)
    first, counts = np.cumsum(n_right) - n_right, n_right[left[0]]
    from_left = np.repeat(np.arange(len(left[0])), counts)
    place = np.arange(len(from_left)) - np.repeat(np.cumsum(counts) - counts, counts)
    from_right = np.argsort(right[0], kind="stable")[first[left[0][from_left]] + place]
    codes = _taken(left[1], from_left) | _taken(right[1], from_right)
    order = _taken(left[2], from_left) | _taken(right[2], from_right)
    return left[0][from_left], codes, order


def _taken(columns: Mapping[str, Codes], rows: Codes) -> dict[str, Codes]:
    return {name: values[rows] for name, values in columns.items()}
