"""The power of one test: its noncentrality and degrees of freedom, and the tail of the noncentral distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import f_quantile, noncentral_f_tail, noncentral_t_tail, two_sided_quantile
from ..errors import OptionError
from ..inference.degrees_of_freedom import joint_df, matched_df
from ..options import Alternative
from .information import Information
from .tested import Hypotheses

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_FARTHEST = 1e3
"""The root of a noncentrality above which a power is out of reach."""


@dataclass(frozen=True, slots=True)
class Level:
    """At which level, and against what, is tested."""

    alpha: float = 0.05
    alternative: Alternative = "two-sided"


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A test of planned rows.

    `effect` and `std_error` are of a single hypothesis, NaN of several; `strength` is the root of the noncentrality,
    with the sign of a single effect.
    """

    name: str
    effect: float
    std_error: float
    num_df: int
    df: float
    strength: float
    level: Level

    @property
    def power(self) -> float:
        """The probability of a significant test."""
        return self.power_at(self.strength)

    def power_at(self, strength: float) -> float:
        """Return the power at another root of the noncentrality."""
        alpha, alternative = self.level.alpha, self.level.alternative
        if self.num_df == 1 and alternative != "two-sided":
            critical = (
                two_sided_quantile(1 - 2 * alpha, self.df)
                if alpha < 0.5
                else -two_sided_quantile(2 * alpha - 1, self.df)
            )
            return noncentral_t_tail(critical, self.df, strength if alternative == "greater" else -strength)
        critical = (
            two_sided_quantile(1 - alpha, self.df) ** 2 if self.num_df == 1 else f_quantile(alpha, self.num_df, self.df)
        )
        return noncentral_f_tail(critical, self.num_df, self.df, strength**2)

    def strength_for(self, power: float) -> float | None:
        """Return the least root of a noncentrality with this power; None if it is out of reach."""
        sign = self._side()
        found = _solved(lambda strength: self.power_at(sign * strength), power)
        return None if found is None else sign * found

    def required_strength(self, power: float) -> float:
        """Return the least root of a noncentrality with this power."""
        found = self.strength_for(power)
        if found is None:
            raise OptionError(
                f"power={power:g} is out of reach for the test of {self.name} with {self.df:.3g} degrees of freedom, "
                f"whatever its effect up to {_FARTHEST:g} standard errors; plan more units, or a greater alpha"
            )
        return found

    def _side(self) -> float:
        """Return the sign of the effects that are looked for; of a two-sided test it is that of the planned one."""
        alternative = self.level.alternative
        is_below = alternative == "less" or (alternative == "two-sided" and self.strength < 0)
        return -1.0 if is_below and self.num_df == 1 else 1.0


def _solved(power_at: Callable[[float], float], power: float) -> float | None:
    """Return where a rising function reaches a power, by bisection to the last digits; None if it is too far."""
    low, high = 0.0, 1.0
    if power_at(low) >= power:
        return low
    while power_at(high) < power:
        if high >= _FARTHEST:
            return None
        low, high = high, min(2 * high, _FARTHEST)
    while high - low > 1e-13 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if power_at(middle) < power else (low, middle)
    return 0.5 * (low + high)


def planned_test(
    tested: Hypotheses, beta: Vector, information: Information, ordinary: Matrix | None, level: Level, fewer_df: int = 0
) -> PlannedTest:
    """Return the power of a test with fewer df for covariates; joint tests need `ordinary`, which is (X'X)⁻¹."""
    c, effect = information.covariance, tested.effect(beta)
    of_effect = tested.rows @ c @ tested.rows.T
    strength = float(np.sqrt(effect @ np.linalg.solve(of_effect, effect)))
    df = _df(tested.rows, information, ordinary) - fewer_df
    if len(effect) > 1:
        return PlannedTest(tested.name, np.nan, np.nan, len(effect), df, strength, level)
    own = float(effect[0])
    return PlannedTest(
        tested.name, own, float(np.sqrt(of_effect[0, 0])), 1, df, float(np.copysign(strength, own)), level
    )


def _df(rows: Matrix, information: Information, ordinary: Matrix | None) -> float:
    if not len(information.slopes):
        return float("inf")

    def single(directions: Matrix) -> Vector:
        return matched_df(directions, information.covariance, information.slopes, information.of_variances)

    if len(rows) == 1:
        return float(single(rows)[0])
    assert ordinary is not None, "(X'X)⁻¹ of a joint test"
    return joint_df(rows, information.covariance, ordinary, single)
