"""Panels that only diagnostics have: effects over normal quantiles, uniform quantiles, counts, calibration."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import MOST_MARKS, describe, guide, ink, thinned
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FAR = 2.0
_LINES = 200


def effects(axis: "Axes", picture: Picture) -> None:
    """Draw modes in order with their intervals, and the line of normal ones of the same spread."""
    table = picture.table
    names = ("normal_quantile", "estimate", "conf_low", "conf_high")
    normal, modes, low, high = (np.asarray(table[name]) for name in names)
    if len(modes) <= _LINES:
        axis.vlines(normal, low, high, color=colour(0), linewidth=0.9, alpha=0.7)
    else:
        axis.fill_between(normal, low, high, color=colour(0), alpha=0.35, linewidth=0)
    shown, thin = thinned(len(modes), "groups", MOST_MARKS // 2)
    axis.plot(normal[shown], modes[shown], "o", color=ink(axis), markersize=4 if len(modes) <= 60 else 2)
    axis.plot(normal[[0, -1]], np.nanstd(modes) * normal[[0, -1]], **guide(axis, strong=True))
    axis.axhline(0, **guide(axis))
    axis.margins(x=0.1)
    for k, offset, side in ((0, (6, -2), "left"), (-1, (-6, -2), "right")):
        if abs(np.nan_to_num(table["standardized"][k])) > _FAR:
            words = {"textcoords": "offset points", "fontsize": 8, "color": ink(axis), "ha": side}
            axis.annotate(str(table["level"][k]), (normal[k], modes[k]), offset, **words)
    describe(axis, picture, thin)


def uniform(axis: "Axes", picture: Picture) -> None:
    """Draw residuals in order along the diagonal."""
    quantile, resid = np.asarray(picture.table["uniform_quantile"]), np.asarray(picture.table["residual"])
    shown, thin = thinned(len(resid), "rows")
    axis.plot([0, 1], [0, 1], **guide(axis, strong=True))
    axis.plot(quantile[shown], resid[shown], "o", color=colour(0), markersize=3)
    describe(axis, picture, thin)


def rootogram(axis: "Axes", picture: Picture) -> None:
    """Hang the bars of what was observed from the curve of what is expected."""
    counts, observed, expected = (np.asarray(picture.table[name]) for name in ("count", "observed", "expected"))
    bottom = np.sqrt(expected) - np.sqrt(observed)
    axis.bar(counts, np.sqrt(observed), bottom=bottom, width=0.9, color=colour(0), alpha=0.75)
    axis.plot(counts, np.sqrt(expected), color=colour(1), linewidth=1.8)
    axis.axhline(0, **guide(axis, strong=True))
    describe(axis, picture)


def calibration(axis: "Axes", picture: Picture) -> None:
    """Draw observed shares over expected ones, with the range of simulated shares."""
    names = ("predicted", "observed", "conf_low", "conf_high")
    predicted, observed, low, high = (np.asarray(picture.table[name]) for name in names)
    axis.plot([0, 1], [0, 1], **guide(axis, strong=True))
    axis.vlines(predicted, low, high, color=colour(0), linewidth=3, alpha=0.5)
    axis.plot(predicted, observed, "o", color=ink(axis), markersize=4, zorder=3)
    describe(axis, picture)
