"""Residuals, random effects and influence, panel by panel."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Vector = NDArray[np.float64]
Data = Mapping[str, Any]

_MANY = 5000
_LABELLED = 5
_FAR = 2.0
_POINT: dict[str, Any] = {"s": 12, "alpha": 0.5, "linewidths": 0, "color": "#2a5d8f"}
_LINE: dict[str, Any] = {"color": "#c0392b", "linewidth": 1.5}
_GUIDE: dict[str, Any] = {"color": "#888888", "linewidth": 0.8, "linestyle": "--"}
_LABEL: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8}


def draw_diagnostics(panels: Sequence[tuple[str, Data]]) -> "Figure":
    """Draw the table of every panel, each with the panel's name; return the figure."""
    parts = [(name, part) for name, data in panels for part in (_effects(data) if name == "random" else [data])]
    columns = min(3 if len(parts) > 4 else 2, len(parts))
    rows = -(-len(parts) // columns)
    size = (4.6 * columns, 3.8 * rows)
    figure: Figure = _pyplot().figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    draw = {
        "fitted": _fitted,
        "qq": _quantiles,
        "scale": _scale,
        "random": _random,
        "influence": _influence,
        "uniform": _uniform,
        "predicted": _predicted,
        "rootogram": _rootogram,
        "calibration": _calibration,
    }
    for axis in axes.ravel()[len(parts) :]:
        axis.set_axis_off()
    for axis, (name, data) in zip(axes.ravel(), parts, strict=False):
        draw[name](axis, data)
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'hlmrs[plot]'") from error
    return plt


def _effects(data: Data) -> list[Data]:
    """Part the table of random effects: one for each effect of each grouping factor."""
    keys = list(zip(data["group"], data["term"], strict=True))
    starts = [k for k, key in enumerate(keys) if k == 0 or key != keys[k - 1]]
    return [
        {name: column[start:end] for name, column in data.items()}
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True)
    ]


def _fitted(axis: "Axes", data: Data) -> None:
    fitted, resid = np.asarray(data["fitted"]), np.asarray(data["residual"])
    axis.scatter(*_thinned(fitted, resid), **_POINT)
    axis.axhline(0, **_GUIDE)
    axis.plot(*_running_mean(fitted, resid), **_LINE)
    largest_expected = NormalDist().inv_cdf(1 - 0.25 / len(resid))
    for k in np.argsort(-np.abs(resid))[:_LABELLED]:
        if abs(resid[k]) > largest_expected:
            axis.annotate(str(data["row"][k]), (fitted[k], resid[k]), (4, 2), **_LABEL)
    axis.set(title="Residuals and fitted values", xlabel="Fitted value", ylabel="Studentized residual")


def _scale(axis: "Axes", data: Data) -> None:
    fitted, root = np.asarray(data["fitted"]), np.asarray(data["root_size"])
    axis.scatter(*_thinned(fitted, root), **_POINT)
    axis.plot(*_running_mean(fitted, root), **_LINE)
    axis.axhline(0.822, **_GUIDE)  # E|Z|^½ of a standard normal Z
    axis.set(title="Spread and fitted values", xlabel="Fitted value", ylabel="√|studentized residual|")


def _quantiles(axis: "Axes", data: Data) -> None:
    normal, resid = np.asarray(data["normal_quantile"]), np.asarray(data["residual"])
    axis.plot(normal[[0, -1]], normal[[0, -1]], **_GUIDE)
    axis.scatter(*_thinned(normal, resid, ends=True), **_POINT)
    axis.set(title="Quantiles of residuals", xlabel="Normal quantile", ylabel="Studentized residual")


def _uniform(axis: "Axes", data: Data) -> None:
    uniform, resid = np.asarray(data["uniform_quantile"]), np.asarray(data["residual"])
    axis.plot([0, 1], [0, 1], **_GUIDE)
    axis.scatter(*_thinned(uniform, resid, ends=True), **_POINT)
    axis.set(title="Quantile residuals", xlabel="Uniform quantile", ylabel="Residual")


def _predicted(axis: "Axes", data: Data) -> None:
    """Draw over ranks, so that residuals spread alike everywhere."""
    predicted, resid = np.asarray(data["predicted"]), np.asarray(data["residual"])
    ranks = (np.argsort(np.argsort(predicted, kind="stable"), kind="stable") + 0.5) / len(predicted)
    axis.scatter(*_thinned(ranks, resid), **_POINT)
    for level in (0.25, 0.5, 0.75):
        axis.axhline(level, **_GUIDE)
    axis.plot(*_running_mean(ranks, resid), **_LINE)
    axis.set(title="Residuals and predictions", xlabel="Rank of the fixed part", ylabel="Quantile residual")


def _rootogram(axis: "Axes", data: Data) -> None:
    """Hang the bars of what was observed from the curve of what is expected."""
    counts, observed, expected = (np.asarray(data[name]) for name in ("count", "observed", "expected"))
    axis.bar(counts, np.sqrt(observed), bottom=np.sqrt(expected) - np.sqrt(observed), width=0.9, color="#9bb7d4")
    axis.plot(counts, np.sqrt(expected), **_LINE)
    axis.axhline(0, **_GUIDE)
    axis.set(title="Rootogram", xlabel="Count", ylabel="√frequency")


def _calibration(axis: "Axes", data: Data) -> None:
    predicted, observed = np.asarray(data["predicted"]), np.asarray(data["observed"])
    axis.plot([0, 1], [0, 1], **_GUIDE)
    axis.vlines(predicted, np.asarray(data["conf_low"]), np.asarray(data["conf_high"]), color="#9bb7d4", linewidth=3)
    axis.scatter(predicted, observed, **(_POINT | {"alpha": 1.0, "zorder": 3}))
    axis.set(title="Calibration", xlabel="Share that the model expects", ylabel="Share of successes, 95 % of simulated")


def _random(axis: "Axes", data: Data) -> None:
    """Draw a caterpillar over normal quantiles: modes in order, with intervals of their conditional deviations."""
    normal, modes = np.asarray(data["normal_quantile"]), np.asarray(data["estimate"])
    many = len(modes) > 200
    axis.errorbar(
        normal,
        modes,
        yerr=np.asarray(data["conf_high"]) - modes,
        fmt="o",
        markersize=2 if many else 4,
        elinewidth=0.3 if many else 0.8,
        color="#2a5d8f",
        ecolor="#9bb7d4",
    )
    axis.plot(normal[[0, -1]], np.nanstd(modes) * normal[[0, -1]], **_GUIDE)
    axis.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    for k, offset, side in ((0, (5, -9), "left"), (-1, (-5, 5), "right")):
        if abs(np.nan_to_num(data["standardized"][k])) > _FAR:
            axis.annotate(data["level"][k], (normal[k], modes[k]), offset, ha=side, **_LABEL)
    title = f"{data['term'][0]} | {data['group'][0]}"
    axis.set(title=title, xlabel="Normal quantile", ylabel="Random effect, 95 %")


def _influence(axis: "Axes", data: Data) -> None:
    measure = "cooks_distance" if "cooks_distance" in data else "displacement"
    by = data["by"][0]
    distance = np.nan_to_num(np.asarray(data[measure]))
    n = len(distance)
    axis.vlines(np.arange(n), 0, distance, color="#2a5d8f", linewidth=1.2 if n < 200 else 0.5)
    named: list[int] = []
    for k in map(int, np.argsort(-distance, kind="stable")[:_LABELLED]):
        # names that stand too close to a longer line's would lie over each other
        if all(abs(k - other) > 0.06 * n for other in named):
            named.append(k)
            axis.annotate(data["level"][k], (k, distance[k]), (0, 2), ha="center", **_LABEL)
    axis.locator_params(axis="x", integer=True)
    axis.set_ylim(0, 1.12 * max(distance.max(initial=0.0), 1e-12))
    label = "Cook's distance" if measure == "cooks_distance" else "Displacement"
    axis.set(title=f"Influence of {by}", xlabel=f"{by}, in order", ylabel=label)


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
