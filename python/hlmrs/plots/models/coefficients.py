"""Estimates with bars, a row for each coefficient and a marker for each model."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, folded, guide, legend
from ..palette import colour, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def coefficients(axis: "Axes", picture: Picture) -> None:
    """Draw the first coefficient at the top."""
    table, models, terms = picture.table, picture.further["models"], picture.further["terms"]
    columns = [np.asarray(table[name]) for name in ("estimate", "conf_low", "conf_high")]
    axis.axvline(0, **guide(axis, strong=True))
    for k, model in enumerate(models):
        own = np.array([j for j, name in enumerate(table["model"]) if name == model], dtype=np.intp)
        place = np.array([len(terms) - 1 - terms.index(table["term"][j]) for j in own], dtype=float)
        place += 0.6 * ((len(models) - 1) / 2 - k) / max(len(models), 2)
        value, low, high = (column[own] for column in columns)
        axis.hlines(place, low, high, color=colour(k), linewidth=1.6)
        label = model if len(models) > 1 else None
        axis.plot(value, place, marker(k), color=colour(k), markersize=6, label=label)
    axis.set_yticks(np.arange(len(terms))[::-1], [folded(term) for term in terms], fontsize=8)
    axis.set_ylim(-0.6, len(terms) - 0.4)
    describe(axis, picture)
    legend(axis)
