"""The formula of an estimator: as it was given, or of all features and the groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..errors import ArgumentError, FormulaError, OptionError, listed
from ..formula import parse
from ..formula.names import unquoted
from ..formula.syntax import deparse_name


def split_formula(formula: str, columns: Collection[str]) -> tuple[str, str]:
    """Return the name of the response, which is no column, and the right side of a formula with or without one."""
    if not isinstance(formula, str):
        raise ArgumentError(f"formula={formula!r}: give a text, such as 'x + (1 | g)', or None for all features")
    left, tilde, right = formula.rpartition("~")
    name = unquoted(left.strip())
    if not left.strip():
        return free_name(columns), right if tilde else formula
    if "(" in left and "`" not in left:
        raise OptionError(
            f"formula={formula!r}: the response is y, and its left side a name for it; "
            "transform it by sklearn.compose.TransformedTargetRegressor"
        )
    if name in columns:
        raise OptionError(f"formula={formula!r}: {name!r} is a column of X too, and would be known at prediction")
    return name, right


def free_name(columns: Collection[str]) -> str:
    """Return a name for the response that no column has."""
    name = "y"
    while name in columns:
        name += "_"
    return name


def automatic(fixed: Sequence[str], groups: Sequence[str], random: str | Mapping[str, str]) -> str:
    """Return the right side with an effect of every feature, and the random terms of every grouping factor."""
    if isinstance(random, Mapping):
        unknown = [name for name in random if name not in groups]
        if unknown:
            raise OptionError(f"random: {listed(unknown)} is no grouping factor; there are {listed(groups)}")
    terms = {name: random.get(name, "1") if isinstance(random, Mapping) else random for name in groups}
    return " + ".join(["1", *map(deparse_name, fixed), *(f"({of} | {deparse_name(g)})" for g, of in terms.items())])


def refuse_lost_names(formula: str, columns: Collection[str]) -> None:
    """Refuse names that the columns of an array do not have, and say how data frames keep theirs."""
    try:
        unknown = [name for name in parse(formula).columns() if name not in columns]
    except FormulaError:  # is told by the fit
        return
    if unknown:
        raise FormulaError(
            f"there is no column {listed(unknown)}: X is an array without names, whose columns are "
            f"{listed(list(columns))}; use these, or give a data frame, in a pipeline by "
            'set_output(transform="pandas") of the step before',
            formula,
            max(formula.rfind(unknown[0]), 0),
        )
