"""Parameters that can have a prior, and the names by which one is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

INTERCEPT = "(Intercept)"
THRESHOLDS = "thresholds"
"""The name by which all thresholds of an ordered response are given a prior."""
ParameterKind: TypeAlias = Literal["coefficient", "sd", "correlations", "correlation", "positive", "real"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, and what can be said of it.

    Parameters
    ----------
    name : str
        As tables of results have it, such as ``sd(Days | Subject)``.
    kind : {"coefficient", "sd", "correlations", "correlation", "positive", "real"}
        A coefficient; a standard deviation; all correlations of a term; one correlation between ``low`` and ``high``;
        another parameter above zero, such as a range; another of either sign.
    also : tuple of str
        Names of this one and others together by which a prior can be given too, the most specific first.
    column : str, optional
        The column that the coefficient or the varying effect is of.
    low, high : float
        Ends of one correlation.
    """

    name: str
    kind: ParameterKind
    also: tuple[str, ...] = ()
    column: str | None = None
    low: float = -inf
    high: float = inf

    @property
    def names(self) -> tuple[str, ...]:
        """All names that a prior of it can be given by, the most specific first."""
        return (self.name, *self.also)


def coefficient(name: str) -> Parameter:
    """Return the coefficient of a column."""
    return Parameter(name, "coefficient", () if name == INTERCEPT else ("fixed",), name)


def of_term(group: str, columns: Sequence[str], together: bool, alone: bool = True) -> list[Parameter]:
    """Return the parameters of a random term; `alone` is whether no other term of its factor has correlations."""
    sds = [Parameter(f"sd({column} | {group})", "sd", (f"sd({group})", "sd"), column) for column in columns]
    if not together or len(columns) < 2:
        return sds
    whole, listed = f"cor({group})", f"cor({', '.join(columns)} | {group})"
    names = (whole, listed) if alone else (listed, whole)
    return [*sds, Parameter(names[0], "correlations", (names[1], "cor"))]
