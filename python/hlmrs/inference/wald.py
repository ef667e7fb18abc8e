"""Wald's tests and intervals: from estimates, their standard errors and degrees of freedom."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_ps, two_sided_quantiles
from ..errors import OptionError

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Wald:
    """Tests and intervals; all arrays have one entry per estimate."""

    estimate: Vector
    std_error: Vector
    statistic: Vector
    df: Vector
    p_value: Vector
    conf_low: Vector
    conf_high: Vector

    def columns(self, *names: str) -> dict[str, Vector]:
        """Return the columns of a table: those named, or all."""
        return {name: getattr(self, name) for name in names or self.__slots__}


def wald(estimate: Vector, std_error: Vector, df: Vector, level: float, null: "Vector | float" = 0.0) -> Wald:
    """Test estimates against `null`, and give them intervals of `level`; what has no error has no test."""
    statistic = (estimate - null) / np.where(std_error == 0, np.nan, std_error)
    low, high = interval(estimate, std_error, df, level)
    return Wald(estimate, std_error, statistic, df, two_sided_ps(statistic, df), low, high)


def interval(estimate: Vector, std_error: Vector, df: Vector, level: float) -> tuple[Vector, Vector]:
    """Return the bounds alone; what has no error is its own bounds, whatever its degrees of freedom."""
    check_level(level)
    margin = np.where(std_error == 0, 0.0, two_sided_quantiles(level, df) * std_error)
    return estimate - margin, estimate + margin


def check_level(level: float, name: str = "level") -> None:
    """Refuse a confidence level, the argument `name`, that is no probability."""
    is_number = isinstance(level, Real) and not isinstance(level, bool)
    if not is_number or not 0 < level < 1:
        instead = f"{level / 100:g}" if is_number and 1 < level < 100 else "0.95"
        raise OptionError(f"{name}={level!r}: give a number between 0 and 1, such as {instead}")
