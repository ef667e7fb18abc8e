"""Means of groups with their line, and pieces of the line within groups."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, legend, thinned
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PIECES = 250


def within_between(axis: "Axes", picture: Picture) -> None:
    """Draw groups at their means."""
    table, further = picture.table, picture.further
    x, y = further["x"], further["y"]
    shown, thin = thinned(len(x), "groups", _PIECES)
    few = len(shown) < 60
    (within, own), (between, other) = further["slopes"]["within"], further["slopes"]["between"]
    ends = [np.asarray(table[name])[shown] for name in ("x_low", "x_high", "line_low", "line_high")]
    words = f"within groups: {within:.3g} (SE {own:.2g})"
    axis.plot(ends[:2], ends[2:], color=colour(0), linewidth=1.6 if few else 0.8, alpha=0.8 if few else 0.4)
    if np.isfinite(within):
        axis.plot([], [], color=colour(0), linewidth=1.6, label=words)
    axis.plot(x[shown], y[shown], "o", color=colour(1), markersize=5 if few else 2.5, markeredgewidth=0)
    if np.isfinite(between):
        edges = np.array([np.nanmin(x), np.nanmax(x)])
        words = f"between means: {between:.3g} (SE {other:.2g})"
        line = further["intercept"] + between * edges
        axis.plot(edges, line, color=colour(1), linewidth=2.2, linestyle="--", label=words)
    describe(axis, picture, thin)
    legend(axis)
