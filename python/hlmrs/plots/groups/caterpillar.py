"""Intervals of sorted effects: named one by one, as lines, or as a ribbon where there are very many."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, guide, ink, legend, listed
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED, LINES = 40, 200
"""As many groups have their names at the axis, and as many have a line each."""


def caterpillar(axis: "Axes", picture: Picture) -> None:
    """Draw the lowest at the bottom."""
    table, names = picture.table, picture.further["labels"]
    n = len(names)
    place, value = np.arange(1, n + 1), np.asarray(table["estimate"])
    outer = np.asarray(table["conf_low"]), np.asarray(table["conf_high"])
    inner = np.asarray(table["comparison_low"]), np.asarray(table["comparison_high"])
    words = (f"{picture.further['level']} interval", "comparison interval")
    axis.axvline(0, **guide(axis, strong=True))
    if n <= LINES:
        axis.hlines(place, *outer, color=colour(0), linewidth=0.9, label=words[0])
        axis.hlines(place, *inner, color=colour(0), linewidth=3.5 if n <= NAMED else 2, alpha=0.55, label=words[1])
        axis.plot(value, place, "o", color=ink(axis), markersize=4 if n <= NAMED else 2, zorder=3)
    else:
        axis.fill_betweenx(place, *outer, color=colour(0), alpha=0.3, linewidth=0, label=words[0])
        axis.fill_betweenx(place, *inner, color=colour(0), alpha=0.45, linewidth=0, label=words[1])
        axis.plot(value, place, color=ink(axis), linewidth=1.3, zorder=3)
    name_groups(axis, names)
    axis.set_ylim(0.5 - 0.02 * n, n + 0.5 + 0.02 * n)
    describe(axis, picture)
    legend(axis)


def name_groups(axis: "Axes", names: list[str]) -> None:
    """Name all groups at the axis, or the extremes in the corners that the curve leaves free."""
    n = len(names)
    if n <= NAMED:
        axis.set_yticks(np.arange(1, n + 1), [listed([name]) for name in names], fontsize=8)
        return
    words = {"fontsize": 8, "color": ink(axis), "transform": axis.transAxes}
    axis.text(0.02, 0.98, "Highest:\n" + "\n".join(_few(names[::-1])), va="top", ha="left", **words)
    axis.text(0.98, 0.02, "Lowest:\n" + "\n".join(_few(names)[::-1]), va="bottom", ha="right", **words)


def _few(names: list[str]) -> list[str]:
    return [listed([name]) for name in names[:5]]
