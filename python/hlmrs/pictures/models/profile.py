"""Profiles of parameters: zeta, which would be a straight line if the likelihood were quadratic (Bates 2010)."""

from collections.abc import Sequence

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...estimation import Estimate
from ...inference import ParameterProfile, check_level, profiles, two_sided_quantile
from ..words import named, percent

MARKS = (0.5, 0.8, 0.95, 0.99)


def profile_pictures(estimate: Estimate, terms: Sequence[str] | None, level: float) -> list[Picture]:
    """Return a picture of each parameter, with the ends of those intervals that the profile reaches."""
    check_level(level)
    names = [terms] if isinstance(terms, str) else terms
    return [_picture(estimate, found) for found in profiles(estimate, level, names)]


def _picture(estimate: Estimate, found: ParameterProfile) -> Picture:
    value, zeta = found.points.T
    limits = [(level, two_sided_quantile(level, np.inf)) for level in MARKS]
    marks = [(percent(level), limit, *(_value_at(z, value, zeta) for z in (-limit, limit))) for level, limit in limits]
    slope = _slope_at(found.estimate, value, zeta)
    low, high = found.low, found.high
    boundary = low if low in (0.0, -1.0) else high if high == 1.0 else None
    bent = float(np.nanmax(np.abs(zeta - slope * (value - found.estimate)))) if len(value) > 2 else 0.0
    note = f"Dashed: the line of a quadratic likelihood; the profile is at most {short(bent)} from it."
    if boundary is not None:
        note += f" The interval reaches the boundary {boundary:g}."
    alt = f"Profile of {found.name}: estimate {short(found.estimate)}, interval {short(low)} to {short(high)}. {note}"
    further = {"estimate": found.estimate, "slope": slope, "marks": marks, "boundary": boundary}
    table = {"term": [found.name] * len(value), "value": value, "zeta": zeta}
    return Picture("profile", table, f"{named(estimate)}: {found.name}", found.name, "ζ", alt, note, further)


def _value_at(z: float, value: np.ndarray, zeta: np.ndarray) -> float:
    """Return where zeta is z: on the cubic of zeta through four points about it; NaN where the profile ends before."""
    apart = np.concatenate([[True], np.diff(value) > 1e-3 * np.ptp(value)])  # the search for bounds ends in small steps
    value, zeta = value[apart], zeta[apart]
    if not zeta[0] <= z <= zeta[-1]:
        return float("nan")
    k = int(np.clip(np.searchsorted(zeta, z), 1, len(zeta) - 1))
    start = int(np.clip(k - 2, 0, max(len(zeta) - 4, 0)))
    x, y = value[start : start + 4], zeta[start : start + 4]
    places = np.linspace(value[k - 1], value[k], 201)
    parts = [
        np.prod([(places - other) / (own - other) for other in x if other != own], axis=0) * h
        for own, h in zip(x, y, strict=True)
    ]
    return float(np.interp(z, np.sum(parts, axis=0), places))


def _slope_at(estimate: float, value: np.ndarray, zeta: np.ndarray) -> float:
    """Return the slope at the estimate: of the parabola through the points nearest to zeta = 0."""
    near = np.argsort(np.abs(zeta), kind="stable")[:3]
    if len(near) < 3 or np.ptp(value[near]) == 0:
        return float("nan")
    a, b, _ = np.polyfit(value[near] - estimate, zeta[near], 2)
    return float(b) if np.isfinite(a) else float("nan")
