"""Arrows from least squares to empirical Bayes in the plane of two effects, or the one over the other."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ..canvas import describe, guide, ink, legend, thinned
from ..palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Vector = NDArray[np.float64]
_ARROWS = 300
_CHI_SQUARE = 5.991464547107979
"""95 % quantile of chi-square with two degrees of freedom."""


def shrinkage(axis: "Axes", picture: Picture) -> None:
    """Draw groups that have both estimates, with points as large as they have rows."""
    start, end, n = picture.further["from"], picture.further["to"], picture.further["n"]
    known = np.flatnonzero(np.isfinite(start).all(axis=1))
    shown, thin = thinned(len(known), "groups", _ARROWS)
    own = known[shown]
    size = 6 + 40 * n[own] / max(n.max(), 1) if len(own) <= 60 else 4 + 8 * n[own] / max(n.max(), 1)
    if start.shape[1] == 2:
        _plane(axis, picture, start[own], end[own], size)
        _frame(axis, np.concatenate([start[own], end[own]]))
    else:
        _line(axis, start[own, 0], end[own, 0], size)
    describe(axis, picture, thin)
    legend(axis)


def _plane(axis: "Axes", picture: Picture, start: Vector, end: Vector, size: Vector) -> None:
    faint = 0.7 if len(start) <= 60 else 0.3
    axis.axhline(0, **guide(axis))
    axis.axvline(0, **guide(axis))
    step = end - start
    axis.quiver(
        *start.T, *step.T, angles="xy", scale_units="xy", scale=1, width=0.0025, color=ink(axis), alpha=0.6 * faint
    )
    axis.scatter(
        start[:, 0], start[:, 1], s=size, facecolors="none", edgecolors=colour(1), alpha=faint, label="least squares"
    )
    axis.scatter(end[:, 0], end[:, 1], s=size, color=colour(0), linewidths=0, zorder=3, label="empirical Bayes")
    axis.plot(*_ellipse(picture.further["ellipse"]), color=colour(2), linewidth=1.6, label="95 % of groups by τ")


def _ellipse(covariance: Vector) -> Vector:
    """Return the edge of the region that holds 95 % of normal effects, shape (2, points)."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = np.array([np.cos(angle), np.sin(angle)])
    return np.asarray(vectors @ (np.sqrt(np.maximum(values, 0) * _CHI_SQUARE)[:, None] * circle))


def _frame(axis: "Axes", points: Vector) -> None:
    """Leave out of the frame what few far least squares would make of it."""
    if len(points) < 200:
        return
    for limits, own in ((axis.set_xlim, points[:, 0]), (axis.set_ylim, points[:, 1])):
        low, high = np.quantile(own, [0.01, 0.99])
        margin = 0.25 * (high - low)
        limits(max(own.min(), low - margin), min(own.max(), high + margin))


def _line(axis: "Axes", start: Vector, end: Vector, size: Vector) -> None:
    edges = np.array([start.min(), start.max()])
    axis.plot(edges, edges, **guide(axis, strong=True), label="no shrinkage")
    axis.axhline(0, **guide(axis))
    axis.vlines(start, end, start, color=ink(axis), linewidth=0.6, alpha=0.4)
    axis.scatter(start, end, s=size, color=colour(0), linewidths=0, zorder=3, label="groups")
