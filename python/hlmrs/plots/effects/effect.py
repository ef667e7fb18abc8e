"""Predicted lines with bands over a covariate, or points with bars over the levels of a factor."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ..canvas import density, describe, evenly, ink, legend, listed
from ..palette import colour, line_style, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RUG = 300


def effect(axis: "Axes", picture: Picture) -> None:
    """Draw one line, or row of points, for each label."""
    labels = picture.further["lines"] or [""] * len(np.asarray(picture.table["estimate"]))
    kinds = list(dict.fromkeys(labels))
    draw = _line if picture.further["places"] is None else _points
    for k, label in enumerate(kinds):
        own = np.array([j for j, other in enumerate(labels) if other == label])
        draw(axis, picture, own, k, (k - (len(kinds) - 1) / 2) / max(len(kinds), 3), label)
    if picture.further["rug"] is not None:
        rug(axis, picture.further["rug"])
    describe(axis, picture)
    if "note" not in picture.further:  # small panels have one legend together
        legend(axis, picture.further["by"])


def _line(axis: "Axes", picture: Picture, own: NDArray[np.intp], k: int, _: float, label: str) -> None:
    x = np.asarray(picture.table[picture.further["x"]])[own]
    low, high = (np.asarray(picture.table[name])[own] for name in ("conf_low", "conf_high"))
    axis.fill_between(x, low, high, color=colour(k), alpha=density(axis, 0.2), linewidth=0)
    axis.plot(x, np.asarray(picture.table["estimate"])[own], linewidth=2, label=label or None, **line_style(k))


def _points(axis: "Axes", picture: Picture, own: NDArray[np.intp], k: int, shift: float, label: str) -> None:
    places = list(dict.fromkeys(picture.further["places"]))
    x = np.array([places.index(picture.further["places"][j]) for j in own]) + 0.6 * shift
    value, low, high = (np.asarray(picture.table[name])[own] for name in ("estimate", "conf_low", "conf_high"))
    axis.vlines(x, low, high, color=colour(k), linewidth=1.6)
    axis.plot(x, value, marker(k), color=colour(k), markersize=6, label=label or None)
    if len(places) <= 30:
        long = sum(map(len, places)) > 60
        turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
        axis.set_xticks(np.arange(len(places)), [listed([place]) for place in places], **turned)
    axis.set_xlim(-0.6, len(places) - 0.4)


def rug(axis: "Axes", values: NDArray[np.float64]) -> None:
    """Mark where the rows are along the lower edge: quantiles of them, where there are many."""
    shown = values[evenly(len(values), _RUG)]
    axis.plot(
        shown,
        np.full(len(shown), 0.012),
        "|",
        color=ink(axis),
        alpha=0.35,
        markersize=6,
        transform=axis.get_xaxis_transform(),
        zorder=0,
    )
