"""``C(f, contrast)``: the contrast of a factor, in R's spellings and in patsy's."""

from .constants import level, level_or_place
from .deparse import deparse
from .expressions import Expression, Text
from .reading_error import ReadingError
from .suggest import suggestion
from .syntax import Argument, FunctionCall, Name, Quotation, Syntax

CONTRASTS = ("treatment", "sum", "helmert", "poly")

_SPELLINGS = {spelling: name for name in CONTRASTS for spelling in (name, f"contr.{name}", name.capitalize())}


def read_contrast(
    arguments: tuple[Argument, ...], at: int
) -> tuple[tuple[Text, ...], tuple[tuple[str, Expression], ...]]:
    """Read all arguments of ``C`` but the first: the contrast's name, and the base of a treatment contrast."""
    if not arguments:
        return (), ()
    contrast, *others = arguments
    if contrast.name not in (None, "contr"):
        raise ReadingError("C() takes a factor, a contrast and, for treatment contrasts, base", contrast.value.at[0])
    name, base = _named(contrast.value)
    for other in others:
        if other.name != "base" or base:
            raise ReadingError("C() takes a factor, a contrast and, for treatment contrasts, base", other.value.at[0])
        base = (("base", level_or_place(other.value)),)
    if base and name != "treatment":
        raise ReadingError(f"only treatment contrasts have a base, not {name}", at)
    return (Text(name),), base


def _named(node: Syntax) -> tuple[str, tuple[tuple[str, Expression], ...]]:
    """Read ``sum``, ``"sum"``, ``contr.sum``, ``Sum``, or the same as a call with a base."""
    if isinstance(node, FunctionCall):
        return _spelled(node.function, node), tuple(_base(argument) for argument in _at_most_one(node))
    if isinstance(node, Name):
        return _spelled(node.text, node), ()
    if isinstance(node, Quotation):
        return _spelled(node.value, node), ()
    raise ReadingError(f"expected a contrast, not {deparse(node)}: one of {', '.join(CONTRASTS)}", node.at[0])


def _spelled(spelling: str, node: Syntax) -> str:
    if spelling in _SPELLINGS:
        return _SPELLINGS[spelling]
    raise ReadingError(
        f"there is no contrast {spelling}{suggestion(spelling, _SPELLINGS)}; the contrasts are {', '.join(CONTRASTS)}",
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
