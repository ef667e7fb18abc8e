"""Columns of the rows used, and least squares of lines in them: what pictures of the data are made of."""

import numpy as np
from numpy.typing import NDArray

from ...errors import OptionError, listed, suggestion
from ...estimation import Estimate, evaluate
from ...formula import ColumnName
from ...formula.names import find_name
from ...inference import group_index
from ...marginal import column_values, grid_axes

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]


def numeric(estimate: Estimate, name: str, option: str = "x") -> tuple[str, Vector]:
    """Return a variable of the fixed part, or any numeric column of the data, in the rows used."""
    axes = [axis.name for axis in grid_axes(estimate, {}) if axis.factor is None]
    found = find_name(name, axes)
    if found is not None:
        return found, column_values(estimate, found)
    frame = estimate.frame
    column = find_name(name, frame.names)
    if column is None:
        known = [*axes, *(other for other in frame.names if other not in axes)]
        raise OptionError(f"{option}={name!r}: no such variable{suggestion(name, known)}; there are {listed(known)}")
    try:
        values = evaluate(frame.read([column]), ColumnName(column, (0, 0)))
    except (TypeError, ValueError) as error:
        raise OptionError(f"{option}={name!r} is not numeric") from error
    kept = estimate.rows.kept
    return column, values if kept is None else values[kept]


def codes_of(estimate: Estimate, group: str | None) -> tuple[str, list[str], Codes, int]:
    """Return the name of a grouping factor, by default the first, its levels, the level of every row, its index."""
    if not estimate.layout.groups:
        raise OptionError(
            "the model has no groups of random effects, whose rows this picture joins: lmer() takes terms such as "
            "(1 | g); of gls() and mmrm() fits plot.effect(x) shows means, and residual_covariance() how rows of a "
            "group vary together"
        )
    g = 0 if group is None else group_index(estimate, group)
    found = estimate.layout.groups[g]
    return found.name, list(found.levels), estimate.rows.group_codes(g).astype(np.intp), g


def lines_by_group(x: Vector, y: Vector, codes: Codes, n: int) -> tuple[Vector, Vector]:
    """Return intercept and slope of least squares in every group; NaN where x does not vary."""
    rows = np.bincount(codes, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = (np.bincount(codes, v, minlength=n) / rows for v in (x, y))
        dx, dy = x - mean_x[codes], y - mean_y[codes]
        spread = np.bincount(codes, dx * dx, minlength=n)
        flat = spread <= 1e-20 * np.maximum(rows * mean_x**2, np.finfo(float).tiny)
        slope = np.where(flat, np.nan, np.bincount(codes, dx * dy, minlength=n) / spread)
    return mean_y - slope * mean_x, slope


def line(x: Vector, y: Vector) -> tuple[float, float, float]:
    """Return intercept and slope of least squares, and the standard error of the slope; NaN where x does not vary."""
    dx, dy = x - x.mean(), y - y.mean()
    spread = float(dx @ dx)
    if not spread > 0:
        return float(y.mean()), float("nan"), float("nan")
    slope = float(dx @ dy) / spread
    rest = dy - slope * dx
    error = np.sqrt(rest @ rest / (len(x) - 2) / spread) if len(x) > 2 else float("nan")
    return float(y.mean() - slope * x.mean()), slope, float(error)
