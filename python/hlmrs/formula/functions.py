"""The functions that a formula may call, and no others; their options, and the contrasts of ``C()``.

A new function is a line of ``_SIGNATURES`` here and its arithmetic in the core.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from ..errors import cut, quote, suggestion
from .expressions import Call, Expression, Number, Text
from .syntax import Argument, FunctionCall, Name, Numeral, Prefix, Quotation, ReadingError, Syntax, excerpt, strip

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


class Shape(Enum):
    """What an expression gives for each row."""

    NUMBER = auto()
    SEVERAL = auto()
    LEVEL = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's data, in order, each with the shapes it may have; then its options, each with its reader.

    ``optional`` are the data that may be left out.
    """

    name: str
    data: Mapping[str, tuple[Shape, ...]]
    shape: Shape
    options: Mapping[str, Callable[[Syntax], Expression]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


_NUMBER = {"x": (Shape.NUMBER,)}
_ANY = (Shape.NUMBER, Shape.LEVEL)
_WITH_GROUP = {"x": (Shape.NUMBER,), "group": (Shape.LEVEL,)}
_ENDS = {"intercept": logical, "Boundary.knots": knots}

_SIGNATURES = (
    *(
        Signature(name, _NUMBER, Shape.NUMBER)
        for name in ("I", "log2", "log10", "log1p", "exp", "sqrt", "abs", "sin", "cos", "tan")
    ),
    *(Signature(name, {"x": (Shape.NUMBER,), "y": (Shape.NUMBER,)}, Shape.NUMBER) for name in ("pmin", "pmax")),
    Signature("dummy", {"f": (Shape.LEVEL,), "level": (Shape.TEXT,)}, Shape.NUMBER),
    Signature("log", _NUMBER, Shape.NUMBER, {"base": number}),
    Signature("scale", _NUMBER, Shape.NUMBER, {"center": logical, "scale": logical}),
    Signature("poly", _NUMBER, Shape.SEVERAL, {"degree": count, "raw": logical}),
    Signature("factor", {"x": _ANY}, Shape.LEVEL),
    Signature("center", _WITH_GROUP, Shape.NUMBER, optional=("group",)),
    Signature("within", _WITH_GROUP, Shape.NUMBER),
    Signature("between", _WITH_GROUP, Shape.NUMBER),
    Signature("bs", _NUMBER, Shape.SEVERAL, {"df": count, "knots": knots, "degree": count, **_ENDS}),
    Signature("ns", _NUMBER, Shape.SEVERAL, {"df": count, "knots": knots, **_ENDS}),
    Signature("cr", _NUMBER, Shape.SEVERAL, {"df": count, "knots": knots}),
)
SIGNATURES = {
    **{signature.name: signature for signature in _SIGNATURES},
    "as.factor": Signature("factor", {"x": _ANY}, Shape.LEVEL),
}

SPLINES = ("bs", "ns", "cr")
LEARNED = frozenset({"scale", "center", "between", "within", "poly"})
"""Functions that learn from the rows of a fit."""
_SHAPES = {signature.name: signature.shape for signature in _SIGNATURES} | {"C": Shape.LEVEL}
_LISTED = sorted([*SIGNATURES, "C", "offset"], key=str.lower)

_INSTEAD = {
    "interaction": "write a:b",
    "relevel": 'write C(x, Treatment("level"))',
    "as.numeric": "convert the column in the data frame",
    "Q": "write the column's name in backticks",
    "c": "c() holds the knots of a spline, or levels of dummy(), and nothing else",
    "cbind": "cbind() is for the response: cbind(successes, failures) ~ ...",
    "ifelse": "multiply by comparisons, which are 1 or 0: I((x > 3) * a + (x <= 3) * b)",
    "offset": "an offset is added to the model: + offset(x)",
}


def shape_of_call(name: str) -> Shape:
    """Return what a call gives for each row; operators give numbers."""
    return _SHAPES.get(name, Shape.NUMBER)


def signature_of(call: FunctionCall) -> Signature:
    """Look a function up, or say what exists."""
    signature = SIGNATURES.get(call.function)
    if signature is not None:
        return signature
    if call.function in _INSTEAD:
        raise ReadingError(f"{call.function}() cannot stand here: {_INSTEAD[call.function]}", call.at[0])
    raise ReadingError(
        f"there is no function {cut(call.function)}(){suggestion(call.function, _LISTED)}; the functions are "
        + ", ".join(_LISTED),
        call.at[0],
    )


Options: TypeAlias = tuple[tuple[str, Expression], ...]

CONTRASTS = ("treatment", "sum", "helmert", "poly")

_SPELLINGS = {spelling: name for name in CONTRASTS for spelling in (name, f"contr.{name}", name.capitalize())}


def read_contrast(arguments: tuple[Argument, ...], at: int) -> tuple[tuple[Text, ...], Options]:
    """Read all arguments of ``C`` but the first: the contrast's name, and the base of a treatment contrast."""
    named = {argument.name: argument.value for argument in arguments if argument.name is not None}
    positional = [argument.value for argument in arguments if argument.name is None]
    contrast = named.pop("contr", None) or (positional.pop(0) if positional else None)
    base = named.pop("base", None)
    if named or positional:
        surplus = next(iter(named.values()), None) or positional[0]
        raise ReadingError("C() takes a factor, a contrast and, for treatment contrasts, base", surplus.at[0])
    if contrast is None and base is None:
        return (), ()
    name, options = ("treatment", ()) if contrast is None else _named(contrast)
    if base is not None and not options:
        options = (("base", level_or_place(base)),)
    elif base is not None:
        raise ReadingError("the base is given twice", base.at[0])
    if options and name != "treatment":
        raise ReadingError(f"only treatment contrasts have a base, not {name}", at)
    return (Text(name),), options


def _named(node: Syntax) -> tuple[str, Options]:
    """Read ``sum``, ``"sum"``, ``contr.sum``, ``Sum``, or the same as a call with a base."""
    if isinstance(node, FunctionCall):
        return _spelled(node.function, node), tuple(_base(argument) for argument in _at_most_one(node))
    if isinstance(node, Name):
        return _spelled(node.text, node), ()
    if isinstance(node, Quotation):
        return _spelled(node.value, node), ()
    raise ReadingError(f"expected a contrast, not {excerpt(node)}: one of {', '.join(CONTRASTS)}", node.at[0])


def _spelled(spelling: str, node: Syntax) -> str:
    if spelling in _SPELLINGS:
        return _SPELLINGS[spelling]
    raise ReadingError(
        f"there is no contrast {quote(spelling)}{suggestion(spelling, _SPELLINGS)}; "
        f"the contrasts are {', '.join(CONTRASTS)}",
        node.at[0],
    )


def _at_most_one(call: FunctionCall) -> tuple[Argument, ...]:
    if len(call.arguments) > 1:
        raise ReadingError(f"{call.function}() takes at most one argument, the base", call.arguments[1].value.at[0])
    return call.arguments


def _base(argument: Argument) -> tuple[str, Expression]:
    """Read the base: by R's name a level or its place, otherwise a level."""
    if argument.name == "base":
        return "base", level_or_place(argument.value)
    if argument.name in (None, "reference"):
        return "base", level(argument.value)
    raise ReadingError(f"expected the base, not {argument.name} =", argument.value.at[0])
