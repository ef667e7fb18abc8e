"""Constants as options of a function: numbers, TRUE and FALSE, levels, knots."""

from .deparse import excerpt
from .expressions import Call, Expression, Number, Text
from .reading_error import ReadingError
from .syntax import FunctionCall, Name, Numeral, Prefix, Quotation, Syntax, strip

_LOGICAL = {"TRUE": 1.0, "T": 1.0, "True": 1.0, "FALSE": 0.0, "F": 0.0, "False": 0.0}


def number(node: Syntax) -> Expression:
    """Read a number, perhaps with a sign."""
    inner = strip(node)
    if isinstance(inner, Numeral):
        return Number(inner.value)
    if isinstance(inner, Prefix) and isinstance(inner.operand, Numeral):
        return Number(-inner.operand.value if inner.operator == "-" else inner.operand.value)
    raise _expected("a number", node)


def count(node: Syntax) -> Expression:
    """Read a whole number of at least 1."""
    inner = strip(node)
    if isinstance(inner, Numeral) and inner.value >= 1 and inner.value.is_integer():
        return Number(inner.value)
    raise _expected("a whole number of at least 1", node)


def logical(node: Syntax) -> Expression:
    """Read TRUE or FALSE, as 1 or 0."""
    if isinstance(node, Name) and not node.quoted and node.text in _LOGICAL:
        return Number(_LOGICAL[node.text])
    raise _expected("TRUE or FALSE", node)


def level(node: Syntax) -> Expression:
    """Read a level: its name in quotes."""
    if isinstance(node, Quotation):
        return Text(node.value)
    raise _expected("the name of a level in quotes", node)


def level_or_place(node: Syntax) -> Expression:
    """Read a level: its name in quotes, or its place from 1."""
    return level(node) if isinstance(node, Quotation) else count(node)


def knots(node: Syntax) -> Expression:
    """Read a number, or several in ``c()``."""
    if not isinstance(node, FunctionCall) or node.function != "c":
        return number(node)
    if not node.arguments:
        raise _expected("numbers in c()", node)
    return Call("c", tuple(number(argument.value) for argument in node.arguments), (), node.at)


def _expected(what: str, node: Syntax) -> ReadingError:
    return ReadingError(f"expected {what}, not {excerpt(node)}", node.at[0])
