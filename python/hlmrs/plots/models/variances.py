"""Stacked bars of variances, a bar for each model."""

from typing import TYPE_CHECKING

import numpy as np

from ...display import Picture
from ..canvas import describe, ink, legend
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCHES = {"residual": "", "random": "", "random mean": "", "fixed": "...", "random slopes": "///"}
_WRITTEN = 0.06


def variances(axis: "Axes", picture: Picture) -> None:
    """Draw a colour for each level and a hatch for each source; parts that are wide enough have their share written."""
    table, further = picture.table, picture.further
    keys = list(zip(table["level"], table["source"], strict=True))
    levels = list(dict.fromkeys(table["level"]))
    size = np.asarray(table["variance" if further["absolute"] else "share"])
    share, ends = np.asarray(table["share"]), dict.fromkeys(further["models"], 0.0)
    widest = max(sum(size[k] for k, own in enumerate(table["model"]) if own == label) for label in further["models"])
    named: set[tuple[str, str]] = set()
    for k, (model, (level, source)) in enumerate(zip(table["model"], keys, strict=True)):
        place = len(further["models"]) - 1 - further["models"].index(model)
        label = None if (level, source) in named else f"{level}: {source}"
        named.add((level, source))
        look = {"color": colour(levels.index(level)), "hatch": _HATCHES.get(source, "xxx")}
        edge = axis.get_facecolor()
        axis.barh(
            place,
            size[k],
            left=ends[model],
            height=0.7,
            label=label,
            edgecolor=edge,
            facecolor=look["color"],
            hatch=look["hatch"],
        )
        if size[k] > _WRITTEN * widest:
            box = {"boxstyle": "round,pad=0.15", "facecolor": axis.get_facecolor(), "edgecolor": "none"}
            middle = ends[model] + size[k] / 2
            axis.text(
                middle,
                place,
                f"{100 * share[k]:.0f} %",
                ha="center",
                va="center",
                fontsize=8,
                color=ink(axis),
                bbox=box,
            )
        ends[model] += size[k]
    names = [name if len(name) <= 28 else name[:27] + "…" for name in further["models"]]
    axis.set_yticks(np.arange(len(names))[::-1], names if len(names) > 1 else [""], fontsize=8)
    axis.set_ylim(-0.6, len(names) - 0.4)
    describe(axis, picture)
    legend(axis)
