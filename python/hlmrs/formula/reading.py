"""The way through this room: a formula, or R's ``update`` of one, becomes a ``ModelSpec``.

Here a refusal becomes a ``FormulaError``, which shows the place in the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import cast

from ..errors import ArgumentError, FormulaError, listed, quote, suggestion
from .expressions import Call, ColumnName
from .meaning import ARITHMETIC, PI, constants_pi
from .model_spec import ModelSpec
from .parser import parse_sides
from .parts import ModelReader, first_dot, others, read_response
from .syntax import Dot, FunctionCall, Infix, Parenthesis, Prefix, ReadingError, Sides, Syntax, children, is_bar, walk
from .terms import TermFactor, notes_of


@dataclass(frozen=True, slots=True)
class _Reading:
    """A spec and every column the formula mentions, also those of removed terms."""

    spec: ModelSpec
    mentioned: tuple[ColumnName, ...]


def parse(
    formula: str, columns: Sequence[str] | None = None, index: Sequence[str] = (), taken: Sequence[str] = ()
) -> ModelSpec:
    """Read a formula in lme4's language.

    Nothing in a formula is evaluated, and no data are needed.

    Parameters
    ----------
    formula : str
        Such as ``"mAch ~ ses * sector + (ses | school)"``.
    columns : sequence of str, optional
        Names of the data's columns: what ``.`` expands to, and what misspelled names are compared with.
    index : sequence of str
        Names of the index of the data, which are no columns; for a message.
    taken : sequence of str
        Columns that have another part in the model, such as weights, so that ``.`` does not stand for them.

    Returns
    -------
    ModelSpec
        The model; without random terms if the formula has none.

    Raises
    ------
    FormulaError
        When the formula cannot be read, or names a column that is not in ``columns``; shows the place.

    Examples
    --------
    >>> spec = parse("y ~ a * x + (x || g)")
    >>> [term.name for term in spec.terms]
    ['a', 'x', 'a:x']
    >>> [term.name for term in spec.random]
    ['(1 | g)', '(0 + x | g)']
    """
    if not isinstance(formula, str):
        raise ArgumentError(f"a formula is a str, not {type(formula).__name__}")
    try:
        reading = _read(formula, columns, taken)
        if columns is not None:
            _check_known(reading.mentioned, columns, index)
            _check_pi(formula, columns)
    except ReadingError as error:
        raise FormulaError(error.message, formula, error.position) from None
    return reading.spec


def _read(formula: str, columns: Sequence[str] | None, taken: Sequence[str]) -> _Reading:
    """Read, or remember; the columns matter only to a formula with a dot."""
    reading = _interpret(formula, None)
    if reading is not None:
        return reading
    if columns is None:
        dot = cast("Dot", first_dot(parse_sides(formula).right))
        raise ReadingError("'.' stands for the columns of a data frame, and there is none; name them", dot.at[0])
    return cast("_Reading", _interpret(formula, tuple(name for name in columns if name not in taken)))


@lru_cache(maxsize=128)
def _interpret(formula: str, columns: tuple[str, ...] | None) -> _Reading | None:
    """Read a formula; nothing comes back when it needs the columns and there are none."""
    sides = parse_sides(formula)
    if sides.left is None:
        raise ReadingError("the response is missing: response ~ terms", 0)
    if columns is None and "." in formula and first_dot(sides.right):
        return None
    response = read_response(sides.left)
    mentioned = list(response.columns())
    reader = ModelReader(mentioned, others(sides, columns) if columns else ())
    terms = reader.read(sides.right)
    notes = tuple(dict.fromkeys(notes_of(sides.right)))
    spec = ModelSpec(formula, response, reader.intercept, terms, reader.offsets, reader.random, notes)
    _check_response(spec)
    return _Reading(spec, tuple(mentioned))


def _check_response(spec: ModelSpec) -> None:
    """Refuse a model that explains the response by itself."""
    for factor in islice(spec.factors(), 1, None):
        if factor.name == spec.response.name:
            place = next(iter(factor.columns())).at[0]
            raise ReadingError(f"the response {quote(spec.response.name)} stands on the right of '~' as well", place)


def _check_known(mentioned: tuple[ColumnName, ...], columns: Sequence[str], index: Sequence[str]) -> None:
    """Refuse a name that is no column, with the nearest that is one."""
    known = set(columns)
    for column in mentioned:
        if column.name not in known:
            hint = suggestion(column.name, columns) or f"; the columns are {listed(columns)}"
            if columns and all(map(str.isdecimal, columns)):
                named = f"{{{column.name!r}: [...]}}"
                hint = f"; the columns are numbered, {listed(columns)}: names must be text, as in {named}"
            if column.name in index:
                hint = ", but it is a level of the index; make it a column by data.reset_index()"
            raise ReadingError(f"there is no column {quote(column.name)} in the data{hint}", column.at[0])


def _check_pi(formula: str, columns: Sequence[str]) -> None:
    """Refuse the constant pi where there is a column of that name."""
    if PI in columns and (pi := next(constants_pi(parse_sides(formula)), None)):
        raise ReadingError(
            "the data have a column 'pi': write `pi` for it, and 3.141592653589793 for the number", pi.at[0]
        )


def parse_update(
    formula: str | ModelSpec, change: str, columns: Sequence[str] | None = None, index: Sequence[str] = ()
) -> ModelSpec:
    """Change a formula as R's ``update`` does.

    Parameters
    ----------
    formula : str or ModelSpec
        The formula to change.
    change : str
        The new formula, in which ``.`` stands for the old left or right side; without a left side the old one stays.
    columns, index : sequence of str, optional
        Names of the data's columns and of its index, as in ``parse``.

    Returns
    -------
    ModelSpec
        The changed model; its ``formula`` has every term spelled out.

    Examples
    --------
    >>> parse_update("y ~ a * x + (1 | g)", "log(.) ~ . - a:x + (0 + x | g)").formula
    'log(y) ~ a + x + (1 | g) + (0 + x | g)'
    """
    if not isinstance(change, str):
        raise ArgumentError(f"a change is a str, not {type(change).__name__}")
    old = formula if isinstance(formula, ModelSpec) else parse(formula, columns, index)
    try:
        sides = parse_sides(change)
        replacements = list(_replacements(sides, old))
    except ReadingError as error:
        raise FormulaError(error.message, change, error.position) from None
    changed = _splice(change, replacements)
    if sides.left is None:
        changed = f"{old.response.name} {changed}"
    new = parse(changed, columns, index)
    return replace(parse(str(new), columns), notes=new.notes)


def _replacements(sides: Sides, old: ModelSpec) -> Iterator[tuple[Dot, str]]:
    """Yield every dot in order, with the text of what it stands for."""
    if sides.left is not None:
        yield from _old_response(sides.left, old.response)
    for node in walk(sides.right):
        if isinstance(node, Dot):
            yield node, f"({old.right_side()})"
        elif isinstance(node, FunctionCall) or (isinstance(node, Infix) and is_bar(node)):
            _refuse_dot_inside(node)


def _refuse_dot_inside(node: Syntax) -> None:
    """Refuse a dot where the old terms, put in its place, would turn into arithmetic or effects of a group."""
    for inner in walk(node):
        if isinstance(inner, Dot):
            raise ReadingError(
                "on the right, '.' stands for the old terms and cannot be inside a function or a bar", inner.at[0]
            )


def _old_response(left: Syntax, response: TermFactor) -> Iterator[tuple[Dot, str]]:
    """Yield the dots of the left side with the old response, in parentheses inside other arithmetic."""
    is_arithmetic = isinstance(response.expression, Call) and response.expression.name in ARITHMETIC
    for node in (Parenthesis(left, left.at), *walk(left)):
        wrapped = is_arithmetic and isinstance(node, Infix | Prefix)
        for child in children(node):
            if isinstance(child, Dot):
                yield child, f"({response.name})" if wrapped else response.name


def _splice(change: str, replacements: list[tuple[Dot, str]]) -> str:
    """Put texts in place of the dots."""
    pieces: list[str] = []
    end = 0
    for dot, text in replacements:
        pieces += (change[end : dot.at[0]], text)
        end = dot.at[1]
    return "".join([*pieces, change[end:]])
