"""The formula as R's parser sees it: a tree of names, numbers, operators and calls, without meaning yet.

``meaning`` and ``terms`` give it one: the same ``a + b`` is a sum of numbers in ``log(a + b)`` and two terms of a
model outside.  Every node knows the offsets ``at`` of the text it was read from.  ``deparse`` writes a node spaced as R
does, which names terms and coefficients: ``+``, ``-`` and ``*`` stand between spaces, ``^``, ``/`` and ``:`` do not;
numbers take the shorter of fixed and scientific notation; names that are not plain identifiers stand in backticks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import quote

Span: TypeAlias = tuple[int, int]

BARS = ("|", "||")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


class ReadingError(Exception):
    """A reason and the offset of the place it is about; ``reading`` turns it into a ``FormulaError``."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Name:
    """A name; a quoted one (in backticks) is never a constant such as ``TRUE``."""

    text: str
    quoted: bool
    at: Span


@dataclass(frozen=True, slots=True)
class Dot:
    """A lone ``.``: all other columns, or in an update what stood there before."""

    at: Span


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as written."""

    value: float
    at: Span


@dataclass(frozen=True, slots=True)
class Quotation:
    """A text in quotes."""

    value: str
    at: Span


@dataclass(frozen=True, slots=True)
class Prefix:
    """``-a`` or ``+a``."""

    operator: str
    operand: "Syntax"
    at: Span


@dataclass(frozen=True, slots=True)
class Infix:
    """Two operands and the operator, which starts at ``operator_at``.

    Chains such as ``a + b + c`` lean to the left and may be thousands long: walk them along ``left``, not by recursion.
    """

    operator: str
    left: "Syntax"
    right: "Syntax"
    operator_at: int
    at: Span


@dataclass(frozen=True, slots=True)
class Parenthesis:
    """``(a)``; kept because R keeps it in names.  A random term may have ``by``: ``(1 | g, by=arm)``."""

    inner: "Syntax"
    at: Span
    by: "Syntax | None" = None


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call, with its name if it has one."""

    name: str | None
    value: "Syntax"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """``function(arguments)``."""

    function: str
    arguments: tuple[Argument, ...]
    at: Span


Syntax: TypeAlias = Name | Dot | Numeral | Quotation | Prefix | Infix | Parenthesis | FunctionCall


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the ``~``; an update may leave the left one out."""

    left: Syntax | None
    right: Syntax


def strip(node: Syntax) -> Syntax:
    """Remove the parentheses around a node."""
    while isinstance(node, Parenthesis):
        node = node.inner
    return node


def is_bar(node: Syntax) -> bool:
    """Whether a node is ``terms | group`` or ``terms || group``."""
    return isinstance(node, Infix) and node.operator in BARS


def walk(node: Syntax) -> Iterator[Syntax]:
    """Yield a node and all nodes below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def children(node: Syntax) -> tuple[Syntax, ...]:
    """Return the nodes directly below a node, from left to right."""
    if isinstance(node, Infix):
        return (node.left, node.right)
    if isinstance(node, Prefix):
        return (node.operand,)
    if isinstance(node, Parenthesis):
        return (node.inner,) if node.by is None else (node.inner, node.by)
    if isinstance(node, FunctionCall):
        return tuple(argument.value for argument in node.arguments)
    return ()


_TIGHT = ("^", "/", ":")
_CONSTANT = re.compile(r"TRUE|FALSE|NULL|Inf|NaN|NA|NA_integer_|NA_real_|NA_character_|NA_complex_")
_KEYWORD = r"if|else|repeat|while|function|for|next|break|in|\.\.\.|\."
_IDENTIFIER = re.compile(rf"(?!(?:{_CONSTANT.pattern}|{_KEYWORD})\Z)(?:[^\W\d_]|\.(?![0-9]))[\w.]*")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def deparse(node: Syntax) -> str:
    """Write a node as R would."""
    if isinstance(node, Name):
        return deparse_name(node.text) if node.quoted or not _CONSTANT.fullmatch(node.text) else node.text
    if isinstance(node, Numeral):
        return deparse_number(node.value)
    if isinstance(node, Quotation):
        return deparse_text(node.value)
    if isinstance(node, Dot):
        return "."
    if isinstance(node, Parenthesis):
        return f"({deparse(node.inner)})"
    if isinstance(node, Prefix):
        return f"{node.operator}{deparse(node.operand)}"
    if isinstance(node, FunctionCall):
        return f"{node.function}({', '.join(map(_argument, node.arguments))})"
    return _chain(node)


def excerpt(node: Syntax) -> str:
    """Write a node for a message, in quotes and cut when it is long."""
    return quote(deparse(node))


def deparse_name(name: str) -> str:
    """Write a column's name, in backticks when it is no plain identifier."""
    if _IDENTIFIER.fullmatch(name):
        return name
    return f"`{name.translate(_ESCAPES).replace('`', chr(92) + '`')}`"


def deparse_text(text: str) -> str:
    """Write a text in double quotes."""
    return '"' + text.translate(_ESCAPES).replace('"', '\\"') + '"'


def deparse_number(value: float) -> str:
    """Write a number with the fewest digits that give it back."""
    scientific = next(text for text in (f"{value:.{digits}e}" for digits in range(17)) if float(text) == value)
    mantissa, exponent = scientific.split("e")
    digits_after = max(0, len(mantissa.partition(".")[2]) - int(exponent))
    fixed = f"{value:.{digits_after}f}"
    return fixed if len(fixed) <= len(scientific) else scientific


def _argument(argument: Argument) -> str:
    value = deparse(argument.value)
    return value if argument.name is None else f"{argument.name} = {value}"


def _chain(node: Infix) -> str:
    """Write a chain of operators along its left side."""
    pieces: list[str] = []
    left: Syntax = node
    while isinstance(left, Infix):
        operator = left.operator if left.operator in _TIGHT else f" {left.operator} "
        pieces += (deparse(left.right), operator)
        left = left.left
    pieces.append(deparse(left))
    return "".join(reversed(pieces))
