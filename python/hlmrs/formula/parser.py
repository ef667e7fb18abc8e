"""Tokens -> syntax tree: recursive descent by binding power, with R's precedence.

As in R, ``^`` binds tightest and to the right, then the sign, ``:``, ``%in%``, ``*`` and ``/``, ``+`` and ``-``, bars.
"""

import math

from .reading_error import ReadingError
from .suggest import quote
from .syntax import (
    BARS,
    Argument,
    Dot,
    FunctionCall,
    Infix,
    Name,
    Numeral,
    Parenthesis,
    Prefix,
    Quotation,
    Sides,
    Syntax,
)
from .tokens import Token, tokenize

DEEPEST_NESTING = 50

_POWER = {"|": 1, "||": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%in%": 4, ":": 5, "^": 7}
_SIGN_POWER = 6
_MEANING = {
    "~": "one alone parts the response from the terms",
    "=": "it only names an argument of a function; the response stands before '~'",
}


def parse_sides(formula: str) -> Sides:
    """Read ``left ~ right``; the left side may be missing."""
    parser = _Parser(tokenize(formula))
    left = None if parser.at_operator("~") else parser.expression(0)
    parser.expect_tilde()
    return Sides(left, parser.right_side())


class _Parser:
    """A cursor over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        self._open: list[Token] = []

    def at_operator(self, text: str) -> bool:
        """Whether the cursor is at this operator."""
        token = self._tokens[self._index]
        return token.kind == "operator" and token.text == text

    def expect_tilde(self) -> None:
        token = self._advance()
        if token.kind == "end":
            raise ReadingError("expected '~' between the response and the terms: response ~ terms", token.start)
        if token.text != "~" or token.kind != "operator":
            raise self._unexpected(token)

    def right_side(self) -> Syntax:
        """Read all that follows the '~'."""
        if self._tokens[self._index].kind == "end":
            raise ReadingError(
                "the right side of '~' is empty; write 1 for an intercept alone", self._tokens[self._index].start
            )
        right = self.expression(0)
        rest = self._tokens[self._index]
        if rest.kind != "end":
            raise self._unexpected(rest)
        return right

    def expression(self, power: int) -> Syntax:
        """Read an expression whose operators bind at least as tightly as ``power``."""
        self._deepen()
        left = self._operand()
        while True:
            token = self._tokens[self._index]
            binding = _POWER.get(token.text, -1) if token.kind == "operator" else -1
            if binding < power or (binding == 1 and isinstance(left, Infix) and left.operator in BARS):
                break
            self._index += 1
            right = self.expression(binding if token.text == "^" else binding + 1)
            left = Infix(token.text, left, right, token.start, (left.at[0], right.at[1]))
        self._depth -= 1
        return left

    def _operand(self) -> Syntax:
        token = self._advance()
        kind, text = token.kind, token.text
        if kind == "name" or kind == "quoted":
            return self._named(token)
        if kind == "number":
            return _numeral(token)
        if kind == "text":
            return Quotation(text, (token.start, token.end))
        if text == "(" and kind == "operator":
            return self._parenthesis(token)
        if kind == "operator" and text in ("-", "+"):
            operand = self.expression(_SIGN_POWER)
            return Prefix(text, operand, (token.start, operand.at[1]))
        raise self._no_operand(token)

    def _named(self, token: Token) -> Syntax:
        """Read a name: a column, a dot, or a function with its arguments."""
        if token.kind == "name":
            if self.at_operator("("):
                return self._call(token)
            if token.text == ".":
                return Dot((token.start, token.end))
        return Name(token.text, token.kind == "quoted", (token.start, token.end))

    def _parenthesis(self, opening: Token) -> Syntax:
        self._open.append(opening)
        inner = self.expression(0)
        return Parenthesis(inner, (opening.start, self._close()))

    def _call(self, function: Token) -> Syntax:
        self._open.append(self._advance())
        arguments: list[Argument] = []
        if not self.at_operator(")"):
            arguments.append(self._argument())
        while self.at_operator(","):
            self._index += 1
            arguments.append(self._argument())
        return FunctionCall(function.text, tuple(arguments), (function.start, self._close()))

    def _argument(self) -> Argument:
        name = self._tokens[self._index]
        if name.kind == "name" and self._tokens[self._index + 1].text == "=":
            self._index += 2
            return Argument(name.text, self.expression(0))
        return Argument(None, self.expression(0))

    def _close(self) -> int:
        """Read the closing parenthesis and return where it ends."""
        if not self.at_operator(")"):
            raise self._unexpected(self._tokens[self._index])
        self._open.pop()
        return self._advance().end

    def _advance(self) -> Token:
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise ReadingError(f"nested more than {DEEPEST_NESTING} levels deep", self._tokens[self._index].start)

    def _no_operand(self, token: Token) -> ReadingError:
        """Say what is wrong where an operand should stand."""
        place = self._tokens.index(token)
        if place == 0 and token.kind == "end":
            return ReadingError("the formula is empty; write: response ~ terms + (1 | group)", token.start)
        if token.text == "~" and token.kind == "operator":
            return ReadingError(f"unexpected '~': {_MEANING['~']}", token.start)
        after = f" after {quote(self._tokens[place - 1].text)}" if place > 0 else ""
        if token.kind == "end":
            return ReadingError(f"the formula ends where a term is expected{after}", token.start)
        return ReadingError(f"expected a term{after}, not {quote(token.text)}", token.start)

    def _unexpected(self, token: Token) -> ReadingError:
        """Say what is wrong where an operator, or the end, should stand."""
        if token.kind == "end":
            return ReadingError("'(' is never closed", self._open[-1].start)
        if token.kind != "operator" or token.text == "(":
            return ReadingError(f"expected an operator before {quote(token.text)}", token.start)
        if token.text in BARS:
            return ReadingError("bars do not nest: write one term for every group, (x | g) + (x | h)", token.start)
        if token.text == ")":
            return ReadingError("')' closes nothing", token.start)
        if token.text == ",":
            return ReadingError("a comma only parts the arguments of a function", token.start)
        return ReadingError(f"unexpected {quote(token.text)}: {_MEANING[token.text]}", token.start)


def _numeral(token: Token) -> Numeral:
    value = float(token.text.rstrip("L"))
    if math.isinf(value):
        raise ReadingError(f"{quote(token.text)} is too large for a number", token.start)
    return Numeral(value, (token.start, token.end))
