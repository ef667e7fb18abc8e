"""The response of a generalized model: counts of successes, truth values, ordered categories, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import DataError, FormulaWarning, UndeclaredOrderError, listed, warn
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

    `levels` are failure and success of a response of two levels.
    """

    y: Vector
    trials: Vector | None = None
    weights: Vector | None = None
    categories: Sequence[str] = ()
    levels: tuple[str, str] | None = None


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


def refitted(old: Response, y: Vector) -> Vector:
    """Return another response as the core takes it: successes among the same trials, categories from 0."""
    if old.categories:
        _require(np.isin(y, np.arange(1, len(old.categories) + 1)), y, f"a category from 1 to {len(old.categories)}")
        return y - 1
    if old.levels:
        _require(np.isin(y, (0, 1)), y, f"1 for {old.levels[1]!r} or 0 for {old.levels[0]!r}")
    if old.trials is not None:
        possible = _is_whole(y) & (y >= 0) & (y <= old.trials)
        _require(possible, y, "a number of successes, from 0 to the row's trials")
    return y


def _require(possible: NDArray[np.bool_], y: Vector, what: str) -> None:
    bad = np.flatnonzero(~possible)
    if len(bad):
        raise DataError(
            f"y is {y[bad[0]]:g} at row {bad[0]} (counted from 0), and so in {len(bad):,} rows; give {what}"
        )


def _counts(family: Family, call: Call, columns: Columns, weights: Vector | None) -> Response:
    if family.name not in TRIALS:
        raise DataError(f"cbind(successes, failures) is a response of family 'binomial', not of {family.name!r}")
    successes, failures = (evaluate(columns, argument) for argument in call.args)
    if (failures < 0).any() or (successes < 0).any():
        bad = np.flatnonzero((failures < 0) | (successes < 0))
        raise DataError(f"cbind() has negative counts in {len(bad)} rows, first in row {bad[0]} (counted from 0)")
    for what, counts in (("successes", successes), ("failures", failures)):
        if not (whole := _is_whole(counts)).all():
            broken = np.flatnonzero(~whole)
            raise DataError(
                f"cbind() counts {counts[broken[0]]:g} {what} in row {broken[0]} (counted from 0), which is no whole "
                f"number, and so in {len(broken):,} rows; a proportion is a response by itself, with the number of "
                "trials as weights="
            )
    return Response(successes, successes + failures, weights)


def _is_whole(counts: Vector) -> NDArray[np.bool_]:
    """Tell whole numbers, up to rounding; missing ones are."""
    exact: NDArray[np.bool_] = counts - np.rint(counts) == 0.0
    if exact.all():
        return exact
    return np.isnan(counts) | (np.abs(counts - np.rint(counts)) <= _WHOLE * np.maximum(1.0, np.abs(counts)))


def _successes(family: Family, factor: TermFactor, columns: Columns, weights: Vector | None) -> Response:
    levels = _levels(factor, columns)
    if levels is not None:
        return _of_two_levels(family, factor.name, levels, weights)
    y = evaluate(columns, factor.expression)
    if weights is not None:
        return _of_proportions(factor.name, y, weights)
    _require_zeros_and_ones(family, factor.name, y)
    return Response(y, None, None)


def _of_two_levels(family: Family, name: str, levels: "_Levels", weights: Vector | None) -> Response:
    """Take the second level as success."""
    names = levels.used
    if len(names) != 2:
        raise DataError(
            f"the response {name!r} has {len(names)} levels, and family {family.name!r} needs two; for "
            "ordered categories use family='cumulative'"
        )
    y = np.where(levels.codes == MISSING, np.nan, (levels.codes == levels.names.index(names[1])).astype(np.float64))
    return Response(y, None, weights, levels=(names[0], names[1]))


def _require_zeros_and_ones(family: Family, name: str, y: Vector) -> None:
    if (y > 1).any():
        raise DataError(
            f"the response {name!r} is {y[y > 1][0]:g} in a row, and family {family.name!r} (the default is "
            "'binomial') takes 0 and 1: for counts use family='poisson' or 'nbinom2', for measurements "
            "family='gaussian' or 'gamma', for successes among trials write cbind(successes, failures)"
        )
    fractions = (y > 0) & (y < 1)
    if fractions.any():
        raise DataError(
            f"the response {name!r} has proportions, such as {y[fractions][0]:g}; weights= says of how many "
            "trials, or write cbind(successes, failures)"
        )


def _of_proportions(name: str, y: Vector, weights: Vector) -> Response:
    """Take a response as shares of successes among as many trials as the weights say."""
    if ((y < 0) | (y > 1)).any():
        raise DataError(
            f"the response {name!r} is {y[(y < 0) | (y > 1)][0]:g} in a row; with weights= it is the proportion "
            "of successes among so many trials; write cbind(successes, failures) for counts"
        )
    counts = y * weights
    whole = np.round(counts)
    if np.nanmax(np.abs(counts - whole), initial=0.0) > _WHOLE * max(1.0, float(np.nanmax(weights, initial=1.0))):
        warn(f"{name} times its weights is no whole number of successes in some rows", FormulaWarning)
        whole = counts
    return Response(whole, weights.astype(np.float64), None)


def _ordered(factor: TermFactor, columns: Columns, weights: Vector | None) -> Response:
    levels = _levels(factor, columns)
    if levels is not None:
        names: Sequence[str] = levels.names
        _require_order(factor.name, levels)
        y = np.where(levels.codes == MISSING, np.nan, levels.codes.astype(np.float64))
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


@dataclass(frozen=True, slots=True)
class _Levels:
    """The level of every row, all levels in their order, and whether that was declared or is that of the alphabet."""

    codes: NDArray[np.uint32]
    names: Sequence[str]
    declared: bool

    @property
    def used(self) -> list[str]:
        """The levels that some row has."""
        there = set(np.unique(self.codes).tolist())
        return [name for k, name in enumerate(self.names) if k in there]


def _require_order(name: str, levels: _Levels) -> None:
    """Refuse levels in no declared order, and those that no row has."""
    if not levels.declared:
        raise UndeclaredOrderError(
            f"the response {name!r} is text, whose levels ({listed(levels.names)}) have no order; declare it from low "
            "to high: pandas.Categorical(values, categories=[...], ordered=True), or a column of polars.Enum([...])"
        )
    unused = [level for level in levels.names if level not in set(levels.used)]
    if unused:
        raise DataError(
            f"no row has the category {unused[0]!r} of the response {name!r}, so that its thresholds have no estimate; "
            "remove it from the column's categories"
        )


def _levels(factor: TermFactor, columns: Columns) -> _Levels | None:
    """Return the levels of a response that is a category; truth values are numbers."""
    expression = factor.expression
    if isinstance(expression, Call) and expression.name in ("factor", "as.factor"):
        expression = expression.args[0]
    if not isinstance(expression, ColumnName):
        return None
    for _, values, levels, declared in columns.plain_values(expression.name):
        if levels is not None:
            return _Levels(values.astype(np.uint32), levels, declared)
    return None
