"""Standard deviations of residuals in parts of the rows, beside those of the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_quantile
from ..errors import OptionError
from ..estimation import Estimate
from ..prediction import residuals
from .series import series_of, times_of
from .spread import bins, even_residuals, visits_of

Vector = NDArray[np.float64]
Codes = NDArray[np.int64]
_FITTED = "fitted"
_MOST_LEVELS, _BINS = 40, 8
_MOST_NUMBERS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Root mean squares of residuals by part of the rows, and of the model's standard deviations.

    ``log_error`` is the standard error of their logarithm, from what groups give to the squares.
    """

    name: str
    labels: list[str]
    in_bins: bool
    rows: Codes
    sd: Vector
    fitted: Vector
    log_error: Vector
    df: float

    def interval(self, level: float) -> tuple[Vector, Vector]:
        """Return the ends of intervals, which are symmetric for the logarithm."""
        width = np.exp(two_sided_quantile(level, self.df) * self.log_error)
        return self.sd / width, self.sd * width


def spread_by(estimate: Estimate, by: str | None) -> Spread:
    """Part the rows by a column, by ``"fitted"`` values, or by default by the visits of the structure."""
    name, codes, labels, in_bins = _parts(estimate, by)
    u, sd = _scaled(estimate), estimate.residual_sd
    known = np.isfinite(u)
    n = np.bincount(codes[known], minlength=len(labels))
    if (n == 0).any():
        raise OptionError(f"by={by!r}: a level has no row whose residual is free to vary")
    square = np.bincount(codes[known], u[known] ** 2, minlength=len(labels)) / n
    fitted = np.sqrt(np.bincount(codes, sd**2, minlength=len(labels)) / np.bincount(codes, minlength=len(labels)))
    groups = _groups(estimate)[known]
    error = _errors(u[known] ** 2 - square[codes[known]], codes[known], groups, n)
    df = max(len(np.unique(groups)) - 1.0, 1.0)
    return Spread(name, labels, in_bins, n, fitted * np.sqrt(square), fitted, error / (2 * square), df)


def _scaled(estimate: Estimate) -> Vector:
    """Return residuals over the model's standard deviations, free of what predicting random effects takes."""
    if estimate.layout.random:
        return even_residuals(estimate)
    return residuals(estimate, "standardized")


def _errors(own: Vector, codes: Codes, groups: Codes, n: Codes) -> Vector:
    """Return standard errors of means of squares, from the sums of groups."""
    _, cells = np.unique(codes * (int(groups.max(initial=0)) + 1) + groups, return_inverse=True)
    sums, of = np.bincount(cells, own), np.zeros(int(cells.max(initial=0)) + 1, np.int64)
    of[cells] = codes
    return np.asarray(np.sqrt(np.bincount(of, sums**2, minlength=len(n))) / n)


def _groups(estimate: Estimate) -> Codes:
    """Return the groups within which residuals may be correlated, or every row."""
    residual = estimate.request.residual
    if estimate.layout.groups or (residual is not None and residual.term is not None):
        return series_of(estimate, None, None).codes
    return np.arange(estimate.layout.n_rows)


def _parts(estimate: Estimate, by: str | None) -> tuple[str, Codes, list[str], bool]:
    """Return a name, the part of every row, what parts are called, and whether they are bins."""
    visits = visits_of(estimate, None) if by is None else None
    if visits is not None:
        return visits.name, visits.codes, visits.labels, visits.in_bins
    if by is None or by == _FITTED:
        return "fitted values", *bins(estimate.values.fitted, _BINS), True
    times = times_of(estimate, by, option="by")
    distinct, codes = np.unique(times.values, return_inverse=True)
    if times.labels is None and len(distinct) > _MOST_NUMBERS:
        return times.name or by, *bins(times.values, _BINS), True
    if len(distinct) > _MOST_LEVELS:
        raise OptionError(f"by={by!r} has {len(distinct):,} levels, and the picture {_MOST_LEVELS} at most")
    labels = [times.labels[int(k)] if times.labels is not None else f"{k:g}" for k in distinct]
    return times.name or by, codes.astype(np.int64), labels, False
