"""The functions that a formula may call, and no others.  A new one is a line here and its arithmetic in the core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from .constants import count, knots, logical, number
from .expressions import Expression
from .reading_error import ReadingError
from .suggest import cut, suggestion
from .syntax import FunctionCall, Syntax


class Shape(Enum):
    """What an expression gives for each row."""

    NUMBER = auto()
    SEVERAL = auto()
    LEVEL = auto()


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's data, in order, each with the shapes it may have; then its options, each with its reader."""

    name: str
    data: Mapping[str, tuple[Shape, ...]]
    shape: Shape
    options: Mapping[str, Callable[[Syntax], Expression]] = field(default_factory=dict)


_NUMBER = {"x": (Shape.NUMBER,)}
_ANY = (Shape.NUMBER, Shape.LEVEL)
_WITH_GROUP = {"x": (Shape.NUMBER,), "group": (Shape.LEVEL,)}
_ENDS = {"intercept": logical, "Boundary.knots": knots}

_SIGNATURES = (
    *(
        Signature(name, _NUMBER, Shape.NUMBER)
        for name in ("I", "log2", "log10", "log1p", "exp", "sqrt", "abs", "center")
    ),
    Signature("log", _NUMBER, Shape.NUMBER, {"base": number}),
    Signature("scale", _NUMBER, Shape.NUMBER, {"center": logical, "scale": logical}),
    Signature("poly", _NUMBER, Shape.SEVERAL, {"degree": count, "raw": logical}),
    Signature("factor", {"x": _ANY}, Shape.LEVEL),
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
_SHAPES = {signature.name: signature.shape for signature in _SIGNATURES} | {"C": Shape.LEVEL}
_LISTED = sorted([*SIGNATURES, "C", "offset"], key=str.lower)

_INSTEAD = {
    "interaction": "write a:b",
    "relevel": 'write C(x, Treatment("level"))',
    "as.numeric": "convert the column in the data frame",
    "Q": "write the column's name in backticks",
    "c": "c() holds the knots of a spline and nothing else",
    "cbind": "cbind() is for the response: cbind(successes, failures) ~ ...",
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
