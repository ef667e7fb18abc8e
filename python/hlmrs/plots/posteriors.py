"""Draws of a posterior."""

from typing import TYPE_CHECKING

import numpy as np

from ..display import Picture
from .canvas import density, describe, evenly, folded, guide, ink, legend, thinned
from .palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def intervals(axis: "Axes", picture: Picture) -> None:
    """Draw the first parameter at the top."""
    table = picture.table
    names = list(table["parameter"])
    place = np.arange(len(names))[::-1]
    axis.axvline(0, **guide(axis, strong=True))
    axis.hlines(place, table["conf_low"], table["conf_high"], color=colour(0), linewidth=1.4)
    axis.hlines(place, table["q25"], table["q75"], color=colour(0), linewidth=4, alpha=0.6)
    axis.plot(table["median"], place, "o", color=ink(axis), markersize=5, zorder=3)
    axis.set_yticks(place, [folded(name) for name in names], fontsize=8)
    axis.set_ylim(-0.6, len(names) - 0.4)
    describe(axis, picture)


def posterior_density(axis: "Axes", picture: Picture) -> None:
    """Draw a density, its middle filled, over that of the prior."""
    value, own, prior = (np.asarray(picture.table[name]) for name in ("value", "density", "prior"))
    low, high = picture.further["interval"]
    inside = (value >= low) & (value <= high)
    axis.fill_between(
        value, own, where=inside, color=colour(0), alpha=density(axis, 0.3), linewidth=0, label=picture.further["level"]
    )
    axis.plot(value, own, color=colour(0), linewidth=1.8, label="posterior")
    if np.isfinite(prior).any():
        axis.plot(value, prior, color=colour(1), linewidth=1.4, linestyle="--", label="prior")
    axis.set_ylim(0, 1.08 * float(own.max()))
    axis.set_yticks([])
    describe(axis, picture)
    legend(axis)


def pair(axis: "Axes", picture: Picture) -> None:
    """Draw one parameter over another, a point each draw."""
    x, y = (np.asarray(picture.table[name]) for name in ("x_value", "y_value"))
    places, note = thinned(len(x), "draws")
    axis.plot(x[places], y[places], ".", color=colour(0), markersize=3, alpha=density(axis, 0.35))
    describe(axis, picture, note)


def trace(axis: "Axes", picture: Picture) -> None:
    """Draw the values in their order, a line for each chain; of very many draws some."""
    chain, place, value = (np.asarray(picture.table[name]) for name in ("chain", "draw", "value"))
    for k in range(1, picture.further["chains"] + 1):
        own = np.flatnonzero(chain == k)[evenly(int((chain == k).sum()))]
        axis.plot(place[own], value[own], color=colour(k - 1), linewidth=0.5, alpha=density(axis, 0.7))
    axis.margins(x=0.01)
    describe(axis, picture)
