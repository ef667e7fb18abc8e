"""Boxes of factors at their levels, with lines to what they lie in."""

from typing import TYPE_CHECKING

import numpy as np

from ..display import Picture
from .canvas import describe, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def levels(axis: "Axes", picture: Picture) -> None:
    """Draw the lowest level at the bottom."""
    boxes, highest = picture.further["boxes"], picture.further["highest"]
    for inner, outer in picture.further["lines"]:
        (x0, y0, _), (x1, y1, _) = boxes[inner], boxes[outer]
        axis.plot([x0, x1], [y0, y1], color=ink(axis), linewidth=1.2, zorder=1)
    frame = {"boxstyle": "round,pad=0.5", "facecolor": axis.get_facecolor(), "edgecolor": ink(axis), "linewidth": 1}
    for x, y, text in boxes.values():
        axis.text(x, y, text, ha="center", va="center", fontsize=9, color=ink(axis), bbox=frame, zorder=2)
    axis.set(xlim=(0, 1), ylim=(0.5, highest + 0.5), yticks=np.arange(1, highest + 1))
    axis.xaxis.set_visible(False)
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    describe(axis, picture)
