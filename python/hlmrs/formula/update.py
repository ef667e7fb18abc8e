"""R's ``update``: a change such as ``. ~ . - x + (1 | g)``, where ``.`` is what stood there before."""

from collections.abc import Iterator, Sequence

from ..errors import FormulaError
from .expressions import Call
from .meaning import ARITHMETIC
from .model_spec import ModelSpec
from .parser import parse_sides
from .reading import parse
from .reading_error import ReadingError
from .syntax import Dot, FunctionCall, Infix, Parenthesis, Prefix, Sides, Syntax, children, is_bar, walk
from .terms import Factor


def parse_update(formula: str | ModelSpec, change: str, columns: Sequence[str] | None = None) -> ModelSpec:
    """Change a formula as R's ``update`` does.

    Parameters
    ----------
    formula : str or ModelSpec
        The formula to change.
    change : str
        The new formula, in which ``.`` stands for the old left or right side; without a left side the old one stays.
    columns : sequence of str, optional
        Names of the data's columns, as in ``parse``.

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
        raise TypeError(f"a change is a str, not {type(change).__name__}")
    old = formula if isinstance(formula, ModelSpec) else parse(formula, columns)
    try:
        sides = parse_sides(change)
        replacements = list(_replacements(sides, old))
    except ReadingError as error:
        raise FormulaError(error.message, change, error.position) from None
    changed = _splice(change, replacements)
    if sides.left is None:
        changed = f"{old.response.name} {changed}"
    return parse(str(parse(changed, columns)), columns)


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


def _old_response(left: Syntax, response: Factor) -> Iterator[tuple[Dot, str]]:
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
