"""Text -> tokens -> syntax tree, as R reads it.

Identifiers may hold dots, ``**`` is ``^``, backticks quote any name.  The parser descends by binding power: as in R,
``^`` binds tightest and to the right, then the sign, ``:``, ``%in%``, ``*`` and ``/``, ``+`` and ``-``, comparisons,
bars.
"""

import math
import re
from typing import Literal, NamedTuple

from ..errors import quote
from .syntax import (
    BARS,
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
    Sides,
    Syntax,
    is_bar,
)

Kind = Literal["name", "quoted", "number", "text", "operator", "end"]

LONGEST_FORMULA = 100_000


class Token(NamedTuple):
    """A piece of the formula: its meaning and the offsets ``[start, end)`` it covers."""

    kind: Kind
    text: str
    start: int
    end: int


_PATTERN = re.compile(
    r"""\s*(?:
        (?P<name>(?:[^\W\d]|\.(?![0-9]))[\w.\u0300-\u036f]*)
      | (?P<foreign><-|->|::?=|::|&&|%(?!in%)[^%\s]*%|[&{}\[\]$@?;\\#]|!(?!=))
      | (?P<operator>\*\*|\|\||%in%|[=!<>]=|[-+*/:^|~(),=<>])
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?L?)
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<strange>\S)
    )""",
    re.VERBOSE | re.DOTALL,
)

_AND = "of comparisons and logic there are < <= > >= == !=; their product holds where both do: I((x > 3) * (x < 5))"
_NOT = "of comparisons and logic there are < <= > >= == !=; the opposite of I(x > 3) is I(x <= 3)"
_ASSIGN = "assignments are not part of the language"
_ACCESS = "data are named by their column alone"
_WHY_FOREIGN = {
    **dict.fromkeys(("&", "&&"), _AND),
    "!": _NOT,
    **dict.fromkeys(("<-", "->", ":=", "::="), _ASSIGN),
    **dict.fromkeys(("$", "@", "[", "]", "::"), _ACCESS),
}
_OTHERWISE = "the language has + - * / : ^ %in% | || ~ ( ), comparisons, names, numbers and a list of functions"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "`": "`"}


def tokenize(formula: str) -> list[Token]:
    """Cut a formula into tokens, with one of kind "end" as the last."""
    if len(formula) > LONGEST_FORMULA:
        raise ReadingError(f"the formula has {len(formula):,} characters; the limit is {LONGEST_FORMULA:,}", None)
    # without trailing space every match ends in a token, so that scanning takes one pass
    text = formula.rstrip()
    tokens = [_token(found) for found in _PATTERN.finditer(text)]
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup
    start, end = found.span(found.lastindex or 0)
    text = found.string[start:end]
    match kind:
        case "name" | "number":
            return Token(kind, text, start, end)
        case "operator":
            return Token(kind, "^" if text == "**" else text, start, end)
        case "quoted" | "text":
            return Token(kind, _unquote(text, start), start, end)
        case "strange":
            raise _unreadable(text, start)
    raise ReadingError(f"{quote(text)} has no meaning in a formula: {_WHY_FOREIGN.get(text, _OTHERWISE)}", start)


def _unquote(text: str, start: int) -> str:
    """Return what stands between the quotes."""
    if len(text) == 2:
        raise ReadingError("nothing stands between the quotes", start)
    inner = text[1:-1]
    return _ESCAPE.sub(lambda match: _unescape(match, start + 1), inner) if "\\" in inner else inner


def _unescape(match: re.Match[str], start: int) -> str:
    if match.group(1) not in _ESCAPED:
        raise ReadingError(f"unknown escape {match.group()!r}; write a backslash twice", start + match.start())
    return _ESCAPED[match.group(1)]


def _unreadable(character: str, position: int) -> ReadingError:
    """Say why no token starts here."""
    if character in "\"'`":
        return ReadingError(f"the quote {character} is never closed", position)
    return ReadingError(f"{character!r} has no meaning in a formula: {_OTHERWISE}", position)


DEEPEST_NESTING = 50

_POWER = {"|": 1, "||": 1, **dict.fromkeys(COMPARISONS, 2), "+": 3, "-": 3, "*": 4, "/": 4, "%in%": 5, ":": 6, "^": 8}
_SIGN_POWER = 7
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
            if binding < power or (isinstance(left, Infix) and _stands_alone(binding, left.operator)):
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
        by = self._by() if is_bar(inner) and self.at_operator(",") else None
        return Parenthesis(inner, (opening.start, self._close()), by)

    def _by(self) -> Syntax:
        """Read ``, by=arm`` after a bar."""
        self._index += 1
        at, argument = self._tokens[self._index], self._argument()
        if argument.name != "by":
            raise ReadingError("a random term takes by= alone: (1 | g, by=arm)", at.start)
        return argument.value

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
        if token.text in COMPARISONS:
            return ReadingError("comparisons do not chain: multiply two, as in (1 < x) * (x < 3)", token.start)
        if token.text in BARS:
            return ReadingError("bars do not nest: write one term for every group, (x | g) + (x | h)", token.start)
        if token.text == ")":
            return ReadingError("')' closes nothing", token.start)
        if token.text == ",":
            return ReadingError("a comma only parts the arguments of a function", token.start)
        return ReadingError(f"unexpected {quote(token.text)}: {_MEANING[token.text]}", token.start)


def _stands_alone(binding: int, operator: str) -> bool:
    """Whether an operator cannot follow another one of its kind: a bar a bar, a comparison a comparison."""
    kinds = {1: BARS, 2: COMPARISONS}
    return operator in kinds.get(binding, ())


def _numeral(token: Token) -> Numeral:
    value = float(token.text.rstrip("L"))
    if math.isinf(value):
        raise ReadingError(f"{quote(token.text)} is too large for a number", token.start)
    return Numeral(value, (token.start, token.end))
