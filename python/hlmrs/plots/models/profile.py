"""Zeta of one parameter, with the ends of its intervals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...display import Picture
from ..canvas import describe, guide, ink
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def profile(axis: "Axes", picture: Picture) -> None:
    """Draw zeta, the straight line that it would be, and the intervals that it reaches."""
    further, value, zeta = picture.further, np.asarray(picture.table["value"]), np.asarray(picture.table["zeta"])
    axis.axhline(0, **guide(axis))
    if np.isfinite(further["slope"]):
        line = further["slope"] * (value - further["estimate"])
        inside = np.abs(line) <= 1.15 * np.abs(zeta).max()
        axis.plot(value[inside], line[inside], **guide(axis, strong=True))
    axis.plot(value, zeta, color=colour(0), linewidth=2)
    axis.plot([further["estimate"]], [0], "o", color=ink(axis), markersize=5)
    for words, limit, low, high in further["marks"]:
        for end, sign in ((low, -1), (high, 1)):
            if np.isfinite(end):
                axis.plot([end, end], [0, sign * limit], color=colour(1), linewidth=1.2)
        shown = next(((end, sign) for end, sign in ((high, 1), (low, -1)) if np.isfinite(end)), None)
        if shown is not None:
            place = (shown[0], shown[1] * limit)
            side: dict[str, Any] = (
                {"ha": "right", "xytext": (-4, 0)} if shown[1] > 0 else {"ha": "left", "xytext": (4, 0)}
            )
            axis.annotate(words, place, textcoords="offset points", fontsize=7, va="center", color=ink(axis), **side)
    if further["boundary"] is not None:
        axis.axvline(further["boundary"], color=colour(5), linewidth=2)
    describe(axis, picture)
