"""Points with a smooth mean; of very many rows all are counted, in hexagons."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import MOST_MARKS, describe, guide, ink
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEXAGONS = 40


def cloud(axis: "Axes", picture: Picture) -> None:
    """Draw every row, or how many there are at every place."""
    further, x, y = picture.further, np.asarray(picture.table["x"]), np.asarray(picture.table["y"])
    many = len(x) > MOST_MARKS
    if many:
        hexagons(axis, x, y)
    else:
        size, alpha = (14, 0.65) if len(x) <= 300 else (9, 0.4)
        axis.scatter(x, y, s=size, color=colour(0), alpha=alpha, linewidths=0)
    axis.axhline(further["reference"], **guide(axis, strong=True))
    if further["smooth"] is not None:
        places, mean, error = further["smooth"]
        axis.fill_between(places, mean - 1.96 * error, mean + 1.96 * error, color=colour(1), alpha=0.3, linewidth=0)
        axis.plot(places, mean, color=colour(1), linewidth=1.8)
    for k, label in further["labels"].items():
        side = -4 if x[k] > np.median(x) else 4
        words = {"textcoords": "offset points", "fontsize": 8, "color": ink(axis)}
        axis.annotate(label, (x[k], y[k]), (side, 2), ha="right" if side < 0 else "left", **words)
    describe(axis, picture, f"All {len(x):,} are counted: the stronger the colour, the more." if many else "")


def hexagons(axis: "Axes", x: np.ndarray, y: np.ndarray) -> None:
    """Shade by the logarithm of the number of rows: from the background to the first colour."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    face = np.array(to_rgb(axis.get_facecolor()))
    full = np.array(to_rgb(colour(0)))
    shades = LinearSegmentedColormap.from_list(
        "count", [0.75 * face + 0.25 * full, full, 0.6 * full + 0.4 * (1 - face)]
    )
    axis.hexbin(x, y, gridsize=_HEXAGONS, bins="log", mincnt=1, cmap=shades, linewidths=0)
