"""``C(f, contrast)``: the contrast of a factor, in R's spellings and in patsy's."""

from typing import TypeAlias

from .constants import level, level_or_place
from .deparse import excerpt
from .expressions import Expression, Text
from .reading_error import ReadingError
from .suggest import quote, suggestion
from .syntax import Argument, FunctionCall, Name, Quotation, Syntax

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
