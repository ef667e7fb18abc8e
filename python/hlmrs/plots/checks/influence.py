"""Distances of the most influential groups, and what they move."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, folded, guide, legend, listed
from ..palette import colour, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def distances(axis: "Axes", picture: Picture) -> None:
    """Draw the largest at the top."""
    further = picture.further
    distance, place = further["distance"], np.arange(len(further["distance"]))[::-1]
    beyond = distance > further["cut"]
    for chosen, k in ((~beyond, 0), (beyond, 1)):
        axis.hlines(place[chosen], 0, distance[chosen], color=colour(k), linewidth=1.6)
        axis.plot(distance[chosen], place[chosen], marker(k), color=colour(k), markersize=5)
    axis.axvline(further["cut"], **guide(axis, strong=True))
    axis.set_yticks(place, [listed([label], longest=14) for label in further["labels"]], fontsize=8)
    axis.set_ylim(-0.8, len(distance) - 0.2)
    axis.set_xlim(left=0)
    describe(axis, picture)


def moves(axis: "Axes", picture: Picture) -> None:
    """Draw a row for each coefficient and a marker for each group."""
    further = picture.further
    names, moved = further["names"], further["moves"]
    place = np.arange(len(names))[::-1]
    axis.axvline(0, **guide(axis, strong=True))
    for edge in (-further["cut"], further["cut"]):
        axis.axvline(edge, **guide(axis))
    n = len(further["labels"])
    for k, label in enumerate(further["labels"]):
        shift = 0.5 * ((n - 1) / 2 - k) / max(n, 1)
        axis.plot(moved[:, k], place + shift, marker(k), color=colour(k), markersize=6, label=listed([label]))
    for edge in place[1:] + 0.5:
        axis.axhline(edge, **(guide(axis) | {"linestyle": "-", "alpha": 0.15}))
    axis.set_yticks(place, [folded(name, 24) for name in names], fontsize=8)
    axis.set_ylim(-0.6, len(names) - 0.4)
    describe(axis, picture)
    legend(axis)
