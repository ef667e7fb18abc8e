"""Deviations of quantiles from normal ones, in their bands."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import MOST_MARKS, describe, guide, ink, legend
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def quantiles(axis: "Axes", picture: Picture) -> None:
    """Draw points along the line that a normal sample would follow; of very many as many along the quantile."""
    table, level = picture.table, picture.further["level"]
    normal, deviation = np.asarray(table["normal_quantile"]), np.asarray(table["deviation"])
    for kind, alpha in (("simultaneous", 0.25), ("pointwise", 0.4)):
        low, high = np.asarray(table[f"{kind}_low"]), np.asarray(table[f"{kind}_high"])
        words = f"{level}, {'all at once' if kind == 'simultaneous' else 'each'}"
        axis.fill_between(normal, low, high, color=colour(0), alpha=alpha, linewidth=0, label=words)
    axis.axhline(0, **guide(axis, strong=True))
    shown, thin = _along(normal, picture.further["what"])
    low, high = np.asarray(table["simultaneous_low"]), np.asarray(table["simultaneous_high"])
    outside = ((deviation < low) | (deviation > high))[shown]
    size = 4 if len(shown) <= 200 else 2
    axis.plot(normal[shown][~outside], deviation[shown][~outside], "o", color=ink(axis), markersize=size)
    axis.plot(normal[shown][outside], deviation[shown][outside], "D", color=colour(1), markersize=size)
    describe(axis, picture, thin)
    legend(axis)


def _along(normal: np.ndarray, what: str) -> tuple[np.ndarray, str]:
    """Return places that are even along the normal quantile, and what is said of the others."""
    n = len(normal)
    if n <= MOST_MARKS:
        return np.arange(n), ""
    at = np.linspace(normal[0], normal[-1], MOST_MARKS)
    places = np.unique(np.searchsorted(normal, at).clip(0, n - 1))
    return places, f"{len(places):,} of {n:,} {what} are drawn, evenly along the normal quantile."
