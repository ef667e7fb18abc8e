"""Lines of prototypical persons along time, over observed ones on request."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import density, describe, guide, ink, legend
from ..palette import colour, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def trajectories(axis: "Axes", picture: Picture) -> None:
    """Draw a line with its band for each person, or category of each, and where time is broken."""
    further, table = picture.further, picture.table
    if further["observed"] is not None:
        _observed(axis, further["observed"])
    n = len(further["lines"])
    names = (further["x"], "estimate", "conf_low", "conf_high")
    time, value, low, high = (np.asarray(table[name]).reshape(n, -1) for name in names)
    for k, line in enumerate(further["lines"]):
        axis.fill_between(time[k], low[k], high[k], color=colour(k), alpha=density(axis, 0.2), linewidth=0)
        axis.plot(time[k], value[k], linewidth=2, label=line or None, **line_style(k))
    for knot in further["knots"]:
        axis.axvline(knot, **guide(axis, strong=True))
    describe(axis, picture, "Thin lines: observed." if further["observed"] is not None else "")
    legend(axis)


def _observed(axis: "Axes", picture: Picture) -> None:
    x, y = (np.asarray(picture.table[picture.further[name]]) for name in ("x", "y"))
    starts = np.flatnonzero(np.diff(picture.further["codes"])) + 1
    for own_x, own_y in zip(np.split(x, starts), np.split(y, starts), strict=True):
        axis.plot(own_x, own_y, color=ink(axis), linewidth=0.6, alpha=0.25)
