"""The middle half of every group: boxes with whiskers, or a ribbon where there are very many."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, guide, ink, listed
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED, _LINES = 20, 200


def boxes(axis: "Axes", picture: Picture) -> None:
    """Draw the lowest median at the bottom."""
    table = picture.table
    low, q25, median, q75, high = (np.asarray(table[name]) for name in ("low", "q25", "median", "q75", "high"))
    n, unusual = len(median), np.asarray(table["unusual"])
    place = np.arange(1, n + 1)
    axis.axvline(0, **guide(axis, strong=True))
    if n <= _LINES:
        for own, k in ((~unusual, 0), (unusual, 1)):
            axis.hlines(place[own], low[own], high[own], color=colour(k), linewidth=0.8)
            axis.hlines(place[own], q25[own], q75[own], color=colour(k), linewidth=6 if n <= _NAMED else 2, alpha=0.6)
        axis.plot(median, place, "|" if n <= _NAMED else ".", color=ink(axis), markersize=7 if n <= _NAMED else 3)
    else:
        axis.fill_betweenx(place, q25, q75, color=colour(0), alpha=0.4, linewidth=0)
        axis.plot(median, place, color=ink(axis), linewidth=1.3)
    axis.plot(median[unusual], place[unusual], "D", color=colour(1), markersize=5 if n <= _LINES else 3, zorder=4)
    if n <= _NAMED:
        axis.set_yticks(place, [listed([name], longest=14) for name in table["level"]], fontsize=8)
    describe(axis, picture)
