"""Priors of parameters that are not negative, such as standard deviations."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .distribution import Distribution, where
from .real import log_normal_density, log_t_density

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _not_negative(x: NDArray[np.float64]) -> NDArray[np.bool_]:
    return x >= 0


@dataclass(frozen=True, slots=True)
class HalfStudentT(Distribution):
    """A prior of standard deviations: the absolute value of Student's t.

    Parameters
    ----------
    df : float
        Degrees of freedom, positive; 3 leaves large values possible.
    scale : float
        Its scale, positive: with three degrees of freedom six tenths of the distribution are below it.

    Raises
    ------
    OptionError
        For numbers that are not finite and positive.

    Notes
    -----
    Zero is as likely as other small values, so that a variance that is not there may vanish (Gelman 2006).

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.HalfStudentT(3, 2.5))
    HalfStudentT(3, 2.5)
    """

    _kind: ClassVar[str] = "half_student_t"
    _positive: ClassVar = {"df": "number of degrees of freedom", "scale": "scale"}

    df: float
    scale: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return where(_not_negative, lambda v: log_t_density(v / self.scale, self.df) + log(2 / self.scale), x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self.scale * np.abs(rng.standard_t(self.df, n))


@dataclass(frozen=True, slots=True)
class HalfNormal(Distribution):
    """A prior of standard deviations: the absolute value of a normal variate of mean zero.

    Parameters
    ----------
    scale : float
        The standard deviation of that normal variate, positive: two thirds of the distribution are below it.

    Raises
    ------
    OptionError
        For a scale that is not finite and positive.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.HalfNormal(2.5))
    HalfNormal(2.5)
    """

    _kind: ClassVar[str] = "half_normal"
    _positive: ClassVar = {"scale": "scale"}

    scale: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return where(_not_negative, lambda v: log_normal_density(v / self.scale) + log(2 / self.scale), x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self.scale * np.abs(rng.standard_normal(n))


@dataclass(frozen=True, slots=True)
class HalfCauchy(Distribution):
    """A prior of standard deviations with the heaviest tail: the absolute value of Cauchy's variate.

    Parameters
    ----------
    scale : float
        Its median, positive.

    Raises
    ------
    OptionError
        For a scale that is not finite and positive.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.HalfCauchy(2.5))
    HalfCauchy(2.5)
    """

    _kind: ClassVar[str] = "half_cauchy"
    _positive: ClassVar = {"scale": "scale"}

    scale: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return where(_not_negative, lambda v: log(2 / (pi * self.scale)) - np.log1p((v / self.scale) ** 2), x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self.scale * np.abs(rng.standard_cauchy(n))


@dataclass(frozen=True, slots=True)
class Exponential(Distribution):
    """A prior of standard deviations that falls from zero on.

    Parameters
    ----------
    rate : float
        One over its mean, positive.

    Raises
    ------
    OptionError
        For a rate that is not finite and positive.

    Notes
    -----
    It is the penalized-complexity prior of a standard deviation: ``Exponential(-log(p) / u)`` says that values above
    ``u`` have the probability ``p`` (Simpson et al. 2017).

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.Exponential(0.5))
    Exponential(0.5)
    """

    _kind: ClassVar[str] = "exponential"
    _positive: ClassVar = {"rate": "rate"}

    rate: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return where(_not_negative, lambda v: log(self.rate) - self.rate * v, x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return rng.exponential(1 / self.rate, n)


@dataclass(frozen=True, slots=True)
class Gamma(Distribution):
    """A gamma prior of standard deviations or precisions; a shape above one keeps it away from zero.

    Parameters
    ----------
    shape, rate : float
        Its shape and its rate, positive: the mean is ``shape / rate``.

    Raises
    ------
    OptionError
        For numbers that are not finite and positive.

    Notes
    -----
    A shape of two and a small rate keep a standard deviation from being estimated as zero and say little else (Chung
    et al. 2013).

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.Gamma(2, 0.1))
    Gamma(2, 0.1)
    """

    _kind: ClassVar[str] = "gamma"
    _positive: ClassVar = {"shape": "shape", "rate": "rate"}

    shape: float
    rate: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        constant = self.shape * log(self.rate) - lgamma(self.shape)
        power = self.shape - 1
        return where(_not_negative, lambda v: constant - self.rate * v + (power * np.log(v) if power else 0), x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return rng.gamma(self.shape, 1 / self.rate, n)


@dataclass(frozen=True, slots=True)
class InverseGamma(Distribution):
    """An inverse gamma prior: one over a value has a gamma distribution.

    Parameters
    ----------
    shape, scale : float
        Its shape and its scale, positive: the mode is ``scale / (shape + 1)``.

    Raises
    ------
    OptionError
        For numbers that are not finite and positive.

    Notes
    -----
    It has no mass near zero.  For standard deviations that may be small, a half-normal or half-t prior is better
    (Gelman 2006); it suits ranges of correlations.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.InverseGamma(3, 2))
    InverseGamma(3, 2)
    """

    _kind: ClassVar[str] = "inverse_gamma"
    _positive: ClassVar = {"shape": "shape", "scale": "scale"}

    shape: float
    scale: float

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        constant = self.shape * log(self.scale) - lgamma(self.shape)
        return where(lambda v: v > 0, lambda v: constant - (self.shape + 1) * np.log(v) - self.scale / v, x)

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self.scale / rng.gamma(self.shape, 1.0, n)
