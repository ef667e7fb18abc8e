"""The observed distribution over simulated ones."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, ink, legend
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 50


def predictive(axis: "Axes", picture: Picture) -> None:
    """Draw lines of densities, or shares of single values with the range of the simulated ones."""
    n = picture.further["n"]
    values = np.asarray(picture.table["value"]).reshape(n + 1, -1)[0]
    density = np.asarray(picture.table["density"]).reshape(n + 1, -1)
    words = f"{n} simulated"
    if picture.further["discrete"]:
        low, middle, high = np.quantile(density[1:], [0.025, 0.5, 0.975], axis=0)
        axis.vlines(values, low, high, color=colour(0), linewidth=4, alpha=0.5, label=f"95 % of {words}")
        axis.plot(values, middle, "_", color=colour(0), markersize=9)
        axis.plot(values, density[0], "o", color=ink(axis), markersize=4, label="observed", zorder=3)
        if len(values) <= 12:
            axis.set_xticks(values, [f"{value:g}" for value in values])
            gap = np.diff(values).min(initial=1.0)
            axis.set_xlim(values[0] - gap, values[-1] + gap)
        axis.set_ylim(bottom=0)
    else:
        for k in range(1, min(n, _LINES) + 1):
            label = words if k == 1 else None
            axis.plot(values, density[k], color=colour(0), linewidth=0.8, alpha=0.5, label=label)
        axis.plot(values, density[0], color=ink(axis), linewidth=2.2, label="observed")
        axis.set_ylim(bottom=0)
    describe(axis, picture)
    legend(axis)
