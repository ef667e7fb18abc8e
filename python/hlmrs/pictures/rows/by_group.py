"""The rows of single groups, with the line of each group and that of all rows."""

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError
from ...estimation import Estimate
from ...inference import group_keys
from ..words import named
from .columns import Codes, Vector, codes_of, line, lines_by_group, numeric


def by_group(estimate: Estimate, x: str, group: str | None, most: int) -> tuple[dict[str, object], list[Picture]]:
    """Return the table of the groups that are drawn, and a picture of each.

    Of more groups than `most` those are taken that lie at even ranks of their slopes.
    """
    if most < 1:
        raise OptionError(f"groups={most}: draw one group at least")
    name, values = numeric(estimate, x)
    factor, levels, codes, g = codes_of(estimate, group)
    y, known = estimate.values.response, np.isfinite(values)
    intercept, slope = lines_by_group(values[known], y[known], codes[known], len(levels))
    pooled = line(values[known], y[known])
    shown = _chosen(slope, most)
    rows = np.flatnonzero(np.isin(codes, shown) & known)
    place = np.empty(len(levels), dtype=np.intp)
    place[shown] = np.arange(len(shown))
    rows = rows[np.lexsort((values[rows], place[codes[rows]]))]
    at = codes[rows]
    columns = {
        name: values[rows],
        estimate.layout.response: y[rows],
        "group_line": intercept[at] + slope[at] * values[rows],
        "pooled_line": pooled[0] + pooled[1] * values[rows],
    }
    keys = group_keys(estimate, g, at, list(columns))
    note = _note(factor, len(shown), len(levels), pooled[1])
    pictures = [
        _panel(estimate, name, factor, levels[k], {c: v[at == k] for c, v in columns.items()}, float(slope[k]), note)
        for k in shown
    ]
    return keys | columns, pictures


def _chosen(slope: Vector, most: int) -> Codes:
    """Return all groups, in order, or as many at even ranks of their slopes, the lowest first."""
    if len(slope) <= most:
        return np.arange(len(slope))
    order = np.argsort(slope, kind="stable")
    order = order[: int(np.isfinite(slope).sum())] if np.isfinite(slope).any() else order
    return order[np.unique(np.linspace(0, len(order) - 1, most).round().astype(np.intp))]


def _note(factor: str, shown: int, n: int, pooled: float) -> str:
    chosen = "" if shown == n else f"{shown} of {n:,} groups of {factor}, at even ranks of their slopes. "
    return f"{chosen}Solid: least squares of the group; dashed: of all rows (slope {short(pooled)})."


def _panel(
    estimate: Estimate, name: str, factor: str, level: str, table: dict[str, Vector], slope: float, note: str
) -> Picture:
    response = estimate.layout.response
    alt = f"{level}: {len(table[name])} rows, slope {short(slope)}."
    further = {
        "x": name,
        "y": response,
        "note": note,
        "suptitle": f"{named(estimate)} and {named(estimate, name)}, by {factor}",
    }
    return Picture("by_group", table, level, named(estimate, name), named(estimate), alt, "", further)


def spaghetti(estimate: Estimate, x: str, group: str | None, most: int) -> tuple[dict[str, object], Picture]:
    """Return the rows of groups joined to lines along `x`, with the mean of all groups at each of its values."""
    name, values = numeric(estimate, x)
    factor, levels, codes, g = codes_of(estimate, group)
    y, known = estimate.values.response, np.isfinite(values)
    _, slope = lines_by_group(values[known], y[known], codes[known], len(levels))
    shown = _chosen(slope, most)
    rows = np.flatnonzero(np.isin(codes, shown) & known)
    rows = rows[np.lexsort((values[rows], codes[rows]))]
    columns = {name: values[rows], estimate.layout.response: y[rows]}
    mean = _running(values[known], y[known])
    chosen = "" if len(shown) == len(levels) else f"{len(shown)} of {len(levels):,} groups, at even ranks of slopes. "
    further = {"x": name, "y": estimate.layout.response, "codes": codes[rows], "mean": mean}
    alt = (
        f"Lines of {len(shown)} groups of {factor} along {name}. The mean of all rows goes from "
        f"{short(float(mean[1][0]))} at {short(float(mean[0][0]))} to {short(float(mean[1][-1]))} at "
        f"{short(float(mean[0][-1]))}."
    )
    title = f"{named(estimate)} along {named(estimate, name)}, by {factor}"
    note = f"{chosen}Thick: mean of all rows."
    picture = Picture("spaghetti", columns, title, named(estimate, name), named(estimate), alt, note, further)
    return group_keys(estimate, g, codes[rows], list(columns)) | columns, picture


def _running(x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """Return means of y at each value of x, or in 20 bins of as many rows where it has many."""
    places, index = np.unique(x, return_inverse=True)
    if len(places) > 40:
        parts = np.array_split(np.argsort(x, kind="stable"), 20)
        return np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])
    return places, np.bincount(index, y) / np.bincount(index)
