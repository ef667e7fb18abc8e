"""Priors of coefficients: what is known of them before the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TypeAlias

from .errors import ArgumentError, OptionError, suggestion

INTERCEPT = "(Intercept)"


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal prior of coefficients, in the units of their columns.

    Parameters
    ----------
    mean, sd : float
        Its mean, and its standard deviation, which is positive.

    Raises
    ------
    OptionError
        For numbers that are not finite, or a standard deviation that is not positive.

    Notes
    -----
    On the logit scale ``Normal(0, 2.5)`` says that an odds ratio above 150 is very unlikely, which is weak for a yes or
    no and for covariates in units of their spread (Gelman et al. 2008).

    Examples
    --------
    >>> import hlmrs
    >>> hlmrs.Normal(0, 2.5)
    Normal(mean=0.0, sd=2.5)
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        for name in ("mean", "sd"):
            value = getattr(self, name)
            if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
                raise OptionError(f"Normal({name}={value!r}): give a finite number")
            object.__setattr__(self, name, float(value))
        if self.sd <= 0:
            raise OptionError(f"Normal(sd={self.sd!r}): give a positive standard deviation")

    def __str__(self) -> str:
        return f"Normal({self.mean:g}, {self.sd:g})"


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
