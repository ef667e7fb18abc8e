"""The response of a generalized model: counts of successes, truth values, ordered categories, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError, FormulaWarning, warn
from ..families import TRIALS, Family
from ..formula import Call, ColumnName, TermFactor
from .rows import evaluate

Vector = NDArray[np.float64]

MISSING = 0xFFFFFFFF
_MOST_CATEGORIES = 100
_WHOLE = 1e-7


@dataclass(frozen=True, slots=True)
class Response:
    """One number a row, NaN where it is missing; `trials` of counts of successes; `categories` in their order.

    `success` says which level of a response of two counts as success.
    """

    y: Vector
    trials: Vector | None = None
    weights: Vector | None = None
    categories: Sequence[str] = ()
    success: str = ""


def response_of(family: Family, factor: TermFactor, columns: Columns, weights: Vector | None) -> Response:
    """Read the response of every row; `weights` multiply the log-likelihood, or are numbers of trials."""
    if family.name == "cumulative":
        return _ordered(factor, columns, weights)
    expression = factor.expression
    if isinstance(expression, Call) and expression.name == "cbind":
        return _counts(family, expression, columns, weights)
    if family.name in TRIALS:
        return _successes(family, factor, columns, weights)
    return Response(evaluate(columns, expression), None, weights)


def _counts(family: Family, call: Call, columns: Columns, weights: Vector | None) -> Response:
    if family.name not in TRIALS:
        raise DataError(f"cbind(successes, failures) is a response of family 'binomial', not of {family.name!r}")
    successes, failures = (evaluate(columns, argument) for argument in call.args)
    if (failures < 0).any() or (successes < 0).any():
        bad = np.flatnonzero((failures < 0) | (successes < 0))
        raise DataError(f"cbind() has negative counts in {len(bad)} rows, first in row {bad[0]} (counted from 0)")
    return Response(successes, successes + failures, weights)


def _successes(family: Family, factor: TermFactor, columns: Columns, weights: Vector | None) -> Response:
    levels = _levels(factor, columns)
    if levels is not None:
        codes, names = levels
        if len(names) != 2:
            raise DataError(
                f"the response {factor.name!r} has {len(names)} levels, and family 'binomial' needs two; for ordered "
                "categories use family='cumulative'"
            )
        y = np.where(codes == MISSING, np.nan, (codes == 1).astype(np.float64))
        return Response(y, None, weights, success=names[1])
    y = evaluate(columns, factor.expression)
    if weights is None:
        fractions = (y > 0) & (y < 1)
        if fractions.any():
            raise DataError(
                f"the response {factor.name!r} has proportions, such as {y[fractions][0]:g}; weights= says of how many "
                "trials, or write cbind(successes, failures)"
            )
        return Response(y, None, None)
    if ((y < 0) | (y > 1)).any():
        raise DataError(
            f"the response {factor.name!r} is {y[(y < 0) | (y > 1)][0]:g} in a row; with weights= it is the proportion "
            "of successes among so many trials; write cbind(successes, failures) for counts"
        )
    counts = y * weights
    whole = np.round(counts)
    if np.nanmax(np.abs(counts - whole), initial=0.0) > _WHOLE * max(1.0, float(np.nanmax(weights, initial=1.0))):
        warn(f"{factor.name} times its weights is no whole number of successes in some rows", FormulaWarning)
        whole = counts
    return Response(whole, weights.astype(np.float64), None)


def _ordered(factor: TermFactor, columns: Columns, weights: Vector | None) -> Response:
    levels = _levels(factor, columns)
    if levels is not None:
        codes, names = levels
        used = np.unique(codes[codes != MISSING])
        unused = [name for k, name in enumerate(names) if k not in used]
        if unused:
            raise DataError(
                f"no row has the category {unused[0]!r} of the response {factor.name!r}, so that its thresholds "
                "have no estimate; remove it from the column's categories"
            )
        y = np.where(codes == MISSING, np.nan, codes.astype(np.float64))
    else:
        numbers = evaluate(columns, factor.expression)
        values = np.unique(numbers[~np.isnan(numbers)])
        if len(values) > _MOST_CATEGORIES:
            raise DataError(f"the response {factor.name!r} has {len(values):,} distinct numbers: too many categories")
        y = np.where(np.isnan(numbers), np.nan, np.searchsorted(values, numbers).astype(np.float64))
        names = [f"{value:g}" for value in values]
    if len(names) < 2:
        raise DataError(f"the response {factor.name!r} has one category; an ordered response needs two or more")
    return Response(y, None, weights, tuple(names))


def _levels(factor: TermFactor, columns: Columns) -> tuple[NDArray[np.uint32], list[str]] | None:
    """Return codes and levels of a response that is a category, in their order; truth values are numbers."""
    expression = factor.expression
    if isinstance(expression, Call) and expression.name in ("factor", "as.factor"):
        expression = expression.args[0]
    if not isinstance(expression, ColumnName):
        return None
    for name, values, levels, _ in columns.plain_values():
        if name == expression.name and levels is not None:
            return values.astype(np.uint32), levels
    return None
