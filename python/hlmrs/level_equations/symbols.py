"""What equations are made of: a row of symbols, words, numbers and operators."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Symbol:
    """A Greek or Latin letter, with numbers and then units as its index."""

    letter: str
    numbers: tuple[int, ...] = ()
    units: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """The name of a variable, with units as its index; or of a function or distribution, without."""

    text: str
    units: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A number, or an operator, as it is shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of cells, each a row of its own."""

    rows: tuple[tuple["Row", ...], ...]


Node: TypeAlias = Symbol | Word | Written | Matrix
Row: TypeAlias = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """``left relation right``: the right side a sum of rows."""

    left: Row
    relation: str
    right: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a heading."""

    heading: str
    lines: Sequence[Line]


def index_of(symbol: Symbol) -> str:
    """Return a symbol's index: numbers, with commas where one has two digits, then units."""
    apart = "," if any(number > 9 for number in symbol.numbers) else ""
    return apart.join(map(str, symbol.numbers)) + symbol.units


def product(factors: Iterable[Node]) -> Row:
    """Multiply nodes."""
    row: list[Node] = []
    for factor in factors:
        row += [Written("*"), factor] if row else [factor]
    return tuple(row)


def call(function: str, *arguments: Row) -> Row:
    """Apply a function, or name a distribution with its parameters."""
    row: list[Node] = [Word(function), Written("(")]
    for k, argument in enumerate(arguments):
        row += [Written(","), *argument] if k else [*argument]
    return (*row, Written(")"))
