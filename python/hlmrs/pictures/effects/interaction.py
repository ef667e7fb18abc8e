"""An interaction: predictions at named values of the moderator, and the slope along the moderator.

Regions in which the slope differs from zero: Johnson and Neyman (1936); Bauer and Curran (2005).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ...display.numbers import short
from ...errors import HlmrsError, OptionError, name_in
from ...estimation import Estimate
from ...frame import Column
from ...inference import TestOptions
from ...marginal import (
    At,
    ScaleVariables,
    column_values,
    grid_axes,
    held,
    places_in,
    significance_regions,
    slope_table,
    variable_names,
)
from ...options import MeanScale
from ..words import named, percent
from .effect import effect
from .places import line_labels, scale_of_slopes, usual_scale

_POINTS = 81
_BINS = 30


def interaction(
    estimate: Estimate, x: str, moderator: str, at: At | None, scale: MeanScale | None, options: TestOptions
) -> tuple[Picture, Picture | None]:
    """Return the lines, and the slopes of `x`: a factor has none."""
    (name,) = variable_names(estimate, name_in("x", x), "x")
    (by,) = variable_names(estimate, name_in("moderator", moderator), "moderator")
    if name == by:
        raise OptionError(f"x={x!r} and moderator={moderator!r} are the same variable")
    lines = effect(estimate, name, by, at, "equal", scale or usual_scale(estimate, "mean.class"), options)
    if ScaleVariables(estimate, "link").axis(name, places_in(at)).factor is not None:
        return lines, None
    return lines, _slopes(estimate, name, by, places_in(at), options)


def _slopes(estimate: Estimate, x: str, by: str, at: At, options: TestOptions) -> Picture:
    is_factor = ScaleVariables(estimate, "link").axis(by, at).factor is not None
    low, high = (0.0, 1.0) if is_factor else _limits(estimate, by, at)
    placed = at if is_factor else {**at, by: np.linspace(low, high, _POINTS).tolist()}
    table = slope_table(estimate, x, by, placed, "equal", None, options)
    regions = None
    if not is_factor:
        others = {name: places for name, places in at.items() if name != by}
        regions = significance_regions(estimate, x, by, others, (low, high), options)
    finding = _finding(x, by, table, regions, options)
    further = {
        "x": by,
        "places": line_labels(table, [by], {}) if is_factor else None,
        "regions": regions,
        "density": None if is_factor else _density(estimate, by),
        "p": f"{1 - options.level:.2g}",
        "level": percent(options.level),
        "size": (5.4, 4.6),
    }
    note = " ".join(part for part in (finding, held(grid_axes(estimate, placed), placed, [x, by])) if part)
    title = f"{named(estimate)}: slope of {named(estimate, x)} along {named(estimate, by)}"
    label = f"Slope of {named(estimate, x)}{scale_of_slopes(estimate)}"
    return Picture("slopes", table, title, named(estimate, by), label, f"{title}. {note}", note, further)


def _limits(estimate: Estimate, name: str, at: At) -> tuple[float, float]:
    values = np.asarray(at[name], dtype=float) if name in at else column_values(estimate, name)
    low, high = float(values.min()), float(values.max())
    if not low < high:
        raise OptionError(f"at: {name!r} needs more than one value for a picture along it")
    return low, high


def _density(estimate: Estimate, name: str) -> tuple[NDArray[np.float64], NDArray[np.intp]] | None:
    """Return edges and counts of the rows by their value."""
    try:
        counts, edges = np.histogram(column_values(estimate, name), _BINS)
    except HlmrsError:
        return None
    return edges, counts


def _finding(x: str, by: str, table: dict[str, Column], regions: dict[str, Column] | None, options: TestOptions) -> str:
    if regions is None:
        return f"Bars: {percent(options.level)} confidence intervals."
    parts = _regions(regions)
    band = f"Band: {percent(options.level)} confidence interval, point by point."
    if len(parts) == 1:
        whole = "everywhere" if parts[0][2] else "nowhere"
        return f"{band} The slope of {x} differs from zero {whole} in the range of {by}."
    where = [f"{short(low)} to {short(high)}" for low, high, significant in parts if significant]
    return f"{band} The slope of {x} differs from zero at {by} of {' and '.join(where)} (shaded)."


def _regions(regions: dict[str, Column]) -> Sequence[tuple[float, float, bool]]:
    columns: list[Any] = [np.asarray(regions[name]) for name in ("low", "high", "significant")]
    return [(float(low), float(high), bool(found)) for low, high, found in zip(*columns, strict=True)]
