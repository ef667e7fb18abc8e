"""Functions of coefficients as their tangents at the estimates, which the delta method tests.

A tangent is weights'β + constant + rest: of a sum of coefficients and numbers the rest is zero, and it is the function
itself.  Of g it has weights dg/dβ at the estimates, and the rest that makes it g(β) there.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

FUNCTIONS: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
}
"""Functions of one number, each with its derivative."""


@dataclass(frozen=True)
class Tangent:
    """weights'β + constant + rest."""

    weights: Vector
    constant: float
    rest: float = 0.0

    def times(self, factor: float) -> "Tangent":
        """Multiply by a number."""
        return Tangent(self.weights * factor, self.constant * factor, self.rest * factor)

    def plus(self, other: "Tangent", sign: float) -> "Tangent":
        """Add another, or subtract it."""
        return Tangent(
            self.weights + sign * other.weights,
            self.constant + sign * other.constant,
            self.rest + sign * other.rest,
        )

    @property
    def is_number(self) -> bool:
        """Whether there is no coefficient in it."""
        return not self.weights.any()

    def at(self, beta: Vector) -> float:
        """Return its value at the estimates."""
        return float(self.weights @ beta) + self.constant + self.rest


def tangent_of(value: float, slope: Vector, beta: Vector) -> Tangent:
    """Return the tangent of a function by its value and slope; one that does not move is a number."""
    if not slope.any():
        return Tangent(slope, value)
    return Tangent(slope, 0.0, value - float(slope @ beta))


def product(one: Tangent, other: Tangent, beta: Vector) -> Tangent:
    """Multiply two functions."""
    u, v = one.at(beta), other.at(beta)
    return tangent_of(u * v, v * one.weights + u * other.weights, beta)


def quotient(one: Tangent, other: Tangent, beta: Vector) -> Tangent:
    """Divide one function by another, whose value is not zero."""
    u, v = one.at(beta), other.at(beta)
    return tangent_of(u / v, one.weights / v - u * other.weights / v**2, beta)


def power(one: Tangent, exponent: float, beta: Vector) -> Tangent:
    """Raise a function to a power; a ValueError or ZeroDivisionError where that is no number."""
    u = one.at(beta)
    if u < 0 and exponent != round(exponent):
        raise ValueError(f"{u:g} to the power {exponent:g} is not a number")
    return tangent_of(u**exponent, exponent * u ** (exponent - 1) * one.weights, beta)


def applied(function: str, one: Tangent, beta: Vector) -> Tangent:
    """Apply a function of one number; a ValueError or ZeroDivisionError where it has no value or slope."""
    value, slope = FUNCTIONS[function]
    u = one.at(beta)
    return tangent_of(value(u), slope(u) * one.weights, beta)
