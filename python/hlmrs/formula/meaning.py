"""Syntax -> expression: the formula's arithmetic, and the calls of the list in ``functions``."""

import math
from collections.abc import Iterator, Sequence

from ..errors import quote
from .expressions import Call, ColumnName, Expression, Number, Text, columns_of
from .functions import Shape, Signature, level, read_contrast, shape_of_call, signature_of
from .syntax import (
    COMPARISONS,
    Argument,
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
    excerpt,
    is_bar,
    walk,
)

DEEPEST_EXPRESSION = 50

_OPERATORS = ("+", "-", "*", "/", "^", *COMPARISONS)
PI = "pi"
ARITHMETIC = (*_OPERATORS, "neg")
_CONSTANTS = frozenset(("TRUE", "FALSE", "True", "False", "None", "NULL", "NA", "NaN", "Inf"))


def expression_of(node: Syntax) -> Expression:
    """Read a node as something computed from columns, one value (or a few) for each row."""
    if isinstance(node, Name):
        return column_of(node)
    expression = _read(node, 0)
    if next(columns_of(expression), None) is None:
        raise ReadingError(f"{excerpt(node)} is a constant: no column of the data is in it", node.at[0])
    return expression


def numbers_of(node: Syntax) -> Expression:
    """Read a node as one number computed for each row."""
    expression = expression_of(node)
    _check_shape(expression, (Shape.NUMBER,), node)
    return expression


def column_of(name: Name) -> ColumnName:
    """Read a name as a column."""
    if name.text in _CONSTANTS and not name.quoted:
        raise ReadingError(f"{quote(name.text)} is a constant where a column is expected", name.at[0])
    return ColumnName(name.text, name.at)


def is_pi(node: Syntax) -> bool:
    """Whether this is the constant, where it stands in arithmetic; in backticks it is a column."""
    return isinstance(node, Name) and node.text == PI and not node.quoted


def constants_pi(sides: Sides) -> Iterator[Name]:
    """Yield the constants in the calls of a formula."""
    for side in (sides.left, sides.right):
        for call in walk(side) if side is not None else ():
            if isinstance(call, FunctionCall):
                yield from (node for node in walk(call) if isinstance(node, Name) and is_pi(node))


def _read(node: Syntax, depth: int) -> Expression:
    if depth > DEEPEST_EXPRESSION:
        raise ReadingError(
            f"more than {DEEPEST_EXPRESSION} steps of arithmetic; make the column in the data frame first", node.at[0]
        )
    if isinstance(node, Name):
        return Number(math.pi) if is_pi(node) else column_of(node)
    if isinstance(node, Numeral):
        return Number(node.value)
    if isinstance(node, Parenthesis):
        return _read(node.inner, depth + 1)
    if isinstance(node, FunctionCall):
        return _call(node, depth)
    if isinstance(node, Infix | Prefix):
        return _arithmetic(node, depth)
    raise _unreadable(node)


def _arithmetic(node: Infix | Prefix, depth: int) -> Expression:
    if isinstance(node, Prefix):
        operand = _number(node.operand, depth)
        return operand if node.operator == "+" else Call("neg", (operand,), (), node.at)
    if node.operator not in _OPERATORS:
        raise _no_arithmetic(node)
    if node.operator in ("==", "!=") and (isinstance(node.left, Quotation) or isinstance(node.right, Quotation)):
        return Call(node.operator, (_level(node.left, depth), _level(node.right, depth)), (), node.at)
    return Call(node.operator, (_number(node.left, depth), _number(node.right, depth)), (), node.at)


def _number(node: Syntax, depth: int) -> Expression:
    expression = _read(node, depth + 1)
    _check_shape(expression, (Shape.NUMBER,), node)
    return expression


def _level(node: Syntax, depth: int) -> Expression:
    """Read one side of a comparison with a level: the level in quotes, or the factor."""
    if isinstance(node, Quotation):
        return Text(node.value)
    expression = _read(node, depth + 1)
    _check_shape(expression, (Shape.LEVEL,), node)
    return expression


def _call(node: FunctionCall, depth: int) -> Expression:
    if node.function == "C":
        return _contrast_call(node, depth)
    signature = signature_of(node)
    given = _match(node, signature)
    wanted = [name for name in signature.data if name in given or name not in signature.optional]
    data = tuple(_datum(node, signature, name, given, depth) for name in wanted)
    options = tuple((name, read(given[name])) for name, read in signature.options.items() if name in given)
    return Call(signature.name, data, options, node.at)


def _match(node: FunctionCall, signature: Signature) -> dict[str, Syntax]:
    """Match arguments to parameters: by name, and the others in order."""
    parameters = (*signature.data, *signature.options)
    given = {argument.name: argument.value for argument in node.arguments if argument.name is not None}
    for name, value in given.items():
        if name not in parameters:
            raise ReadingError(f"{_usage(node, signature)}, not {quote(name)}", value.at[0])
    free = iter([name for name in parameters if name not in given])
    for argument in node.arguments:
        if argument.name is None:
            parameter = next(free, None)
            if parameter is None:
                raise ReadingError(f"{_usage(node, signature)}, no more", argument.value.at[0])
            given[parameter] = argument.value
    _check_once(node.arguments)
    return given


def _check_once(arguments: Sequence[Argument]) -> None:
    names: set[str] = set()
    for argument in arguments:
        if argument.name is None:
            continue
        if argument.name in names:
            raise ReadingError(f"the argument {quote(argument.name)} is given twice", argument.value.at[0])
        names.add(argument.name)


def _datum(node: FunctionCall, signature: Signature, name: str, given: dict[str, Syntax], depth: int) -> Expression:
    """Read one of the data that a function works on."""
    if name not in given:
        raise ReadingError(f"{_usage(node, signature)}; {name} is missing", node.at[1] - 1)
    if signature.data[name] == (Shape.TEXT,):
        return level(given[name])
    expression = _read(given[name], depth + 1)
    _check_shape(expression, signature.data[name], given[name])
    return expression


def _contrast_call(node: FunctionCall, depth: int) -> Expression:
    if not node.arguments or node.arguments[0].name not in (None, "object"):
        raise ReadingError("C() takes a factor first: C(f, sum)", node.at[0])
    _check_once(node.arguments)
    factor = _read(node.arguments[0].value, depth + 1)
    _check_shape(factor, (Shape.LEVEL,), node.arguments[0].value)
    contrast, base = read_contrast(node.arguments[1:], node.at[0])
    return Call("C", (factor, *contrast), base, node.at)


def _usage(node: FunctionCall, signature: Signature) -> str:
    return f"{node.function}() takes {', '.join((*signature.data, *signature.options))}"


def _check_shape(expression: Expression, allowed: tuple[Shape, ...], node: Syntax) -> None:
    """Refuse what cannot be the number, or the level, that is wanted here; a column may turn out to be either."""
    if isinstance(expression, ColumnName):
        return
    shape = shape_of_call(expression.name) if isinstance(expression, Call) else Shape.NUMBER
    if shape not in allowed:
        wanted = "a number for each row" if Shape.NUMBER in allowed else "a column of levels, or factor()"
        raise ReadingError(f"expected {wanted}, not {excerpt(node)}", node.at[0])


def _no_arithmetic(node: Infix) -> ReadingError:
    if is_bar(node):
        return ReadingError(
            f"'{node.operator}' cannot stand in arithmetic; a random term is added: + (x | g)", node.operator_at
        )
    return ReadingError(
        f"'{node.operator}' is no arithmetic operator; these are: + - * / ^ and comparisons", node.operator_at
    )


def _unreadable(node: Syntax) -> ReadingError:
    if isinstance(node, Quotation):
        return ReadingError(f"the text {excerpt(node)} cannot stand here; columns are named without quotes", node.at[0])
    return ReadingError(f"{excerpt(node)} cannot stand in arithmetic", node.at[0])
