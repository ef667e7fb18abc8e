"""Syntax tree -> text, spaced as R writes it; this is what names terms and coefficients.

``+``, ``-`` and ``*`` stand between spaces, ``^``, ``/`` and ``:`` do not; numbers take the shorter of fixed and
scientific notation; names that are not plain identifiers stand in backticks.
"""

import re

from .suggest import quote
from .syntax import Argument, Dot, FunctionCall, Infix, Name, Numeral, Parenthesis, Prefix, Quotation, Syntax

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
