"""Draws pictures, each by the function of its kind."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..display import Picture
from . import checks, effects, groups, models, posteriors, rows
from .canvas import axes_for, write_once
from .levels import levels
from .power import power, power_contours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WAYS: "dict[str, Callable[[Axes, Picture], None]]" = {
    "caterpillar": groups.caterpillar,
    "effect": effects.effect,
    "levels": levels,
    "slopes": effects.slopes,
    "trajectories": effects.trajectories,
    "coefficients": models.coefficients,
    "power": power,
    "power_contours": power_contours,
    "profile": models.profile,
    "intervals": posteriors.intervals,
    "pair": posteriors.pair,
    "posterior_density": posteriors.posterior_density,
    "trace": posteriors.trace,
    "structure": models.structure,
    "variances": models.variances,
    "ranks": groups.ranks,
    "boxes": checks.boxes,
    "calibration": checks.calibration,
    "effects": checks.effects,
    "rootogram": checks.rootogram,
    "uniform": checks.uniform,
    "cloud": checks.cloud,
    "distances": checks.distances,
    "lags": checks.lags,
    "moves": checks.moves,
    "predictive": checks.predictive,
    "quantiles": checks.quantiles,
    "shrinkage": groups.shrinkage,
    "spread": checks.spread,
    "by_group": rows.by_group,
    "spaghetti": rows.spaghetti,
    "within_between": rows.within_between,
}


def draw(picture: Picture, ax: Any = None) -> "Axes":
    """Draw one picture in the axes given, or in those of a new figure."""
    return draw_panels([picture], ax)[0]


def draw_panels(pictures: Sequence[Picture], ax: Any = None, columns: int = 3) -> "list[Axes]":
    """Draw pictures, each in axes of its own."""
    size = pictures[0].further.get("size", (6.4, 4.4) if len(pictures) == 1 else (4.6, 3.8))
    axes = axes_for(ax, len(pictures), size, columns)
    for axis, picture in zip(axes, pictures, strict=True):
        _WAYS[picture.drawing](axis, picture)
    return axes


def draw_multiples(pictures: Sequence[Picture], ax: Any = None) -> "list[Axes]":
    """Draw many small panels with the same scales, and what they have in common once."""
    columns = min(6, max(3, -(-len(pictures) // 4)))
    if ax is not None:
        return draw_panels(pictures, ax)
    size = pictures[0].further.get("size", (2.0, 1.8) if len(pictures) > 6 else (3.0, 2.5))
    axes = axes_for(None, len(pictures), size, columns, shared=True)
    for axis, picture in zip(axes, pictures, strict=True):
        _WAYS[picture.drawing](axis, picture)
        axis.set(xlabel="", ylabel="")
    write_once(axes, pictures[0])
    return axes
