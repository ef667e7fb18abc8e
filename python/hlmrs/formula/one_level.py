"""One level of a factor, in whose rows alone random effects are: ``(1 + x | g, by=dummy(arm, "B"))``."""

from collections.abc import Iterable
from dataclasses import dataclass

from .expressions import Call, ColumnName, Text
from .meaning import expression_of
from .syntax import FunctionCall, Syntax, deparse, deparse_text
from .terms import Term, TermFactor


@dataclass(frozen=True, slots=True)
class OneLevel:
    """A column of levels, and one of these."""

    by: TermFactor
    level: str

    @classmethod
    def read(cls, node: Syntax, mentioned: list[ColumnName]) -> "OneLevel | None":
        """Read ``dummy(arm, "B")``; None for anything else."""
        if not isinstance(node, FunctionCall) or node.function != "dummy" or len(node.arguments) != 2:
            return None
        call = expression_of(node)
        if not isinstance(call, Call) or not isinstance(call.args[0], ColumnName) or not isinstance(call.args[1], Text):
            return None
        mentioned.append(call.args[0])
        return cls(TermFactor(deparse(node.arguments[0].value), call.args[0]), call.args[1].value)

    @property
    def name(self) -> str:
        """What stands after ``by=``."""
        return f"dummy({self.by.name}, {deparse_text(self.level)})"

    @property
    def indicator(self) -> TermFactor:
        """One in the rows of the level, else zero: ``arm[B]``."""
        column = self.by.expression
        at = column.at if isinstance(column, ColumnName) else (0, 0)
        return TermFactor(f"{self.by.name}[{self.level}]", Call("dummy", (column, Text(self.level)), (), at))

    @property
    def term(self) -> Term:
        """The intercept of its rows."""
        return Term((self.indicator,))

    def put_into(self, terms: Iterable[Term], *, intercept: bool) -> tuple[Term, ...]:
        """Return the terms in the rows of the level alone."""
        own = [self.term] if intercept else []
        return (*own, *(Term((self.indicator, *term.factors)) for term in terms))

    def taken_out(self, terms: Iterable[Term]) -> tuple[Term, ...]:
        """Return what ``put_into`` was given, without the intercept."""
        rests = (tuple(factor for factor in term.factors if factor != self.indicator) for term in terms)
        return tuple(Term(rest) for rest in rests if rest)


def as_term(node: Syntax, mentioned: list[ColumnName]) -> TermFactor:
    """Read a column of levels."""
    factor = TermFactor(deparse(node), expression_of(node))
    mentioned.extend(factor.columns())
    return factor
