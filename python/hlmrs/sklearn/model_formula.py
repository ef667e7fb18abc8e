"""The formula of an estimator: as it was given, or of all features and the groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..errors import OptionError, listed
from ..formula.names import unquoted


def split_formula(formula: str, columns: Collection[str]) -> tuple[str, str]:
    """Return the name of the response, which is no column, and the right side of a formula with or without one."""
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
    return " + ".join(["1", *map(in_backticks, fixed), *(f"({of} | {in_backticks(g)})" for g, of in terms.items())])


def in_backticks(name: str) -> str:
    """Write any name into a formula."""
    return f"`{name}`"
