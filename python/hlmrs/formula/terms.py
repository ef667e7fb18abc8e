"""Terms of a model, and the algebra that makes them: ``a * b`` is ``a + b + a:b``.

A ``Term`` is a product of ``Factor``s, a factor an expression with the name R gives it.  While terms are made, each is
a ``Key``: the sorted places of its factors among the ``Variables`` of its part of the formula.  As in R, variables are
placed in the order of their first appearance, which also orders the factors of a term: in ``b + a:b`` it is ``b:a``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from .expressions import Call, Column, Expression, as_json, columns_of
from .functions import SPLINES
from .reading_error import ReadingError

Key: TypeAlias = tuple[int, ...]
Keys: TypeAlias = dict[Key, None]

MOST_TERMS = 20_000
_MOST_PRODUCTS = 100_000
_MOST_FACTORS = 64


@dataclass(frozen=True, slots=True)
class Factor:
    """An expression and its name as R writes it, such as ``I(x^2)``."""

    name: str
    expression: Expression

    def columns(self) -> Iterable[Column]:
        """Return the columns that the factor reads."""
        return columns_of(self.expression)

    @property
    def is_spline(self) -> bool:
        """Whether the core gets this factor as columns computed beside the frame, under its name."""
        return isinstance(self.expression, Call) and self.expression.name in SPLINES

    def as_json(self) -> dict[str, Any]:
        """Return what the core reads."""
        if isinstance(self.expression, Call) and self.is_spline:
            key = {"kind": "text", "value": self.name}
            at = list(self.expression.at)
            return {
                "name": self.name,
                "expr": {"kind": "call", "name": "external", "args": [key], "named": {}, "at": at},
            }
        return {"name": self.name, "expr": as_json(self.expression)}


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A product of factors; ``a:b`` and ``b:a`` are equal."""

    factors: tuple[Factor, ...]

    @property
    def name(self) -> str:
        """The term as R names it, such as ``sector:cses``."""
        return ":".join(factor.name for factor in self.factors)

    def as_json(self) -> dict[str, Any]:
        """Return what the core reads."""
        return {"name": self.name, "factors": [factor.as_json() for factor in self.factors]}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Term):
            return NotImplemented
        return frozenset(self.factors) == frozenset(other.factors)

    def __hash__(self) -> int:
        return hash(frozenset(self.factors))


class Variables:
    """The factors of one part of a formula, each with its place: the order of first appearance."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._factors: list[Factor] = []
        self._products = 0

    def place(self, factor: Factor) -> Keys:
        """Return the factor as a term of its own."""
        place = self._places.setdefault(factor.name, len(self._factors))
        if place == len(self._factors):
            self._factors.append(factor)
        return {(place,): None}

    def sorted_terms(self, keys: Keys) -> tuple[Term, ...]:
        """Return the terms by degree, then by first appearance."""
        return tuple(Term(tuple(self._factors[place] for place in key)) for key in sorted(keys, key=len))

    def interact(self, left: Keys, right: Keys, at: int) -> Keys:
        """``left:right``: every term of one times every term of the other."""
        self._products += len(left) * len(right)
        if self._products > _MOST_PRODUCTS:
            raise ReadingError("too many terms come of this", at)
        return check_size({_multiply(a, b, at): None for a, b in product(left, right)}, at)

    def power(self, base: Keys, exponent: int, at: int) -> Keys:
        """``base^exponent``: all interactions of up to so many terms."""
        terms = base
        for _ in range(exponent - 1):
            larger = self.interact(base, terms, at)
            if list(larger) == list(terms):
                break
            terms = larger
        return terms


def product_of_all(keys: Keys, at: int) -> Keys:
    """Return the one term that has every factor of the terms."""
    union = tuple(sorted({place for key in keys for place in key}))
    _check_degree(union, at)
    return {union: None}


def check_size(keys: Keys, at: int) -> Keys:
    """Refuse more terms than any design could have."""
    if len(keys) > MOST_TERMS:
        raise ReadingError(f"too many terms come of this: more than {MOST_TERMS:,}", at)
    return keys


def _multiply(left: Key, right: Key, at: int) -> Key:
    key = tuple(sorted({*left, *right}))
    _check_degree(key, at)
    return key


def _check_degree(key: Key, at: int) -> None:
    if len(key) > _MOST_FACTORS:
        raise ReadingError(f"an interaction of more than {_MOST_FACTORS} factors", at)
