"""The option ``prior=`` of penalized fits: one prior of all coefficients, or one by name."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ..errors import ArgumentError, OptionError, suggestion
from .parameters import INTERCEPT
from .real import Normal

Prior: TypeAlias = Normal | Mapping[str, Normal]


def checked_prior(prior: Prior | None) -> Prior | None:
    """Return a prior that is one of the kinds there are."""
    if prior is None or isinstance(prior, Normal):
        return prior
    if not isinstance(prior, Mapping) or not all(isinstance(own, Normal) for own in prior.values()):
        raise ArgumentError(f"prior={prior!r}: give hlmrs.Normal(0, 2.5), or one by the name of a coefficient")
    return dict(prior)


def prior_by_column(prior: Prior | None, columns: Sequence[str]) -> dict[int, Normal]:
    """Return the prior of each column that has one: all but the intercept, or those named."""
    if prior is None:
        return {}
    if isinstance(prior, Normal):
        return {k: prior for k, name in enumerate(columns) if name != INTERCEPT}
    for name in prior:
        if name not in columns:
            listed = ", ".join(map(repr, columns))
            raise OptionError(f"prior= names {name!r}; the coefficients are {listed}{suggestion(name, columns)}")
    return {columns.index(name): own for name, own in prior.items()}


def described(prior: Prior) -> str:
    """Write a prior for people."""
    if isinstance(prior, Normal):
        return f"{prior} of every coefficient of the mean but the intercept"
    return ", ".join(f"{own} of {name}" for name, own in prior.items())
