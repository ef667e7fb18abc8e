"""The left side of the ``~``: a column, arithmetic on columns, or ``cbind(successes, failures)``."""

from .deparse import deparse
from .expressions import Call, Expression
from .meaning import expression_of, numbers_of
from .reading_error import ReadingError
from .syntax import Dot, FunctionCall, Infix, Syntax, is_bar
from .terms import Factor


def read_response(node: Syntax) -> Factor:
    """Return the response and its name."""
    if isinstance(node, Dot):
        raise ReadingError("'.' is a response only in an update; name the column", node.at[0])
    return Factor(deparse(node), _meaning(node))


def _meaning(node: Syntax) -> Expression:
    if isinstance(node, FunctionCall) and node.function == "cbind":
        return _successes_and_failures(node)
    if isinstance(node, FunctionCall) and node.function in ("factor", "as.factor"):
        return expression_of(node)
    if isinstance(node, Infix) and is_bar(node):
        raise ReadingError("a random term stands on the right of '~'", node.operator_at)
    return numbers_of(node)


def _successes_and_failures(node: FunctionCall) -> Expression:
    if len(node.arguments) != 2 or any(argument.name is not None for argument in node.arguments):
        raise ReadingError("cbind() takes two counts, of successes and of failures", node.at[0])
    return Call("cbind", tuple(numbers_of(argument.value) for argument in node.arguments), (), node.at)
