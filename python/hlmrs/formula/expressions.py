"""Numbers computed from columns, row by row: what a factor of a term stands for.

The nodes are the language in which the core is told what to compute (``as_json``); nothing here can name anything but a
column, a constant, or a function of the list in ``functions``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .syntax import Span


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column of the data; ``at`` is where the formula names it."""

    name: str
    at: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A constant; TRUE and FALSE are 1 and 0."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A constant text: the name of a contrast, or of a level."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function with its data (``args``) and its options (``named``)."""

    name: str
    args: tuple["Expression", ...]
    named: tuple[tuple[str, "Expression"], ...]
    at: Span = field(compare=False)

    def options(self) -> Mapping[str, "Expression"]:
        """Return the options by name."""
        return dict(self.named)


Expression: TypeAlias = ColumnName | Number | Text | Call


def columns_of(expression: Expression) -> Iterator[ColumnName]:
    """Yield the columns that an expression reads, from left to right."""
    if isinstance(expression, ColumnName):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.args:
            yield from columns_of(argument)


def row_columns(expression: Expression) -> Iterator[ColumnName]:
    """Yield the columns whose values in a row decide its value: not the groups of ``center(x, g)``."""
    if isinstance(expression, ColumnName):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.args[:1] if expression.name == "center" else expression.args:
            yield from row_columns(argument)


def level_columns(expression: Expression) -> set[str]:
    """Return the columns that an expression compares with a level."""
    if not isinstance(expression, Call):
        return set()
    if any(isinstance(argument, Text) for argument in expression.args):
        return {column.name for column in columns_of(expression)}
    return set().union(*map(level_columns, expression.args))


def calls_in(expression: Expression) -> set[str]:
    """Return the functions and operators that an expression calls."""
    if not isinstance(expression, Call):
        return set()
    return {expression.name}.union(*map(calls_in, expression.args))


def as_json(expression: Expression) -> dict[str, Any]:
    """Return what the core reads."""
    if isinstance(expression, ColumnName):
        return {"kind": "column", "name": expression.name, "at": list(expression.at)}
    if isinstance(expression, Number):
        return {"kind": "number", "value": expression.value}
    if isinstance(expression, Text):
        return {"kind": "text", "value": expression.value}
    return {
        "kind": "call",
        "name": expression.name,
        "args": [as_json(argument) for argument in expression.args],
        "named": {name: as_json(value) for name, value in expression.named},
        "at": list(expression.at),
    }
