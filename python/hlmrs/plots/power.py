"""The power over numbers of units: curves, or the contours of a surface."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..display import Picture
from .canvas import describe, guide, ink, legend
from .palette import colour, line_style, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def power(axis: "Axes", picture: Picture) -> None:
    """Draw one curve for each label, with a mark at each number that was tried."""
    further, table = picture.further, picture.table
    x, y = np.asarray(table[further["x"]], dtype=float), np.asarray(table["power"])
    axis.axhline(further["target"], **guide(axis, strong=True))
    for k, line in enumerate(dict.fromkeys(further["lines"])):
        own = np.array([other == line for other in further["lines"]])
        order = np.argsort(x[own])
        marks = marker(k) if own.sum() <= 60 else ""
        axis.plot(x[own][order], y[own][order], marks, label=line or None, linewidth=1.8, markersize=4, **line_style(k))
        if "simulated" in table:
            _simulated(axis, picture, own, k)
    axis.set_ylim(0, 1.02)
    describe(axis, picture)
    legend(axis)


def _simulated(axis: "Axes", picture: Picture, own: NDArray[np.bool_], k: int) -> None:
    """Draw what was simulated, with its interval."""
    x, low, high = (
        np.asarray(picture.table[name], float)[own] for name in (picture.further["x"], "conf_low", "conf_high")
    )
    axis.vlines(x, low, high, color=colour(k), linewidth=1.2)
    axis.plot(x, np.asarray(picture.table["simulated"])[own], "_", color=colour(k), markersize=9)


def power_contours(axis: "Axes", picture: Picture) -> None:
    """Draw lines of equal power, each with its number."""
    further = picture.further
    levels = sorted({*_LEVELS, further["target"]})
    widths = [2.4 if level == further["target"] else 0.9 for level in levels]
    lines = axis.contour(
        further["xs"], further["ys"], further["surface"], levels, colors=[ink(axis)], linewidths=widths
    )
    axis.clabel(lines, fontsize=8)
    describe(axis, picture)
