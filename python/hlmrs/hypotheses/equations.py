"""Hypotheses in words: ``"Days = 10"``, ``"a = b, c = 0"``, ``"2 * a - b / 3 = c + 1"``; and ``"a / b = 2"``.

Inequalities, such as ``"0 < a < 1"``, are of posteriors.

sides   := side ("=" side)* [("," | ";") sides]
side    := ["-" | "+"] product (("+" | "-") product)*
product := power (("*" | "/") power)*
power   := factor ["^" ["-"] number]
factor  := number | coefficient | "(" side ")" | function "(" side ")"

What is not linear in the coefficients is read as its tangent at the estimates, which the delta method tests.

A coefficient is the longest name of one that stands there, with any white space about its bar and commas, or a name in
backticks.  Where nothing else can stand, a name without its backticks is one, and an interaction in another order.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import FormulaError, listed, suggestion
from ..formula.names import find_name, unquoted
from .tangents import FUNCTIONS, Tangent, applied, power, product, quotient

Vector = NDArray[np.float64]

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"(?:`(?:[^`\\]|\\.)*`|[^\s=<>,;+\-*/()`])+")
_INEQUALITIES = ("<=", ">=", "<", ">")
_LOOSE = re.compile(r"\s*([|,])\s*")
_FUNCTION = re.compile(rf"({'|'.join(FUNCTIONS)})\s*\(")
_BACKTICKS = re.compile(r"`(?:[^`\\]|\\.)*`")
_INTERCEPT = "(Intercept)"
_MOST_NESTED = 50


class NotLinearError(FormulaError):
    """What is not linear in the coefficients, where it has to be."""


@dataclass(frozen=True)
class Hypothesis:
    """l'β + rest = value, with its text; the rest is that of a tangent."""

    text: str
    weights: Vector
    value: float
    rest: float = 0.0


def read_hypotheses(text: str, names: Sequence[str], beta: Vector | None = None) -> list[Hypothesis]:
    """Read all equations of a text; `beta` are the estimates, at which what is not linear has its tangent."""
    return _Reader(text, names, beta).equations()


def read_inequalities(text: str, names: Sequence[str], beta: Vector | None = None) -> tuple[list[Tangent], list[str]]:
    """Read the sides of an inequality, or of two in a row, and the signs between them."""
    return _Reader(text, names, beta).inequalities()


class _Reader:
    """A cursor over the text."""

    def __init__(self, text: str, names: Sequence[str], beta: Vector | None) -> None:
        self._text = text
        self._beta = beta
        self._names = {name: k for k, name in enumerate(names)}
        if "Intercept" not in self._names and _INTERCEPT in self._names:
            self._names["Intercept"] = self._names[_INTERCEPT]
        self._by_length = sorted(self._names, key=len, reverse=True)
        self._plain = {unquoted(name): name for name in self._by_length if unquoted(name) not in self._names}
        self._n = len(names)
        self._at = 0
        self._depth = 0

    def equations(self) -> list[Hypothesis]:
        out = []
        while True:
            start = self._skip()
            sides = [self._side()]
            while self._take("="):
                self._take("=")
                sides.append(self._side())
            text = self._text[start : self._at].strip()
            if len(sides) == 1:
                sides.append(Tangent(np.zeros(self._n), 0.0))
            out += [self._hypothesis(text, left, right, start) for left, right in pairwise(sides)]
            if not (self._take(",") or self._take(";")):
                break
        if self._skip() < len(self._text):
            raise self._error("expected '=', ',', an operator, or the end")
        return out

    def inequalities(self) -> tuple[list[Tangent], list[str]]:
        """Read sides and the signs between them."""
        sides, signs = [self._side_or_nothing()], list[str]()
        while sign := next((sign for sign in _INEQUALITIES if self._take(sign)), None):
            sides.append(self._side_or_nothing())
            signs.append(sign)
        is_equation = self._text.startswith("=", self._skip())
        if is_equation or (self._at == len(self._text) and not signs):
            what = "expected an inequality, such as 'x > 0': a single value of a parameter has no probability"
            raise self._error(what)
        if self._at < len(self._text):
            raise self._error("expected '<', '>', an operator, or the end")
        if self._beta is None and any(left.is_number and right.is_number for left, right in pairwise(sides)):
            raise FormulaError("this hypothesis has no coefficient in it", self._text, 0)
        return sides, signs

    def _side_or_nothing(self) -> Tangent:
        if self._skip() == len(self._text) or any(self._text.startswith(sign, self._at) for sign in "<>="):
            raise self._error("expected something on both sides")
        return self._side()

    def _hypothesis(self, text: str, left: Tangent, right: Tangent, at: int) -> Hypothesis:
        both = left.plus(right, -1.0)
        if both.is_number:
            raise FormulaError("this hypothesis has no coefficient in it", self._text, at)
        return Hypothesis(text, both.weights, 0.0 - both.constant, both.rest)

    def _side(self) -> Tangent:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise self._error("parentheses are nested too deep")
        sign = -1.0 if self._take("-") else 1.0
        if sign > 0:
            self._take("+")
        total = self._product().times(sign)
        while True:
            if self._take("+"):
                total = total.plus(self._product(), 1.0)
            elif self._take("-"):
                total = total.plus(self._product(), -1.0)
            else:
                self._depth -= 1
                return total

    def _product(self) -> Tangent:
        total = self._power()
        while True:
            at = self._skip()
            if self._take("*"):
                other = self._power()
                if total.is_number or other.is_number:
                    total = other.times(total.constant) if total.is_number else total.times(other.constant)
                else:
                    total = product(total, other, self._at_estimates("a product of coefficients", at))
            elif self._take("/"):
                total = self._divided(total, self._power(), at)
            else:
                return total

    def _divided(self, total: Tangent, other: Tangent, at: int) -> Tangent:
        if not other.is_number:
            beta = self._at_estimates("a quotient of coefficients", at)
            if other.at(beta) == 0:
                raise FormulaError("what is divided by is zero at the estimates", self._text, at)
            return quotient(total, other, beta)
        if other.constant == 0:
            raise FormulaError("expected a number other than zero to divide by", self._text, at)
        return total.times(1 / other.constant)

    def _power(self) -> Tangent:
        total, at = self._factor(), self._skip()
        if not self._take("^"):
            return total
        sign = -1.0 if self._take("-") else 1.0
        match = _NUMBER.match(self._text, self._skip())
        if match is None:
            raise self._error("expected a number as exponent")
        self._at = match.end()
        exponent = sign * float(match[0])
        beta = np.zeros(self._n) if total.is_number else self._at_estimates("a power of coefficients", at)
        return self._defined(lambda: power(total, exponent, beta), at)

    def _function(self, at: int) -> Tangent | None:
        """Read a function of what stands in its parentheses."""
        match = _FUNCTION.match(self._text, at)
        if match is None:
            return None
        self._at = match.end()
        inner = self._side()
        if not self._take(")"):
            raise self._error("expected ')'")
        beta = np.zeros(self._n) if inner.is_number else self._at_estimates(f"{match[1]}() of coefficients", at)
        return self._defined(lambda: applied(match[1], inner, beta), at)

    def _defined(self, compute: Callable[[], Tangent], at: int) -> Tangent:
        try:
            return compute()
        except (ValueError, ZeroDivisionError, OverflowError):
            raise FormulaError("this has no value, or no slope, at the estimates", self._text, at) from None

    def _at_estimates(self, what: str, at: int) -> Vector:
        if self._beta is None:
            raise NotLinearError(f"{what} is not linear", self._text, at)
        return self._beta

    def _factor(self) -> Tangent:
        at = self._skip()
        name = self._longest(self._by_length) or self._quoted()
        if name is not None:
            return self._coefficient(name)
        if match := _NUMBER.match(self._text, at):
            self._at = match.end()
            value = float(match[0])
            if math.isinf(value):
                raise FormulaError("this number is too large", self._text, at)
            return Tangent(np.zeros(self._n), value)
        if self._take("("):
            inner = self._side()
            if not self._take(")"):
                raise self._error("expected ')'")
            return inner
        function = self._function(at)
        if function is not None:
            return function
        name = self._longest(self._plain) or self._word()
        if name is None:
            raise self._unknown(at)
        return self._coefficient(self._plain.get(name, name))

    def _coefficient(self, name: str) -> Tangent:
        weights = np.zeros(self._n)
        weights[self._names[name]] = 1.0
        return Tangent(weights, 0.0)

    def _longest(self, names: Iterable[str]) -> str | None:
        """Take the first of some names, the longest first, that stands here and ends with a word."""
        for name in names:
            end = self._end_of(name)
            if end is not None and not self._continues(name, end):
                self._at = end
                return name
        return None

    def _end_of(self, name: str) -> int | None:
        """Return where a name ends that stands here, with any white space about its bar and commas."""
        if self._text.startswith(name, self._at):
            return self._at + len(name)
        parts = _LOOSE.split(name)
        if len(parts) == 1 or not self._text.startswith(parts[0], self._at):
            return None
        pattern = r"\s*".join(re.escape(part) for part in parts)
        match = re.compile(pattern).match(self._text, self._at)
        return None if match is None else match.end()

    def _quoted(self) -> str | None:
        """Take a name in backticks."""
        at = self._at
        if not self._text.startswith("`", at):
            return None
        match = _BACKTICKS.match(self._text, at)
        name = find_name(unquoted(match[0]), self._names) if match else None
        if match is None or name is None:
            asked = self._text[at + 1 :].partition("`")[0]
            raise FormulaError(f"there is no coefficient {asked!r}{suggestion(asked, self._names)}", self._text, at)
        self._at = match.end()
        return name

    def _word(self) -> str | None:
        """Take a word that can mean one coefficient alone."""
        match = _WORD.match(self._text, self._at)
        name = find_name(match[0], self._names) if match else None
        if match is not None and name is not None:
            self._at = match.end()
        return name

    def _continues(self, name: str, end: int) -> bool:
        """Whether the word goes on after a name."""
        if end >= len(self._text) or not (name[-1].isalnum() or name[-1] in "._"):
            return False
        following = self._text[end]
        return following.isalnum() or following in "._:"

    def _skip(self) -> int:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at

    def _take(self, symbol: str) -> bool:
        if not self._text.startswith(symbol, self._skip()):
            return False
        self._at += len(symbol)
        return True

    def _error(self, message: str) -> FormulaError:
        return FormulaError(message, self._text, self._at)

    def _unknown(self, at: int) -> FormulaError:
        match = _WORD.match(self._text, at)
        if match is None:
            return FormulaError("expected the name of a coefficient or a number", self._text, at)
        known = [name for name in self._names if name != "Intercept"]
        own = [name for name in known if name.startswith(match[0])]
        found = (
            f"; those of {match[0]} are {listed(own)}"
            if own
            else f"{suggestion(match[0], known)}; there are {listed(known)}"
        )
        return FormulaError(f"there is no coefficient {match[0]!r}{found}", self._text, at)
