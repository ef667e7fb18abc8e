"""Cells of a square matrix, with the edges of its blocks."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ..canvas import describe, ink, listed
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Vector = NDArray[np.float64]


_MOST_CELLS = 200
"""As many cells a side as a small picture has pixels for."""


def _seen(cells: Vector) -> Vector:
    """Return fewer cells of a large matrix, each as strong as the strongest in it, so that no thin line is lost."""
    n = -(-len(cells) // _MOST_CELLS)
    starts = np.arange(0, len(cells), n)
    return np.maximum.reduceat(np.maximum.reduceat(cells, starts, axis=0), starts, axis=1)


def structure(axis: "Axes", picture: Picture) -> None:
    """Draw cells as strong as they are full."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    cells, edges = np.asarray(picture.table["cells"], dtype=float), picture.further["edges"]
    full = to_rgba(colour(0))
    shades = LinearSegmentedColormap.from_list("fill", [(*full[:3], 0.0), full])
    seen = np.where(cells > 0, 0.25 + 0.75 * np.sqrt(cells), 0.0)  # what is nearly empty is seen as well
    n = len(cells)
    place = (-0.5, n - 0.5, n - 0.5, -0.5)
    axis.imshow(_seen(seen), cmap=shades, vmin=0, vmax=1, interpolation="nearest", extent=place)
    for edge in edges[1:-1]:
        axis.axhline(edge - 0.5, color=ink(axis), linewidth=0.7)
        axis.axvline(edge - 0.5, color=ink(axis), linewidth=0.7)
    middles = (edges[:-1] + edges[1:] - 1) / 2
    wide = np.diff(edges) > 0.05 * len(cells)
    names = [listed([name], longest=12) for name in picture.further["names"]]
    axis.set_yticks(middles[wide], [name for name, there in zip(names, wide, strict=True) if there], fontsize=8)
    axis.set_xticks([])
    describe(axis, picture)
    axis.spines[["top", "right"]].set_visible(True)
