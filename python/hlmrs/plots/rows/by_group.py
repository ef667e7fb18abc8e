"""Rows of single groups: a panel for each, or a line for each in one."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import density, describe, guide, ink, listed, thinned
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 80
"""Points in one panel of several."""


def by_group(axis: "Axes", picture: Picture) -> None:
    """Draw one group: its rows, its line, and that of all rows."""
    table, further = picture.table, picture.further
    x, y = np.asarray(table[further["x"]]), np.asarray(table[further["y"]])
    shown, _ = thinned(len(x), "rows", _POINTS)
    axis.plot(x[shown], y[shown], "o", color=colour(0), markersize=4, alpha=0.7, markeredgewidth=0)
    axis.plot(x[[0, -1]], np.asarray(table["group_line"])[[0, -1]], color=ink(axis), linewidth=1.4)
    axis.plot(x[[0, -1]], np.asarray(table["pooled_line"])[[0, -1]], **guide(axis, strong=True))
    describe(axis, picture)
    axis.set_title(listed([picture.title], longest=16), loc="left", fontsize=9)
    axis.tick_params(labelsize=8)


def spaghetti(axis: "Axes", picture: Picture) -> None:
    """Draw a thin line for every group, and their mean."""
    table, further = picture.table, picture.further
    x, y, codes = np.asarray(table[further["x"]]), np.asarray(table[further["y"]]), further["codes"]
    starts = np.flatnonzero(np.diff(codes)) + 1
    lines = list(zip(np.split(x, starts), np.split(y, starts), strict=True))
    alpha = density(axis, max(0.15, min(0.7, 12 / len(lines))))
    for own_x, own_y in lines:
        axis.plot(own_x, own_y, color=colour(0), linewidth=0.8, alpha=alpha)
    axis.plot(*further["mean"], color=ink(axis), linewidth=2.5)
    describe(axis, picture)
