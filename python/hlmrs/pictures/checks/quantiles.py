"""Quantiles of residuals and random effects less those of a normal distribution, with bands."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...diagnostics import normal_scores
from ...display import Picture
from ...errors import OptionError
from ...estimation import Estimate
from ...inference import check_level, group_index
from ..words import effects, named, percent
from .bands import bands
from .standardized import of_groups, of_rows

Vector = NDArray[np.float64]
_SHRUNKEN = "Effects are drawn towards normality: departures show less than they are."


def quantiles(estimate: Estimate, groups: "str | Sequence[str] | None", level: float, seed: int) -> list[Picture]:
    """Return a picture of the rows' residuals, and one of every random effect; or of some grouping factors alone."""
    check_level(level)
    pictures = []
    if groups is None:
        values, _ = of_rows(estimate, seed)
        names = np.array(estimate.row_labels(), dtype=object)
        pictures.append(_panel(estimate, "rows", "", names, values, level))
    known = range(len(estimate.layout.groups)) if groups is None else _indices(estimate, groups)
    for g in known:
        group = estimate.layout.groups[g]
        terms, values = of_groups(estimate, g)
        names = np.array(list(group.levels), dtype=object)
        for name, column in zip(terms, values.T, strict=True):
            if np.isfinite(column).any():
                pictures.append(_panel(estimate, group.name, name, names, column, level))
    if not pictures:
        raise OptionError(f"groups={groups!r}: the effects have no variance of their own, and no quantiles to compare")
    return pictures


def _indices(estimate: Estimate, groups: "str | Sequence[str]") -> list[int]:
    return [group_index(estimate, name) for name in ([groups] if isinstance(groups, str) else groups)]


def _panel(
    estimate: Estimate, group: str, term: str, names: NDArray[np.object_], values: Vector, level: float
) -> Picture:
    """Return one sample in order, with its group and term in the table."""
    of = "residuals of rows" if not term else f"{effects(term)} of {group}"
    picture = sample(f"{named(estimate)}: {of}", names, values, level, "rows" if not term else "groups")
    n = len(picture.table["level"])
    note = f"{picture.note} {_SHRUNKEN}" if term else picture.note
    return replace(picture, table={"group": [group] * n, "term": [term] * n, **picture.table}, note=note)


def sample(title: str, names: NDArray[np.object_], values: Vector, level: float, what: str) -> Picture:
    """Return values in order beside those of a normal sample; missing values are left out."""
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    own, normal = values[order], normal_scores(len(order))
    places, *edges = bands(len(order), level)
    low, high, outer_low, outer_high = (np.interp(normal, places, edge) - normal for edge in edges)
    table = {
        "level": [str(name) for name in names[order]],
        "normal_quantile": normal,
        "value": own,
        "deviation": own - normal,
        "pointwise_low": low,
        "pointwise_high": high,
        "simultaneous_low": outer_low,
        "simultaneous_high": outer_high,
    }
    outside = int(((own - normal < outer_low) | (own - normal > outer_high)).sum())
    finding = (
        f"{outside:,} of {len(order):,} lie outside the band for all at once ({percent(level)})."
        if outside
        else f"All {len(order):,} lie within the band for all at once ({percent(level)})."
    )
    further = {"level": percent(level), "what": what}
    return Picture(
        "quantiles",
        table,
        title,
        "Normal quantile",
        "Value less normal quantile",
        f"{title}: detrended quantile plot. {finding}",
        finding,
        further,
    )
