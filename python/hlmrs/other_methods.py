"""A linear mixed model beside methods that treat groups otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calls import answers
from .errors import ArgumentError, OptionError
from .frame import Column
from .inference import group_index, interval
from .marginal_models import gee
from .options import Correlation
from .results.linear import LinearMixedFit
from .results.result_table import ResultTable

Vector = NDArray[np.float64]
Row = tuple[str, str, float, float, float]

_SAME = 1e-9

_ASSUMES = {
    "mixed model": "effects of groups are random, normal, and not related to the predictors",
    "OLS": "rows are independent: standard errors are too small where groups differ",
    "OLS, robust": "many groups, and nothing of the rows within them (cluster-robust)",
    "group means": "one mean for each group: the effects of means between groups, not those within",
    "fixed effects": "every group has its own intercept: only what varies within groups has an effect",
    "GEE": "many groups, whose rows are equally correlated",
}


@answers
def against(fit: LinearMixedFit[Any], group: str | None = None, *, level: float = 0.95) -> ResultTable[Any]:
    """Put the coefficients of a linear mixed model beside those of methods that treat groups otherwise.

    Parameters
    ----------
    fit : LinearMixedFit
        The model; its rows must be there.
    group : str, optional
        The grouping factor that the other methods treat.  Default: the first.
    level : float
        Probability of the intervals.

    Returns
    -------
    ResultTable
        A row for each coefficient and method: ``term, method, estimate, std_error, conf_low, conf_high``.  The
        mixed model with Satterthwaite's degrees of freedom; OLS, least squares with the usual standard errors and with
        cluster-robust ones; least squares of the means of groups (aggregation) and with an intercept for every group
        (fixed effects); estimating equations with an exchangeable correlation (GEE).  A method without a row
        for a term cannot estimate it.

    Raises
    ------
    OptionError
        For a fit with weights or an offset, or a grouping factor that it does not have.

    Notes
    -----
    Aggregation and fixed effects estimate different things where a predictor has a contextual effect: Raudenbush and
    Bryk (2002), pp. 135-139.

    Examples
    --------
    >>> import hlmrs
    >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))
    >>> table = hlmrs.against(fit)
    >>> of_ses = table.to_frame().filter(term="ses")
    >>> dict(zip(of_ses["method"], of_ses["estimate"].round(2)))  # doctest: +NORMALIZE_WHITESPACE
    {'mixed model': 2.39, 'OLS': 3.18, 'OLS, robust': 3.18, 'group means': 5.91,
     'fixed effects': 2.19, 'GEE': 2.41}
    """
    if not isinstance(fit, LinearMixedFit):
        raise ArgumentError(f"against takes a linear mixed model, not {type(fit).__name__}")
    estimate = fit._estimate
    request = estimate.request
    if request.weights is not None or request.offset is not None or request.spec.offsets:
        raise OptionError("the fit has weights or an offset, for which the methods have no common meaning")
    g = group_index(estimate, group) if group is not None else 0
    name = estimate.layout.groups[g].name
    rows = sorted(_rows(fit, g, name), key=lambda row: fit.coef_names.index(row[0]))
    terms, methods, *numbers = zip(*rows, strict=True)
    value, error, df = map(np.array, numbers)
    low, high = interval(value, error, df, level)
    columns: dict[str, Column] = {
        "term": list(terms),
        "method": list(methods),
        "estimate": value,
        "std_error": error,
        "conf_low": low,
        "conf_high": high,
    }
    notes = [f"{method}: {words}." for method, words in _ASSUMES.items()]
    title = f"Coefficients of {request.spec.response.name}, rows grouped by {name}, by method"
    return ResultTable(title, columns, estimate.kind, level=level, notes=notes)


def _rows(fit: LinearMixedFit[Any], g: int, group: str) -> Iterator[Row]:
    """Yield term, method, estimate, standard error and degrees of freedom."""
    estimate, names = fit._estimate, fit.coef_names
    x, y = estimate.rows.model_matrix()[:, estimate.layout.kept], estimate.values.response[:, None]
    codes, n_groups = estimate.rows.group_codes(g).astype(np.intp), len(estimate.layout.groups[g].levels)
    tidy = fit.tidy()
    error, df = (np.asarray(tidy[name], dtype=float)[: len(names)] for name in ("std_error", "df"))
    sizes = np.linalg.norm(x, axis=0)
    yield from _table("mixed model", names, fit.beta, error, df)
    yield from _least_squares("OLS", names, x, y, len(y), sizes)
    yield from _equations("OLS, robust", fit, group, "independence")
    x_means, y_means = _means(x, codes), _means(y, codes)
    yield from _least_squares("group means", names, x_means, y_means, n_groups, np.linalg.norm(x_means, axis=0))
    yield from _least_squares("fixed effects", names, x - x_means[codes], y - y_means[codes], len(y) - n_groups, sizes)
    yield from _equations("GEE", fit, group, "exchangeable")


def _table(method: str, names: Sequence[str], value: Vector, error: Vector, df: Vector) -> Iterator[Row]:
    for row in zip(names, value, error, df, strict=True):
        yield row[0], method, float(row[1]), float(row[2]), float(row[3])


def _means(values: Vector, codes: NDArray[np.intp]) -> Vector:
    """Return the means of groups, column by column."""
    sizes = np.bincount(codes)
    return np.stack([np.bincount(codes, column) for column in values.T], axis=1) / sizes[:, None]


def _least_squares(method: str, names: Sequence[str], x: Vector, y: Vector, n: int, sizes: Vector) -> Iterator[Row]:
    """Estimate the columns that do not depend on those before; `n` observations count."""
    kept = _independent(x, sizes)
    q, r = np.linalg.qr(x[:, kept])
    df = n - len(kept)
    if not kept or df < 1:
        return
    beta = np.linalg.solve(r, q.T @ y[:, 0])
    variance = float(((y[:, 0] - x[:, kept] @ beta) ** 2).sum()) / df
    error = np.sqrt(variance * (np.linalg.inv(r) ** 2).sum(axis=1))
    yield from _table(method, [names[k] for k in kept], beta, error, np.full(len(kept), float(df)))


def _independent(x: Vector, sizes: Vector) -> list[int]:
    """Return the columns with something that no column before them has, next to their own sizes before centring."""
    basis = np.empty((len(x), 0))
    kept = []
    for k, column in enumerate(x.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > _SAME * sizes[k]:
            kept.append(k)
            basis = np.column_stack([basis, rest / size])
    return kept


def _equations(method: str, fit: LinearMixedFit[Any], group: str, correlation: Correlation) -> Iterator[Row]:
    """Solve estimating equations for the same rows and predictors."""
    estimate, spec = fit._estimate, fit._estimate.request.spec
    kept = estimate.values.kept
    frame = estimate.frame if kept is None else estimate.frame.take(np.flatnonzero(kept))
    fixed = " + ".join([*(["0"] if not spec.intercept else ["1"]), *(term.name for term in spec.terms)])
    found = gee(
        f"{spec.response.name} ~ {fixed}",
        frame.original,
        groups=group,
        correlation=correlation,
        contrasts=estimate.request.contrasts or None,
    )
    error = np.sqrt(np.diag(found.vcov()))
    yield from _table(method, found.coef_names, found.beta, error, np.full(len(error), np.inf))
