"""Whether residuals spread alike at all visits and fitted values, and which model of their deviations to try."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimation import Estimate
from ..inference import f_tail
from ..prediction import residuals
from .brown_forsythe import FEWEST_ROWS, brown_forsythe
from .lags import scaled_rows
from .series import Times, series_of, times_of

Vector = NDArray[np.float64]
Codes = NDArray[np.int64]
_MOST_VISITS, _BINS = 12, 6
_HETEROGENEOUS = {"ar1": "ar1h", "cs": "csh", "toep": "toeph", "ad": "adh", "corr": "us"}
"""Structures with a standard deviation for every visit, by those without."""


def even_residuals(estimate: Estimate) -> Vector:
    """Return residuals that spread alike where the model holds: studentized, or normalized ones.

    Those that random effects are predicted from are smaller for it, which is taken off.
    """
    if estimate.request.residual is None:
        return residuals(estimate, "studentized")
    values = residuals(estimate, "normalized")
    left = 1 - _taken_by_random_effects(estimate)
    out: Vector = np.where(left > 0.01, values / np.sqrt(np.maximum(left, 0.01)), np.nan)
    return out


def _taken_by_random_effects(estimate: Estimate) -> Vector:
    """Return the leverage of predicted random effects in normalized rows, each grouping factor's for itself."""
    by_factor: dict[bytes, list[tuple[Vector, Codes]]] = {}
    for z, sigma, codes in scaled_rows(estimate, normalized=True).terms:
        values, vectors = np.linalg.eigh(sigma)
        columns = z @ (vectors * np.sqrt(np.maximum(values, 0)))
        by_factor.setdefault(codes.tobytes(), []).append((columns, codes))
    total = np.zeros(estimate.layout.n_rows)
    for parts in by_factor.values():
        a, codes = np.column_stack([columns for columns, _ in parts]), parts[0][1]
        total += _leverages(a, codes)
    return total


def _leverages(a: Vector, codes: Codes) -> Vector:
    """Return a'(I + A'A)⁻¹a of the rows a of every group's A."""
    q = a.shape[1]
    sums = np.zeros((int(codes.max(initial=-1)) + 1, q, q))
    np.add.at(sums, codes, a[:, :, None] * a[:, None, :])
    found: Vector = np.einsum("ij,ijk,ik->i", a, np.linalg.inv(np.eye(q) + sums)[codes], a)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """The visit of every row, or its bin of times.

    ``text`` is what a formula of the dispersion has of it, ``of_structure`` what stands in a structure's parentheses.
    """

    name: str
    codes: Codes
    labels: list[str]
    text: str
    of_structure: str | None
    in_bins: bool


def visits_of(estimate: Estimate, order: str | ArrayLike | None) -> Visits | None:
    """Return the visits of the structure or of a column; None where rows have no times."""
    residual = estimate.request.residual
    term = None if residual is None else residual.term
    if order is None and (term is None or term.time is None):
        return None
    series = None if term is None else series_of(estimate, None, order)
    if series is not None:
        times = series.times
    else:
        assert order is not None, "rows whose times are named"
        times = times_of(estimate, order)
    return _visits(times, None if series is None else series.text)


def _visits(times: Times, of_structure: str | None) -> Visits:
    """Take the distinct times, or bins of many."""
    name, text = times.name or "", times.text
    distinct, codes = np.unique(times.values, return_inverse=True)
    if len(distinct) <= _MOST_VISITS:
        labels = [times.labels[int(k)] if times.labels else f"{k:g}" for k in distinct]
        is_factor = text.startswith("factor(") or (times.labels is not None and of_structure is None)
        return Visits(name, codes, labels, text if is_factor else f"factor({text})", of_structure, False)
    codes, labels = bins(times.values, _BINS)
    return Visits(name, codes, labels, text, of_structure, True)


def bins(values: Vector, n: int) -> tuple[Codes, list[str]]:
    """Part values into bins of as many rows, named by their ends."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n + 1)[1:-1]))
    _, codes = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)
    parts = [values[codes == k] for k in range(int(codes.max()) + 1)]
    return codes, [f"{part.min():.3g} to {part.max():.3g}" for part in parts]


@dataclass(frozen=True, slots=True)
class VisitTest:
    """Brown and Forsythe's test across visits, and the standard deviations' ratio and spread beyond chance."""

    f: float
    num_df: float
    den_df: float
    p: float
    ratio: float
    spread: float


def across_visits(resid: Vector, visits: Visits) -> VisitTest:
    """Compare the residuals of visits."""
    f, num, den = brown_forsythe(resid, visits.codes)
    known = np.isfinite(resid)
    n = np.bincount(visits.codes[known], minlength=len(visits.labels))
    squares = np.bincount(visits.codes[known], resid[known] ** 2, minlength=len(visits.labels))
    enough = (n >= FEWEST_ROWS) & (squares > 0)
    if math.isnan(f) or enough.sum() < 2:
        return VisitTest(f, num, den, math.nan, math.nan, math.nan)
    logs = np.log(squares[enough] / n[enough]) / 2
    beyond = float(np.var(logs, ddof=1) - np.mean(1 / (2 * n[enough])))
    return VisitTest(f, num, den, f_tail(f, num, den), float(np.exp(np.ptp(logs))), math.sqrt(max(beyond, 0.0)))


def goes_with_mean(resid: Vector, fitted: Vector, visits: Visits) -> bool:
    """Whether a power of the fitted values describes the spread better than a deviation for every visit (Schwarz)."""
    known = np.isfinite(resid)
    squares, logs = resid[known] ** 2, np.log(np.abs(fitted[known]))
    if not np.isfinite(logs).all():
        return False
    codes = visits.codes[known]
    n = np.bincount(codes)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_visit = float(np.nansum(n * np.log(np.bincount(codes, squares) / n)))
    price = math.log(len(squares))
    return _by_power(squares, logs) + price < by_visit + price * (int((n > 0).sum()) - 1)


def _by_power(squares: Vector, logs: Vector) -> float:
    """Return the deviance of standard deviations that are a power of something, the best of some powers."""
    centred = logs - logs.mean()
    powers = np.linspace(-3, 3, 61)
    return min(len(logs) * math.log(float(np.mean(squares * np.exp(-2 * power * centred)))) for power in powers)


def by_visit_to_try(estimate: Estimate, visits: Visits) -> str:
    """Return the structure, or the dispersion, with a standard deviation for every visit."""
    residual = estimate.request.residual
    term = None if residual is None else residual.term
    own = None if term is None or visits.in_bins else _HETEROGENEOUS.get(term.structure)
    if own is None:
        return f'dispersion="~ {_beside(estimate, visits.text)}"'
    return f'residual="{own}({visits.of_structure})"'


def by_mean_to_try(estimate: Estimate, fitted: Vector) -> str:
    """Return the dispersion that goes with the mean."""
    return f'dispersion="~ {_beside(estimate, "log(fitted)")}"' if (fitted > 0).all() else ""


def _beside(estimate: Estimate, term: str) -> str:
    """Write a term of the dispersion behind those that the fit has."""
    residual = estimate.request.residual
    if residual is None or residual.dispersion is None:
        return term
    return f"{residual.dispersion.formula.partition('~')[2].strip()} + {term}"
