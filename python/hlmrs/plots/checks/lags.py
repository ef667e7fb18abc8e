"""Correlations by lag and standard deviations of residuals, with intervals, beside those of the model."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import density, describe, folded, guide, ink, legend
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UPRIGHT = 60
"""Letters of all labels of an axis, beyond which they are turned."""


def lags(axis: "Axes", picture: Picture) -> None:
    """Draw correlations, or semivariances, over the lag."""
    x, y, *_ = (np.asarray(picture.table[name]) for name in _names(picture))
    axis.axhline(picture.further["reference"], **guide(axis))
    _values(axis, picture, x, y)
    axis.plot(x, picture.table["fitted"], color=colour(1), linewidth=1.8, marker="s", markersize=4, label="model")
    if len(x) <= 12 and picture.further["reference"] == 0:
        axis.set_xticks(x, [f"{value:g}" for value in x])
    axis.set_xlim(left=0, right=float(x.max()) * 1.06)
    axis.margins(y=0.08)
    describe(axis, picture)
    legend(axis)


def _names(picture: Picture) -> list[str]:
    first, _, second, *_ = picture.table
    return [first, second]


def _values(axis: "Axes", picture: Picture, x: "np.ndarray", y: "np.ndarray") -> None:
    """Draw what the residuals have, with intervals."""
    words = f"residuals, with {picture.further['interval']} intervals"
    axis.vlines(
        x, picture.table["conf_low"], picture.table["conf_high"], color=colour(0), linewidth=2, alpha=density(axis, 0.7)
    )
    axis.plot(x, y, "o", color=ink(axis), markersize=5, zorder=3, label=words)


def spread(axis: "Axes", picture: Picture) -> None:
    """Draw standard deviations by level."""
    labels = [folded(label, 16) for label in picture.table["level"]]
    x = np.arange(len(labels), dtype=float)
    _values(axis, picture, x, np.asarray(picture.table["residual_sd"]))
    axis.plot(x, picture.table["fitted"], "_", color=colour(1), markersize=16, markeredgewidth=2.4, label="model")
    turned = sum(max(map(len, label.split("\n"))) for label in labels) > _UPRIGHT
    axis.set_xticks(x, labels, rotation=40 if turned else 0, ha="right" if turned else "center", fontsize=8)
    axis.set_xlim(-0.6, len(labels) - 0.4)
    axis.set_ylim(bottom=0)
    describe(axis, picture)
    legend(axis)
