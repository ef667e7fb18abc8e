"""Pictures of residuals, random effects and influence, by matplotlib."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation import Estimate
from ..prediction import residuals
from .deletion_sets import group_index
from .groups import group_residuals
from .influence import influence

Vector = NDArray[np.float64]

PANELS = ("fitted", "qq", "scale", "random", "influence")
_MANY = 5000
_LABELLED = 5
_FAR = 2.0
_POINT = {"s": 12, "alpha": 0.5, "linewidths": 0, "color": "#2a5d8f"}
_LINE = {"color": "#c0392b", "linewidth": 1.5}
_GUIDE = {"color": "#888888", "linewidth": 0.8, "linestyle": "--"}


def plot_diagnostics(estimate: Estimate, panels: Any, group: str | None, method: str) -> Any:
    """Draw the panels asked for; return the figure."""
    panels = PANELS if panels is None else panels
    chosen = list(panels) if isinstance(panels, list | tuple) else [panels]
    unknown = [name for name in chosen if name not in PANELS]
    if unknown or not chosen:
        raise OptionError(f"panels={panels!r}: choose from {', '.join(map(repr, PANELS))}")
    plt = _pyplot()
    g = group_index(estimate, group) if group is not None else _fewest(estimate)
    effects = [(k, j) for k in range(len(estimate.layout.groups)) for j in range(_n_effects(estimate, k))]
    total = sum(len(effects) if name == "random" else 1 for name in chosen)
    columns = min(3 if total > 4 else 2, total)
    rows = -(-total // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 3.8 * rows), squeeze=False, layout="constrained")
    places = iter(axes.ravel())
    draw = {"fitted": _fitted, "qq": _quantiles, "scale": _scale}
    for name in chosen:
        if name == "random":
            for k, j in effects:
                _random(next(places), estimate, k, j)
        elif name == "influence":
            _influence(next(places), estimate, g, method)
        else:
            draw[name](next(places), estimate)
    for axis in places:
        axis.set_axis_off()
    for axis in axes.ravel()[:total]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'hlmrs[plot]'") from error
    return plt


def _fewest(estimate: Estimate) -> int:
    groups = estimate.layout.groups
    return min(range(len(groups)), key=lambda k: len(groups[k].levels))


def _n_effects(estimate: Estimate, g: int) -> int:
    return sum(len(term.columns) for term in estimate.layout.random if term.group == g)


def _fitted(axis: Any, estimate: Estimate) -> None:
    fitted, resid = _known(estimate)
    axis.scatter(*_thinned(fitted, resid), **_POINT)
    axis.axhline(0, **_GUIDE)
    axis.plot(*_running_mean(fitted, resid), **_LINE)
    kept, places = estimate.rows.kept, np.flatnonzero(np.isfinite(residuals(estimate, "studentized")))
    numbers = places if kept is None else np.flatnonzero(kept)[places]
    largest_expected = NormalDist().inv_cdf(1 - 0.25 / len(resid))
    for k in np.argsort(-np.abs(resid))[:_LABELLED]:
        if abs(resid[k]) > largest_expected:
            axis.annotate(str(numbers[k]), (fitted[k], resid[k]), (4, 2), textcoords="offset points", fontsize=8)
    axis.set(title="Residuals and fitted values", xlabel="Fitted value", ylabel="Studentized residual")


def _scale(axis: Any, estimate: Estimate) -> None:
    fitted, resid = _known(estimate)
    root = np.sqrt(np.abs(resid))
    axis.scatter(*_thinned(fitted, root), **_POINT)
    axis.plot(*_running_mean(fitted, root), **_LINE)
    axis.axhline(0.822, **_GUIDE)  # E|Z|^½ of a standard normal Z
    axis.set(title="Spread and fitted values", xlabel="Fitted value", ylabel="√|studentized residual|")


def _quantiles(axis: Any, estimate: Estimate) -> None:
    _, resid = _known(estimate)
    normal = _normal_scores(len(resid))
    axis.plot(normal[[0, -1]], normal[[0, -1]], **_GUIDE)
    axis.scatter(*_thinned(normal, np.sort(resid), ends=True), **_POINT)
    axis.set(title="Quantiles of residuals", xlabel="Normal quantile", ylabel="Studentized residual")


def _random(axis: Any, estimate: Estimate, g: int, j: int) -> None:
    """Draw a caterpillar over normal quantiles: modes in order, with intervals of their conditional deviations."""
    found = group_residuals(estimate, g)
    own = [k for k, term in enumerate(estimate.layout.random) if term.group == g]
    blocks = [np.diagonal(v, axis1=1, axis2=2) for v in (estimate.core.mode_covariances()[k] for k in own)]
    error = 1.96 * np.sqrt(np.concatenate(blocks, axis=1)[:, j])
    modes = found.modes[:, j]
    order, normal = np.argsort(modes, kind="stable"), _normal_scores(len(modes))
    many = len(modes) > 200
    axis.errorbar(
        normal,
        modes[order],
        yerr=error[order],
        fmt="o",
        markersize=2 if many else 4,
        elinewidth=0.3 if many else 0.8,
        color="#2a5d8f",
        ecolor="#9bb7d4",
    )
    spread = np.nanstd(modes)
    axis.plot(normal[[0, -1]], spread * normal[[0, -1]], **_GUIDE)
    axis.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    for place, offset, side in ((0, (5, -9), "left"), (-1, (-5, 5), "right")):
        k = order[place]
        if abs(np.nan_to_num(found.standardized[k, j])) > _FAR:
            axis.annotate(
                found.levels[k], (normal[place], modes[k]), offset, textcoords="offset points", fontsize=8, ha=side
            )
    axis.set(title=f"{found.terms[j]} | {found.group}", xlabel="Normal quantile", ylabel="Random effect, 95 %")


def _influence(axis: Any, estimate: Estimate, g: int, method: str) -> None:
    found = influence(estimate, estimate.layout.groups[g].name, method)
    with_fixed = bool(len(estimate.core.beta))
    distance = np.nan_to_num(found.cooks_distance if with_fixed else found.displacement)
    axis.vlines(np.arange(len(found)), 0, distance, color="#2a5d8f", linewidth=1.2 if len(found) < 200 else 0.5)
    named: list[int] = []
    for k in map(int, np.argsort(-distance, kind="stable")[:_LABELLED]):
        # names that stand too close to a longer line's would lie over each other
        if all(abs(k - other) > 0.06 * len(found) for other in named):
            named.append(k)
            axis.annotate(
                found.levels[k], (k, distance[k]), (0, 2), textcoords="offset points", fontsize=8, ha="center"
            )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_ylim(0, 1.12 * max(distance.max(initial=0.0), 1e-12))
    axis.set(
        title=f"Influence of {found.by}",
        xlabel=f"{found.by}, in order",
        ylabel="Cook's distance" if with_fixed else "Displacement",
    )


def _known(estimate: Estimate) -> tuple[Vector, Vector]:
    resid = residuals(estimate, "studentized")
    known = np.isfinite(resid)
    return estimate.values.fitted[known], resid[known]


def _thinned(x: Vector, y: Vector, *, ends: bool = False) -> tuple[Vector, Vector]:
    """Leave some of very many points out, but not those far off, nor the ends of what is sorted."""
    n = len(x)
    if n <= _MANY:
        return x, y
    keep = np.zeros(n, dtype=bool)
    keep[:: -(-n // _MANY)] = True
    if ends:
        keep[:200] = keep[-200:] = True
    keep |= np.abs(y) > np.quantile(np.abs(y), 0.998)
    return x[keep], y[keep]


def _running_mean(x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """Return means of y over bins of equally many x, at most 20 of at least 20."""
    order = np.argsort(x, kind="stable")
    bins = [part for part in np.array_split(order, max(1, min(20, len(x) // 20))) if len(part)]
    return np.array([x[part].mean() for part in bins]), np.array([y[part].mean() for part in bins])


def _normal_scores(n: int) -> Vector:
    """Return normal quantiles at (k - 3/8) / (n + 1/4) (Blom 1958)."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((k + 0.625) / (n + 0.25)) for k in range(n)])
