"""``.``: all columns that have no other part in the model.

R's ``lm`` leaves out the response alone.  Columns of grouping factors and offsets are left out here as well: as fixed
effects they would take what the random terms and offsets are there for.
"""

from collections.abc import Iterator, Sequence

from .syntax import Dot, FunctionCall, Infix, Name, Sides, Syntax, is_bar, walk


def first_dot(node: Syntax) -> Dot | None:
    """Return the first ``.`` anywhere in a node."""
    return next((inner for inner in walk(node) if isinstance(inner, Dot)), None)


def others(sides: Sides, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that ``.`` on the right side stands for."""
    taken = set(_names(sides.left)) if sides.left is not None else set()
    for node in walk(sides.right):
        if isinstance(node, Infix) and is_bar(node):
            taken.update(_names(node.right))
        if isinstance(node, FunctionCall) and node.function == "offset":
            taken.update(_names(node))
    return tuple(column for column in columns if column not in taken)


def _names(node: Syntax) -> Iterator[str]:
    return (inner.text for inner in walk(node) if isinstance(inner, Name))
