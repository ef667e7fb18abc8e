"""Terms of a model, and the algebra that makes them from a syntax tree by R's rules: ``a * b`` is ``a + b + a:b``.

A ``Term`` is a product of ``TermFactor``s, a factor an expression with the name R gives it.  While terms are made, each
is a ``Key``: the sorted places of its factors among the ``Variables`` of its part of the formula.  As in R, variables
are placed in the order of their first appearance, which also orders the factors of a term: in ``b + a:b`` it is
``b:a``.  The intercept is not a term: 1 sets it, 0 clears it, a minus inverts this, and the last one counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias

from ..errors import quote
from .expressions import Call, ColumnName, Expression, as_json, columns_of
from .functions import SPLINES
from .meaning import expression_of
from .syntax import (
    COMPARISONS,
    Argument,
    Dot,
    FunctionCall,
    Infix,
    Name,
    Numeral,
    Parenthesis,
    Prefix,
    Quotation,
    ReadingError,
    Syntax,
    children,
    deparse,
    excerpt,
    is_bar,
    strip,
)

Key: TypeAlias = tuple[int, ...]
Keys: TypeAlias = dict[Key, None]

MOST_TERMS = 20_000
_MOST_PRODUCTS = 100_000
_MOST_FACTORS = 64


@dataclass(frozen=True, slots=True)
class TermFactor:
    """An expression and its name as R writes it, such as ``I(x^2)``."""

    name: str
    expression: Expression

    def columns(self) -> Iterable[ColumnName]:
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

    factors: tuple[TermFactor, ...]

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
        self._factors: list[TermFactor] = []
        self._products = 0

    def place(self, factor: TermFactor) -> Keys:
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
            raise ReadingError("this expands to too many terms", at)
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
        raise ReadingError(f"this expands to too many terms: more than {MOST_TERMS:,}", at)
    return keys


def _multiply(left: Key, right: Key, at: int) -> Key:
    key = tuple(sorted({*left, *right}))
    _check_degree(key, at)
    return key


def _check_degree(key: Key, at: int) -> None:
    if len(key) > _MOST_FACTORS:
        raise ReadingError(f"an interaction of more than {_MOST_FACTORS} factors", at)


def _one_level_each(node: Syntax) -> list[Syntax]:
    """Write ``dummy(f, c("b", "c"))`` as ``dummy(f, "b")`` and ``dummy(f, "c")``; other factors are one."""
    if not isinstance(node, FunctionCall) or node.function != "dummy" or len(node.arguments) != 2:
        return [node]
    factor, levels = node.arguments
    if not isinstance(levels.value, FunctionCall) or levels.value.function != "c":
        return [node]
    if not levels.value.arguments:
        raise ReadingError("expected levels in c()", levels.value.at[0])
    return [replace(node, arguments=(factor, Argument(levels.name, one.value))) for one in levels.value.arguments]


_SUMS = ("+", "-")


class TermReader:
    """Reads one part of a formula into terms.

    ``summed`` says whether only sums, differences and parentheses are around a node: where things that are no factors,
    such as random terms, may stand.
    """

    part = "a formula"

    def __init__(self, mentioned: list[ColumnName]) -> None:
        self.intercept = True
        self._adding = True
        self._variables = Variables()
        self._mentioned = mentioned

    def read(self, node: Syntax) -> tuple[Term, ...]:
        """Return the terms of a whole part."""
        return self._variables.sorted_terms(self.encode(node, True))

    def encode(self, node: Syntax, summed: bool) -> Keys:
        """Return the terms of a node."""
        chain: list[tuple[Infix, bool]] = []
        while isinstance(node, Infix) and not is_bar(node):
            chain.append((node, summed))
            summed = summed and node.operator in _SUMS
            node = node.left
        terms = self._operand(node, summed)
        for link, link_summed in reversed(chain):
            terms = self._apply(link, terms, link_summed)
        return terms

    def _apply(self, link: Infix, left: Keys, summed: bool) -> Keys:
        """Combine the terms left of an operator with those right of it."""
        at = link.operator_at
        if link.operator == "+":
            left.update(self.encode(link.right, summed))
            return check_size(left, at)
        if link.operator == "-":
            for key in self._subtract(link.right, summed):
                left.pop(key, None)
            return left
        if link.operator in COMPARISONS:
            raise ReadingError(
                f"comparisons and logic are no terms; write I(x {link.operator} 3), which is 1 where it holds, else 0",
                at,
            )
        self._require(left, link.left)
        if link.operator == "^":
            return self._variables.power(left, _exponent(link.right), at)
        right = self.encode(link.right, False)
        self._require(right, link.right)
        return self._multiply(link.operator, left, right, at)

    def _multiply(self, operator: str, left: Keys, right: Keys, at: int) -> Keys:
        interact = self._variables.interact
        if operator == ":":
            return interact(left, right, at)
        if operator == "*":
            return check_size({**left, **right, **interact(left, right, at)}, at)
        if operator == "/":
            return check_size({**left, **interact(product_of_all(left, at), right, at)}, at)
        return interact(left, product_of_all(right, at), at)

    def _operand(self, node: Syntax, summed: bool) -> Keys:
        if isinstance(node, Parenthesis):
            return self.parenthesis(node, summed)
        if isinstance(node, Prefix):
            if node.operator == "+":
                return self.encode(node.operand, summed)
            self._subtract(node.operand, summed)
            return {}
        if isinstance(node, Numeral):
            return self.numeral(node)
        if isinstance(node, Dot):
            return self.dot(node)
        if isinstance(node, FunctionCall):
            return self.call(node, summed)
        if isinstance(node, Infix):
            raise self.refuse_bar(node)
        return self.factor(node)

    def _subtract(self, node: Syntax, summed: bool) -> Keys:
        self._adding = not self._adding
        terms = self.encode(node, summed)
        self._adding = not self._adding
        return terms

    def parenthesis(self, node: Parenthesis, summed: bool) -> Keys:
        """Read ``( )``."""
        return self.encode(node.inner, summed)

    def numeral(self, node: Numeral) -> Keys:
        """Read 1 or 0: with or without an intercept."""
        if node.value not in (0.0, 1.0):
            raise ReadingError(
                f"the number {excerpt(node)} is no term; arithmetic outside a function goes into I(), as in I(x/2)",
                node.at[0],
            )
        self.intercept = (node.value == 1.0) == self._adding
        return {}

    def dot(self, node: Dot) -> Keys:
        """Read ``.``; only the fixed part has a meaning for it."""
        raise ReadingError(f"'.' cannot stand in {self.part}; name the columns", node.at[0])

    def call(self, node: FunctionCall, summed: bool) -> Keys:
        """Read a call; it is a factor unless a part knows better."""
        return self.factor(node)

    def factor(self, node: Syntax) -> Keys:
        """Read a factor: a column or a function of columns."""
        if isinstance(node, Quotation):
            raise ReadingError(f"the text {excerpt(node)} is no term; columns are named without quotes", node.at[0])
        keys: Keys = {}
        for one in _one_level_each(node):
            keys.update(self._variables.place(self.make_factor(one)))
        return keys

    def make_factor(self, node: Syntax) -> TermFactor:
        """Give meaning and a name to a column or a call."""
        factor = TermFactor(deparse(node), expression_of(node))
        self._mentioned.extend(factor.columns())
        return factor

    def refuse_bar(self, bar: Infix) -> ReadingError:
        """Say why a bar cannot stand here."""
        return ReadingError("bars do not nest: write one term for every group, (x | g) + (x | h)", bar.operator_at)

    def _require(self, terms: Keys, node: Syntax) -> None:
        """Refuse an operand without terms, such as 1, where R would silently drop the whole product."""
        if terms:
            return
        if isinstance(node, Prefix):
            raise ReadingError(
                f"as in R, '{node.operator}' takes {excerpt(node.operand)} alone, before '*', '/' and ':'; "
                "put the product in parentheses",
                node.at[0],
            )
        raise ReadingError(f"{excerpt(node)} has no term to combine with", node.at[0])


def _exponent(node: Syntax) -> int:
    """Return the power of ``(a + b)^2``."""
    if isinstance(node, Numeral) and node.value >= 1 and node.value.is_integer():
        return int(node.value)
    raise ReadingError(f"expected a whole number of at least 1 after '^', not {excerpt(node)}", node.at[0])


def notes_of(right: Syntax) -> Iterator[str]:
    """Yield what in the terms of a model says less than it seems to: the power or the product of a term with itself."""
    waiting = [right]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Infix) and node.operator in ("^", "*", ":") and _is_idle(node):
            term = deparse(strip(node.left))
            yield (
                f"{excerpt(node)} is {quote(term)} in a formula, where {node.operator!r} crosses terms; "
                f"the square of a column is I({term}^2)"
            )
        elif not isinstance(node, FunctionCall) or any(is_bar(strip(argument.value)) for argument in node.arguments):
            waiting.extend(reversed(children(node)))


def _is_idle(node: Infix) -> bool:
    """Whether an operator has one term on its left, and the same, or a power, on its right."""
    left, right = strip(node.left), strip(node.right)
    if node.operator == "^":
        return isinstance(left, Name | FunctionCall) and isinstance(right, Numeral) and right.value > 1
    return isinstance(left, Name | FunctionCall) and deparse(left) == deparse(right)
