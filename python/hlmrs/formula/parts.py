"""What may stand left and right of the ``~``: the response; fixed terms, with the offsets and random terms added.

``.`` stands for all columns that have no other part in the model.  R's ``lm`` leaves out the response alone; columns of
grouping factors and offsets are left out here as well: as fixed effects they would take what the random terms and
offsets are there for.
"""

from collections.abc import Hashable, Iterator, Sequence

from ..errors import quote
from .expressions import Call, ColumnName, Expression
from .meaning import expression_of, numbers_of
from .random_term import (
    MOST_RANDOM_TERMS,
    PLAIN,
    RandomTerm,
    StructuredBar,
    read_bar,
    structured_bar,
)
from .syntax import (
    Dot,
    FunctionCall,
    Infix,
    Name,
    Parenthesis,
    ReadingError,
    Sides,
    Span,
    Syntax,
    deparse,
    deparse_name,
    is_bar,
    walk,
)
from .terms import Keys, TermFactor, TermReader, check_size

_NAMED = 5


class ModelReader(TermReader):
    """Reads a model's terms; ``others`` are the columns that ``.`` stands for."""

    def __init__(self, mentioned: list[ColumnName], others: Sequence[str]) -> None:
        super().__init__(mentioned)
        self._others = others
        self._offsets: dict[str, TermFactor] = {}
        self._random: dict[Hashable, RandomTerm] = {}

    @property
    def offsets(self) -> tuple[TermFactor, ...]:
        """The offsets read so far."""
        return tuple(self._offsets.values())

    @property
    def random(self) -> tuple[RandomTerm, ...]:
        """The random terms read so far."""
        return tuple(self._random.values())

    def parenthesis(self, node: Parenthesis, summed: bool) -> Keys:
        """Read ``( )``: a random term if there is a bar in it."""
        if isinstance(node.inner, Infix) and is_bar(node.inner):
            return self._bar(StructuredBar(node.inner, PLAIN), node.at, summed, node.by)
        return super().parenthesis(node, summed)

    def call(self, node: FunctionCall, summed: bool) -> Keys:
        """Read a call: an offset, a random term with a structure, or a factor."""
        if node.function == "offset":
            return self._offset(node, summed)
        structured = structured_bar(node)
        if structured is not None:
            return self._bar(structured, node.at, summed)
        return self.factor(node)

    def dot(self, node: Dot) -> Keys:
        """Read ``.``: all columns that have no other part in the model."""
        keys: Keys = {}
        for name in self._others:
            keys.update(self._variables.place(TermFactor(deparse_name(name), ColumnName(name, node.at))))
        return check_size(keys, node.at[0])

    def refuse_bar(self, bar: Infix) -> ReadingError:
        """Say that parentheses are missing."""
        inner = f"(x {bar.operator} g)"
        return ReadingError(f"a random term needs parentheses: {inner}", bar.operator_at)

    def _bar(self, structured: StructuredBar, at: Span, summed: bool, by: Syntax | None = None) -> Keys:
        """Add a random term, or after a minus remove it."""
        if not summed:
            raise ReadingError("a random term can only be added to a model: + (x | g)", at[0])
        for term in read_bar(structured, at, self._mentioned, by):
            if self._adding:
                self._add(term)
            elif self._random.pop(term.identity(), None) is None:
                raise ReadingError(f"there is no random term {quote(term.name)} to remove{self._there()}", at[0])
        return {}

    def _add(self, term: RandomTerm) -> None:
        if term.identity() in self._random:
            raise ReadingError(f"the random term {quote(term.name)} is there already", term.at[0])
        if len(self._random) == MOST_RANDOM_TERMS:
            raise ReadingError(f"more than {MOST_RANDOM_TERMS:,} random terms", term.at[0])
        self._random[term.identity()] = term

    def _there(self) -> str:
        names = ", ".join(quote(term.name) for term in self.random[:_NAMED])
        return f"; there is {names}" if names else ""

    def _offset(self, node: FunctionCall, summed: bool) -> Keys:
        """Add an offset, or after a minus remove it."""
        if not summed:
            raise ReadingError("an offset can only be added to a model: + offset(x)", node.at[0])
        if len(node.arguments) != 1 or node.arguments[0].name is not None:
            raise ReadingError("offset() takes one argument, a number for each row", node.at[0])
        offset = TermFactor(deparse(node), numbers_of(node.arguments[0].value))
        self._mentioned.extend(offset.columns())
        if self._adding:
            self._offsets[offset.name] = offset
        else:
            self._offsets.pop(offset.name, None)
        return {}


def read_response(node: Syntax) -> TermFactor:
    """Return the response and its name."""
    if isinstance(node, Dot):
        raise ReadingError("'.' is a response only in an update; name the column", node.at[0])
    return TermFactor(deparse(node), _meaning(node))


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
