"""What a variable is by level: where it is constant, where it is missing, how much of it lies between units.

The intraclass correlation is that of a one-way analysis of variance of the units of one factor (Fisher 1925; Donner
1986, International Statistical Review 54, 67-82): of J units with n_j values, N in all,

    ICC = (MSB - MSW) / (MSB + (n0 - 1) MSW),   n0 = (N - Σ n_j² / N) / (J - 1)

which needs no optimizer and no normality, and equals the REML estimate of a random-intercept model where all units have
as many values and the estimate is above zero.  It is negative where units differ less than chance alone would have it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .units import ROWS, Grouping, Level, is_nested, unit_of
from .variables import Variable

Vector = NDArray[np.float64]

_ROUNDING = 1e-13
"""A mean that is smaller, over the largest value, is zero."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of a variable.

    ``kind`` is "number", "levels", or "identifier": numbers of rows, or texts that are all different.  ``level`` is the
    factor within whose units it is constant ("row" where it varies within all, "constant" where it has one value);
    ``n_missing`` counts rows, ``n_units_missing`` units of its level without any value, and ``n_partly`` units of which
    some rows lack the value that others have.  ``icc`` is by factor above its level.
    """

    name: str
    kind: str
    level: str
    n_levels: int | None
    n_missing: int
    n_units_missing: int
    n_partly: int
    mean: float
    sd: float
    minimum: float
    maximum: float
    icc: dict[str, float]


def spread_of(variable: Variable, levels: Sequence[Level]) -> Spread:
    """Find the level of a variable, and describe its values there."""
    missing = variable.missing()
    values = variable.values[~missing] if missing.any() else variable.values
    level = _level_of(variable, ~missing, levels)
    at_level, has = (variable.values, ~missing) if level is None else _by_unit(variable, level.grouping)
    n_without = int((~has).sum())
    constant = len(values) > 0 and bool((values == values[0]).all())
    is_key = level is None and (_are_row_numbers(values) if variable.is_numeric else _are_different(values))
    kind = "identifier" if is_key else "number" if variable.is_numeric else "levels"
    counted = kind == "number"
    return Spread(
        variable.name,
        kind,
        "constant" if constant else ROWS if level is None else level.grouping.name,
        None if variable.is_numeric else int(np.count_nonzero(np.bincount(values))),
        int(missing.sum()),
        n_without,
        0 if level is None else _partly_missing(missing, level.grouping, n_without),
        *_moments(at_level[has] if counted else np.empty(0)),
        _iccs(np.where(has, at_level, np.nan), level, levels) if counted and not constant else {},
    )


def _are_row_numbers(values: Vector) -> bool:
    """Whether these begin at 0 or 1 and count up by one."""
    return len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _are_different(values: NDArray[Any]) -> bool:
    """Whether these are codes of which no two are the same."""
    return len(values) > 1 and int(np.bincount(values).max()) == 1


def _level_of(variable: Variable, known: NDArray[np.bool_], levels: Sequence[Level]) -> Level | None:
    """Return the factor with the fewest units within which a variable is constant; None where it is within none."""
    for level in sorted(levels, key=lambda level: level.grouping.n_units):
        for part in (slice(0, _FIRST), slice(None)):  # most variables show in a few rows that they vary
            rows = known[part] & (level.grouping.codes[part] >= 0)
            codes, values = level.grouping.codes[part][rows], variable.values[part][rows]
            of_unit = np.zeros(level.grouping.n_units, dtype=values.dtype)
            of_unit[codes] = values
            if not np.array_equal(of_unit[codes], values):
                break
        else:
            if rows.any():
                return level
    return None


_FIRST = 20_000


def _by_unit(variable: Variable, grouping: Grouping) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the value of every unit of a factor within which a variable is constant, and whether it has one."""
    rows = ~variable.missing() & (grouping.codes >= 0)
    values = np.zeros(grouping.n_units, dtype=variable.values.dtype)
    has = np.zeros(grouping.n_units, dtype=bool)
    values[grouping.codes[rows]] = variable.values[rows]
    has[grouping.codes[rows]] = True
    return values, has


def _partly_missing(missing: NDArray[np.bool_], grouping: Grouping, n_without: int) -> int:
    """Count the units of which some rows lack a value and some have one."""
    codes = grouping.codes[missing & (grouping.codes >= 0)]
    return int(np.count_nonzero(np.bincount(codes, minlength=grouping.n_units))) - n_without


def _moments(values: Vector) -> tuple[float, float, float, float]:
    if not len(values):
        return math.nan, math.nan, math.nan, math.nan
    with np.errstate(invalid="ignore"):  # of infinite values
        mean, sd = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan
        if abs(mean) < _ROUNDING * float(np.abs(values).max()):
            mean = 0.0  # of a centred variable, but for rounding
    return mean, sd, float(values.min()), float(values.max())


def _iccs(values: Vector, own: Level | None, levels: Sequence[Level]) -> dict[str, float]:
    """Return the intraclass correlation by factor, of the values of rows or of the units of a variable's own level."""
    if own is None:
        return {level.grouping.name: icc(values, level.grouping) for level in levels}
    found = {}
    for level in levels:
        if is_nested(own.grouping, level.grouping):
            places = unit_of(own.grouping, level.grouping)
            assert places is not None, "nested"
            found[level.grouping.name] = icc(values, Grouping(level.grouping.name, places, level.grouping.labels))
    return found


def icc(values: Vector, grouping: Grouping) -> float:
    """Estimate the share of the variance between units; NaN where no unit has two values, or one has all.

    >>> from hlmrs.grouping import Grouping, icc
    >>> icc(np.array([1.0, 2.0, 5.0, 6.0]), Grouping("g", np.array([0, 0, 1, 1]), ["a", "b"]))
    0.939...
    """
    rows = (grouping.codes >= 0) & ~np.isnan(values)
    codes, y = (grouping.codes, values) if rows.all() else (grouping.codes[rows], values[rows])
    with np.errstate(invalid="ignore"):
        y = y - y.mean() if len(y) else y
    sizes = np.bincount(codes, minlength=grouping.n_units).astype(float)
    n, n_units = len(y), int(np.count_nonzero(sizes))
    if n_units < 2 or n == n_units or not np.isfinite(y).all():
        return math.nan
    means = np.bincount(codes, y, minlength=grouping.n_units) / np.maximum(sizes, 1)
    between = float(sizes @ means**2) / (n_units - 1)
    residuals = y - means[codes]
    within = float(residuals @ residuals) / (n - n_units)
    size = (n - float(sizes @ sizes) / n) / (n_units - 1)
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else math.nan
