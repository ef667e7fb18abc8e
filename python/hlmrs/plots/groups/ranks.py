"""Expected ranks with intervals, and which groups are surely in the outer quarters."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, guide, ink, legend
from ..palette import colour
from .caterpillar import LINES, NAMED, name_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SURE = 0.95


def ranks(axis: "Axes", picture: Picture) -> None:
    """Draw the lowest at the bottom."""
    table, names = picture.table, picture.further["labels"]
    n = len(names)
    place, value = np.arange(1, n + 1), np.asarray(table["expected_rank"])
    low, high = np.asarray(table["rank_low"]), np.asarray(table["rank_high"])
    words = f"{picture.further['level']} interval"
    for edge in (max(1, n // 4) + 0.5, n - max(1, n // 4) + 0.5):
        axis.axvline(edge, **guide(axis))
    if n <= LINES:
        axis.hlines(place, low, high, color=colour(0), linewidth=3 if n <= NAMED else 1.2, alpha=0.6, label=words)
        axis.plot(value, place, "o", color=ink(axis), markersize=4 if n <= NAMED else 2, zorder=3)
    else:
        axis.fill_betweenx(place, low, high, color=colour(0), alpha=0.4, linewidth=0, label=words)
        axis.plot(value, place, color=ink(axis), linewidth=1.3, zorder=3)
    _mark(axis, picture, "bottom_quarter", 1, "v", place, value)
    _mark(axis, picture, "top_quarter", 2, "^", place, value)
    name_groups(axis, names)
    axis.locator_params(axis="x", integer=True)
    axis.set_ylim(0.5 - 0.02 * n, n + 0.5 + 0.02 * n)
    axis.set_xlim(0.5 - 0.02 * n, n + 0.5 + 0.02 * n)
    describe(axis, picture)
    legend(axis)


def _mark(
    axis: "Axes", picture: Picture, quarter: str, k: int, marker: str, place: np.ndarray, value: np.ndarray
) -> None:
    """Mark the groups that are in a quarter with a probability of 95 % at least."""
    sure = np.asarray(picture.table[quarter]) >= _SURE
    if not sure.any():
        return
    words, many = f"in the {quarter.replace('_', ' ')} with probability 95 %", len(value) > LINES
    if many:
        axis.plot(value[sure], place[sure], color=colour(k), linewidth=4, solid_capstyle="butt", zorder=4, label=words)
    else:
        axis.plot(value[sure], place[sure], marker, color=colour(k), markersize=5, zorder=4, label=words)
