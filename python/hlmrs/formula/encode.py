"""Syntax tree -> terms, by R's rules; ``fixed`` and ``random_term`` say what may stand in their parts.

Chains of operators are walked along their left side.  The intercept is no term: 1 sets it, 0 clears it, a minus turns
this round, and the last word counts.
"""

from .deparse import deparse, excerpt
from .expressions import Column
from .meaning import expression_of
from .reading_error import ReadingError
from .syntax import Dot, FunctionCall, Infix, Numeral, Parenthesis, Prefix, Quotation, Syntax, is_bar
from .terms import Factor, Keys, Term, Variables, check_size, product_of_all

_SUMS = ("+", "-")


class TermReader:
    """Reads one part of a formula into terms.

    ``summed`` says whether only sums, differences and parentheses are around a node: where things that are no factors,
    such as random terms, may stand.
    """

    part = "a formula"

    def __init__(self, mentioned: list[Column]) -> None:
        self.intercept = True
        self._adding = True
        self._variables = Variables()
        self._mentioned = mentioned

    def read(self, node: Syntax) -> tuple[Term, ...]:
        """Return the terms of a whole part."""
        return self._variables.sorted_terms(self.encode(node, True))

    def encode(self, node: Syntax, summed: bool) -> Keys:
        """Return the terms of a node."""
        chain: list[tuple[Infix, bool]] = []
        while isinstance(node, Infix) and not is_bar(node):
            chain.append((node, summed))
            summed = summed and node.operator in _SUMS
            node = node.left
        terms = self._operand(node, summed)
        for link, link_summed in reversed(chain):
            terms = self._apply(link, terms, link_summed)
        return terms

    def _apply(self, link: Infix, left: Keys, summed: bool) -> Keys:
        """Combine the terms left of an operator with those right of it."""
        at = link.operator_at
        if link.operator == "+":
            left.update(self.encode(link.right, summed))
            return check_size(left, at)
        if link.operator == "-":
            for key in self._subtract(link.right, summed):
                left.pop(key, None)
            return left
        self._require(left, link.left)
        if link.operator == "^":
            return self._variables.power(left, _exponent(link.right), at)
        right = self.encode(link.right, False)
        self._require(right, link.right)
        return self._multiply(link.operator, left, right, at)

    def _multiply(self, operator: str, left: Keys, right: Keys, at: int) -> Keys:
        interact = self._variables.interact
        if operator == ":":
            return interact(left, right, at)
        if operator == "*":
            return check_size({**left, **right, **interact(left, right, at)}, at)
        if operator == "/":
            return check_size({**left, **interact(product_of_all(left, at), right, at)}, at)
        return interact(left, product_of_all(right, at), at)

    def _operand(self, node: Syntax, summed: bool) -> Keys:
        if isinstance(node, Parenthesis):
            return self.parenthesis(node, summed)
        if isinstance(node, Prefix):
            if node.operator == "+":
                return self.encode(node.operand, summed)
            self._subtract(node.operand, summed)
            return {}
        if isinstance(node, Numeral):
            return self.numeral(node)
        if isinstance(node, Dot):
            return self.dot(node)
        if isinstance(node, FunctionCall):
            return self.call(node, summed)
        if isinstance(node, Infix):
            raise self.refuse_bar(node)
        return self.factor(node)

    def _subtract(self, node: Syntax, summed: bool) -> Keys:
        self._adding = not self._adding
        terms = self.encode(node, summed)
        self._adding = not self._adding
        return terms

    def parenthesis(self, node: Parenthesis, summed: bool) -> Keys:
        """Read ``( )``."""
        return self.encode(node.inner, summed)

    def numeral(self, node: Numeral) -> Keys:
        """Read 1 or 0: with or without an intercept."""
        if node.value not in (0.0, 1.0):
            raise ReadingError(
                f"the number {excerpt(node)} is no term; arithmetic outside a function goes into I(), as in I(x/2)",
                node.at[0],
            )
        self.intercept = (node.value == 1.0) == self._adding
        return {}

    def dot(self, node: Dot) -> Keys:
        """Read ``.``; only the fixed part has a meaning for it."""
        raise ReadingError(f"'.' cannot stand in {self.part}; name the columns", node.at[0])

    def call(self, node: FunctionCall, summed: bool) -> Keys:
        """Read a call; it is a factor unless a part knows better."""
        return self.factor(node)

    def factor(self, node: Syntax) -> Keys:
        """Read a factor: a column or a function of columns."""
        if isinstance(node, Quotation):
            raise ReadingError(f"the text {excerpt(node)} is no term; columns are named without quotes", node.at[0])
        return self._variables.place(self.make_factor(node))

    def make_factor(self, node: Syntax) -> Factor:
        """Give meaning and a name to a column or a call."""
        factor = Factor(deparse(node), expression_of(node))
        self._mentioned.extend(factor.columns())
        return factor

    def refuse_bar(self, bar: Infix) -> ReadingError:
        """Say why a bar cannot stand here."""
        return ReadingError("bars do not nest: write one term for every group, (x | g) + (x | h)", bar.operator_at)

    def _require(self, terms: Keys, node: Syntax) -> None:
        """Refuse an operand without terms, such as 1, where R would silently drop the whole product."""
        if terms:
            return
        if isinstance(node, Prefix):
            raise ReadingError(
                f"as in R, '{node.operator}' takes {excerpt(node.operand)} alone, before '*', '/' and ':'; "
                "put the product in parentheses",
                node.at[0],
            )
        raise ReadingError(f"{excerpt(node)} has no term to combine with", node.at[0])


def _exponent(node: Syntax) -> int:
    """Return the power of ``(a + b)^2``."""
    if isinstance(node, Numeral) and node.value >= 1 and node.value.is_integer():
        return int(node.value)
    raise ReadingError(f"expected a whole number of at least 1 after '^', not {excerpt(node)}", node.at[0])
