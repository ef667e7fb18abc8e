"""The slope within groups beside that between their means.

Within: least squares of y on x, both less their group's mean, with n - J - 1 degrees of freedom.  Between: least
squares of the groups' means, each counted once.  Where the two differ, a single slope of x is a blend of both
(Raudenbush and Bryk 2002, Hierarchical Linear Models, p. 135-141).
"""

import math

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...inference import group_keys
from ..words import named
from .columns import Vector, codes_of, line, numeric

_ROUNDING = 1e-9


def within_between(estimate: Estimate, x: str, group: str | None) -> Picture:
    """Return the means of groups, and a piece of the common line within each."""
    name, values = numeric(estimate, x)
    factor, levels, codes, g = codes_of(estimate, group)
    y, known = estimate.values.response, np.isfinite(values)
    values, y, codes = values[known], y[known], codes[known]
    rows = np.bincount(codes, minlength=len(levels))
    there = np.flatnonzero(rows)
    with np.errstate(invalid="ignore"):
        mean_x, mean_y = (np.bincount(codes, v, minlength=len(levels)) / rows for v in (values, y))
    size, unknown = float(np.std(values)), math.nan
    deviations = _without_rounding(values - mean_x[codes], size)
    within, error = within_slope(deviations, y - mean_y[codes], len(there))
    differ = _without_rounding(mean_x[there] - values.mean(), size).any()
    intercept, between, between_error = line(mean_x[there], mean_y[there]) if differ else (unknown,) * 3
    sd = np.sqrt(np.bincount(codes, (values - mean_x[codes]) ** 2, minlength=len(levels)) / np.maximum(rows, 1))
    columns = {
        "n": rows[there],
        f"mean_{name}": mean_x[there],
        f"mean_{estimate.layout.response}": mean_y[there],
        "x_low": (mean_x - sd)[there],
        "x_high": (mean_x + sd)[there],
        "line_low": (mean_y - within * sd)[there],
        "line_high": (mean_y + within * sd)[there],
    }
    keys = group_keys(estimate, g, there, list(columns))
    slopes = {"within": (within, error), "between": (between, between_error)}
    further = {"slopes": slopes, "intercept": intercept, "x": mean_x[there], "y": mean_y[there]}
    note = f"Short lines: one standard deviation within each group. {_finding(slopes)}"
    title = f"{named(estimate)} and {named(estimate, name)}, within and between {factor}"
    return Picture(
        "within_between",
        keys | columns,
        title,
        named(estimate, name),
        named(estimate),
        _alt(factor, slopes),
        note,
        further,
    )


def _without_rounding(values: Vector, size: float) -> Vector:
    """Return zeros where all is rounding, next to the size of the variable."""
    return values if np.abs(values).max(initial=0.0) > _ROUNDING * size else np.zeros_like(values)


def within_slope(dx: Vector, dy: Vector, n_groups: int) -> tuple[float, float]:
    """Return the slope of deviations from groups' means, and its standard error."""
    spread = float(dx @ dx)
    if not spread > 0:
        return math.nan, math.nan
    slope = float(dx @ dy) / spread
    rest, df = dy - slope * dx, len(dx) - n_groups - 1
    return slope, math.sqrt(rest @ rest / df / spread) if df > 0 else math.nan


def _finding(slopes: dict[str, tuple[float, float]]) -> str:
    (within, own), (between, other) = slopes["within"], slopes["between"]
    difference, error = between - within, math.hypot(own, other)
    if math.isnan(within):
        return "The variable does not vary within groups."
    if math.isnan(between):
        return "The means of the groups do not differ."
    if not math.isfinite(difference) or not error > 0:
        return ""
    size = f"{short(difference)} (SE {short(error)})"
    if abs(difference) > 1.96 * error:
        return f"The slopes differ by {size}: one slope of both would be a blend."
    return f"The slopes differ by {size}, no more than expected by chance."


def _alt(factor: str, slopes: dict[str, tuple[float, float]]) -> str:
    (within, own), (between, other) = slopes["within"], slopes["between"]
    return (
        f"Within groups of {factor} the slope is {short(within)} (SE {short(own)}), between their means "
        f"{short(between)} (SE {short(other)}). {_finding(slopes)}"
    )
