"""The slope of one variable along another, with the regions in which it differs from zero."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import density, describe, guide, ink, legend, listed
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHARE = 0.14
"""Height of the density of the moderator, as a share of the axes."""


def slopes(axis: "Axes", picture: Picture) -> None:
    """Draw a line with its band, or points for the levels of a factor."""
    further = picture.further
    axis.axhline(0, **guide(axis, strong=True))
    if further["places"] is None:
        _along(axis, picture)
        _density(axis, picture)
    else:
        _levels(axis, picture)
    describe(axis, picture)
    legend(axis)


def _along(axis: "Axes", picture: Picture) -> None:
    table, further = picture.table, picture.further
    x, value, low, high = (np.asarray(table[k]) for k in (further["x"], "estimate", "conf_low", "conf_high"))
    regions = further["regions"]
    label = f"differs from zero (p < {further['p']})"
    for start, end, found in zip(regions["low"], regions["high"], regions["significant"], strict=True):
        if found:
            axis.axvspan(start, end, color=colour(4), alpha=0.35, linewidth=0, label=label)
            label = ""
    for edge in np.asarray(regions["low"])[1:]:
        axis.axvline(edge, **guide(axis))
    words = f"{further['level']} band"
    axis.fill_between(x, low, high, color=colour(0), alpha=density(axis, 0.3), linewidth=0, label=words)
    axis.plot(x, value, color=colour(0), linewidth=2)
    axis.set_xlim(x[0], x[-1])


def _density(axis: "Axes", picture: Picture) -> None:
    """Show along the lower edge how many rows have each value of the moderator, below all lines."""
    if picture.further["density"] is None:
        return
    edges, counts = picture.further["density"]
    low, high = axis.get_ylim()
    axis.set_ylim(low - (high - low) * _SHARE, high)
    axis.stairs(
        _SHARE * counts / max(counts.max(), 1),
        edges,
        fill=True,
        color=ink(axis),
        alpha=0.35,
        transform=axis.get_xaxis_transform(),
        label="rows",
    )


def _levels(axis: "Axes", picture: Picture) -> None:
    table, places = picture.table, picture.further["places"]
    at = np.arange(len(places))
    axis.vlines(at, np.asarray(table["conf_low"]), np.asarray(table["conf_high"]), color=colour(0), linewidth=1.6)
    axis.plot(at, np.asarray(table["estimate"]), "o", color=colour(0), markersize=6)
    axis.set_xticks(at, [listed([place]) for place in places])
    axis.set_xlim(-0.6, len(places) - 0.4)
