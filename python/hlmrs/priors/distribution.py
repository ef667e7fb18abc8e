"""What all priors have in common: checked numbers, and how they are written for people and for the core."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Distribution(ABC):
    """A prior: a distribution whose numbers are checked when it is made."""

    __slots__ = ()
    _kind: ClassVar[str]
    _positive: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        for name in self._numbers():
            object.__setattr__(self, name, self._checked(name, getattr(self, name)))

    def _checked(self, name: str, value: Any) -> float:
        if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
            raise OptionError(f"{self._written({name: value})}: give a finite number")
        if name in self._positive and value <= 0:
            raise OptionError(f"{self._written({name: value})}: give a positive {self._positive[name]}")
        return float(value)

    def _written(self, numbers: Mapping[str, Any]) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in numbers.items())})"

    def _numbers(self) -> dict[str, float]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{value:g}' for value in self._numbers().values())})"

    def to_core(self) -> dict[str, str | float]:
        """Return the prior as plain values, by name: what a file and the compiled core hold.

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.HalfStudentT(3, 2.5).to_core()
        {'kind': 'half_student_t', 'df': 3.0, 'scale': 2.5}
        """
        return {"kind": self._kind, **self._numbers()}

    def log_density(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of the density at each value, with its constants; -inf where there is none.

        Parameters
        ----------
        x : array_like
            Values; for ``LKJ`` correlation matrices in the last two axes.

        Returns
        -------
        numpy.ndarray
            One number a value.

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Exponential(2).log_density([-1, 0]).round(3).tolist()
        [-inf, 0.693]
        """
        return self._log_density(np.asarray(x, dtype=np.float64))

    def sample(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """Draw independent values.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where randomness comes from.
        n : int
            How many values.

        Returns
        -------
        numpy.ndarray
            The values.

        Examples
        --------
        >>> import hlmrs, numpy
        >>> len(hlmrs.HalfNormal(2).sample(numpy.random.default_rng(1), 5))
        5
        """
        return self._draws(rng, n)

    @abstractmethod
    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...

    @abstractmethod
    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]: ...


def where(
    inside: Callable[[NDArray[np.float64]], Any],
    density: Callable[[NDArray[np.float64]], Any],
    x: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a log density of values that are possible, -inf elsewhere, and nan at nan."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(inside(x) | np.isnan(x), density(x), -np.inf)
