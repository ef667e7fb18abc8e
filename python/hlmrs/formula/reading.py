"""Formula -> ``ModelSpec``: the way through this room, and where a refusal becomes a ``FormulaError``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import cast

from ..errors import FormulaError
from .dot import first_dot, others
from .expressions import Column
from .fixed import ModelReader
from .model_spec import ModelSpec
from .parser import parse_sides
from .reading_error import ReadingError
from .response import read_response
from .suggest import listed, quote, suggestion
from .syntax import Dot


@dataclass(frozen=True, slots=True)
class _Reading:
    """A spec and every column the formula mentions, also those of removed terms."""

    spec: ModelSpec
    mentioned: tuple[Column, ...]


def parse(formula: str, columns: Sequence[str] | None = None) -> ModelSpec:
    """Read a formula in lme4's language.

    Nothing in a formula is evaluated, and no data are needed.

    Parameters
    ----------
    formula : str
        Such as ``"mAch ~ ses * sector + (ses | school)"``.
    columns : sequence of str, optional
        Names of the data's columns: what ``.`` expands to, and what misspelled names are compared with.

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
        raise TypeError(f"a formula is a str, not {type(formula).__name__}")
    try:
        reading = _read(formula, columns)
        if columns is not None:
            _check_known(reading.mentioned, columns)
    except ReadingError as error:
        raise FormulaError(error.message, formula, error.position) from None
    return reading.spec


def _read(formula: str, columns: Sequence[str] | None) -> _Reading:
    """Read, or remember; the columns matter only to a formula with a dot."""
    reading = _interpret(formula, None)
    if reading is not None:
        return reading
    if columns is None:
        dot = cast("Dot", first_dot(parse_sides(formula).right))
        raise ReadingError("'.' stands for the columns of a data frame, and there is none; name them", dot.at[0])
    return cast("_Reading", _interpret(formula, tuple(columns)))


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
    spec = ModelSpec(formula, response, reader.intercept, terms, reader.offsets, reader.random)
    _check_response(spec)
    return _Reading(spec, tuple(mentioned))


def _check_response(spec: ModelSpec) -> None:
    """Refuse a model that explains the response by itself."""
    for factor in islice(spec.factors(), 1, None):
        if factor.name == spec.response.name:
            place = next(iter(factor.columns())).at[0]
            raise ReadingError(f"the response {quote(spec.response.name)} stands on the right of '~' as well", place)


def _check_known(mentioned: tuple[Column, ...], columns: Sequence[str]) -> None:
    """Refuse a name that is no column, with the nearest that is one."""
    known = set(columns)
    for column in mentioned:
        if column.name not in known:
            hint = suggestion(column.name, columns) or f"; the columns are {listed(columns)}"
            raise ReadingError(f"there is no column {quote(column.name)} in the data{hint}", column.at[0])
