"""Priors of parameters of either sign, such as coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..errors import OptionError
from .distribution import Distribution, where

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOG_ROOT_2PI = 0.5 * log(2 * pi)


def log_normal_density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log density of a standard normal variate."""
    return -0.5 * z**2 - _LOG_ROOT_2PI


def log_t_density(z: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    """Return the log density of Student's t."""
    constant = lgamma(0.5 * (df + 1)) - lgamma(0.5 * df) - 0.5 * log(df * pi)
    return np.asarray(constant - 0.5 * (df + 1) * np.log1p(z**2 / df))


@dataclass(frozen=True, slots=True)
class Normal(Distribution):
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

    _kind: ClassVar[str] = "normal"
    _positive: ClassVar = {"sd": "standard deviation"}

    mean: float
    sd: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = (x - self.mean) / self.sd
        return log_normal_density(z) - log(self.sd)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return rng.normal(self.mean, self.sd, n)


@dataclass(frozen=True, slots=True)
class StudentT(Distribution):
    """A prior of coefficients by Student's t: like a normal one, but values far from its mean stay possible.

    Parameters
    ----------
    df : float
        Degrees of freedom, positive; 1 is Cauchy's distribution, many are a normal one.
    mean, sd : float
        Where its middle is, and its scale, which is positive: the standard deviation of the normal distribution that it
        is with many degrees of freedom.

    Raises
    ------
    OptionError
        For numbers that are not finite, or degrees of freedom or a scale that are not positive.

    Examples
    --------
    >>> import hlmrs
    >>> prior = hlmrs.StudentT(3, 0, 2.5)
    >>> print(prior, prior.log_density(10) > hlmrs.Normal(0, 2.5).log_density(10))
    StudentT(3, 0, 2.5) True
    """

    _kind: ClassVar[str] = "student_t"
    _positive: ClassVar = {"df": "number of degrees of freedom", "sd": "scale"}

    df: float
    mean: float
    sd: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = (x - self.mean) / self.sd
        return log_t_density(z, self.df) - log(self.sd)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self.mean + self.sd * rng.standard_t(self.df, n)


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """A prior under which all values between two ends are equally likely, and no others possible.

    Parameters
    ----------
    low, high : float
        The ends, the lower one first.

    Raises
    ------
    OptionError
        For numbers that are not finite, or ends that are not in order.

    Notes
    -----
    The ends are hard: data that want a value beyond them push the posterior against them.  A half-normal or Student's t
    prior of the same width says nearly the same without ends.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.Uniform(0, 50))
    Uniform(0, 50)
    """

    _kind: ClassVar[str] = "uniform"

    low: float
    high: float

    def __post_init__(self) -> None:
        Distribution.__post_init__(self)
        if not self.low < self.high:
            raise OptionError(f"{self._written(self._numbers())}: give the lower end first")

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        constant = -log(self.high - self.low)
        return where(lambda v: (v >= self.low) & (v <= self.high), lambda v: 0 * v + constant, x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return rng.uniform(self.low, self.high, n)


@dataclass(frozen=True, slots=True)
class Flat(Distribution):
    """No prior: the data alone speak.

    Its density is constant and has no integral, so that it has no draws, and a model may have no posterior: a variance
    of few groups needs a prior that says something.  Its log density is zero.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.Flat())
    Flat()
    """

    _kind: ClassVar[str] = "flat"

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return 0 * x

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        raise OptionError("Flat() has no integral and so no draws: give a wide prior, such as hlmrs.Normal(0, 100)")
