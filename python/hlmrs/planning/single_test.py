"""The power of one test: its noncentrality and degrees of freedom, and the tail of the noncentral distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import f_quantile, noncentral_f_tail, noncentral_t_tail, two_sided_quantile
from ..inference.degrees_of_freedom import joint_df, matched_df
from ..options import Alternative
from .information import Information
from .tested import Hypotheses

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


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

    def strength_for(self, power: float) -> float:
        """Return the least root of a noncentrality with this power."""
        sign = -1.0 if self.level.alternative == "less" and self.num_df == 1 else 1.0
        return sign * _solved(lambda strength: self.power_at(sign * strength), power)


def _solved(power_at: Callable[[float], float], power: float) -> float:
    """Return where a rising function reaches a power, by bisection to the last digits."""
    low, high = 0.0, 1.0
    if power_at(low) >= power:
        return low
    while power_at(high) < power:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if power_at(middle) < power else (low, middle)
    return 0.5 * (low + high)


def planned_test(
    tested: Hypotheses, beta: Vector, information: Information, ordinary: Matrix, level: Level, fewer_df: float = 0.0
) -> PlannedTest:
    """Return the power of a test; `ordinary` is (X'X)⁻¹, and covariates beside the formula leave fewer df."""
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


def _df(rows: Matrix, information: Information, ordinary: Matrix) -> float:
    if not len(information.slopes):
        return float("inf")

    def single(directions: Matrix) -> Vector:
        return matched_df(directions, information.covariance, information.slopes, information.of_variances)

    if len(rows) == 1:
        return float(single(rows)[0])
    return joint_df(rows, information.covariance, ordinary, single)
