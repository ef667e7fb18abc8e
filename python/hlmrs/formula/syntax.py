"""The formula as R's parser sees it: a tree of names, numbers, operators and calls, without meaning yet.

``meaning`` and ``encode`` give it one: the same ``a + b`` is a sum of numbers in ``log(a + b)`` and two terms of a
model outside.  Every node knows the offsets ``at`` of the text it was read from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

BARS = ("|", "||")


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
    """``(a)``; kept because R keeps it in names."""

    inner: "Syntax"
    at: Span


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
        return (node.inner,)
    if isinstance(node, FunctionCall):
        return tuple(argument.value for argument in node.arguments)
    return ()
