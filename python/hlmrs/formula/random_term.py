"""``(terms | group)``: what varies between the groups, by lme4's and glmmTMB's grammar.

Both sides are read by the same algebra as the fixed part.  ``(x || g)`` becomes one ``RandomTerm`` for each term of its
left side; ``(x | a/b)`` one for each grouping factor, ``a`` and ``a:b``; ``(x | g, by=arm)`` one for each level of
``arm``, and an intercept alone, ``(1 | g, by=arm)``, one with uncorrelated effects of these.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._core import structures
from ..errors import DesignError, cut, quote, suggestion
from .expressions import Call, ColumnName
from .functions import SIGNATURES
from .one_level import OneLevel, as_term
from .syntax import (
    Argument,
    FunctionCall,
    Infix,
    Name,
    Numeral,
    ReadingError,
    Span,
    Syntax,
    deparse_name,
    excerpt,
    is_bar,
    strip,
)
from .terms import Keys, Term, TermFactor, TermReader

MOST_RANDOM_TERMS = 1000
STRUCTURES = {structure.name: structure for structure in structures()}
# what a bar without a name means
PLAIN = "us"
# the smoothness of a Matérn covariance that is not named
_DEFAULT_NU = 1.5
# the rank of a covariance of reduced rank that is not named
_DEFAULT_RANK = 2
INDEPENDENT = next(name for name, structure in STRUCTURES.items() if structure.independent)


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """Random effects of some terms, with one covariance structure, for every level of one grouping factor.

    The grouping factor is the crossing of the factors in ``group``.  ``by`` is a factor in every level of which the
    effects have a covariance of their own: one term for each, once the rows tell the levels.  Such a term is of ``one``
    level, and ``is_part`` of those of all: its ``terms`` have the level's indicator in them, the first of them in the
    place of the intercept.  ``rank`` is that of the covariance, if given.
    """

    structure: str
    intercept: bool
    terms: tuple[Term, ...]
    group: tuple[TermFactor, ...]
    at: Span = field(compare=False)
    by: TermFactor | None = None
    one: OneLevel | None = None
    is_part: bool = field(default=False, compare=False)
    rank: int | None = None

    @property
    def label(self) -> str:
        """The name of the grouping factor, such as ``batch:cask``."""
        return ":".join(factor.name for factor in self.group)

    @property
    def effects(self) -> str:
        """The left of the bar, such as ``1 + ses``; the columns of places as they are called."""
        if STRUCTURES[self.structure].is_placed:
            return " + ".join(self.places)
        terms = self.terms if self.one is None else self.one.taken_out(self.terms)
        return " + ".join(["1" if self.has_intercept else "0", *(term.name for term in terms)])

    @property
    def places(self) -> list[str]:
        """The columns of places, as a formula has them; of other terms none."""
        if not STRUCTURES[self.structure].is_placed:
            return []
        return [deparse_name(column.name) for factor in self.terms[0].factors for column in factor.columns()]

    @property
    def has_intercept(self) -> bool:
        """Whether one of the effects is an intercept, be it in one level alone."""
        return self.intercept or (self.one is not None and self.one.term in self.terms)

    @property
    def name(self) -> str:
        """The term in full, such as ``(1 + ses | school)``."""
        return self.written("|")

    def written(self, bar: str) -> str:
        """Write the term with one of the bars."""
        by = self.by.name if self.by is not None else None if self.one is None else self.one.name
        function, _, option = ("" if self.structure == PLAIN else self.structure.rstrip(")")).partition("(")
        option = option if self.rank is None else f"d={self.rank}"
        options = [f"by={by}"] * (by is not None) + [option] * bool(option)
        return f"{function}({', '.join([f'{self.effects} {bar} {self.label}', *options])})"

    def in_level(self, level: str) -> "RandomTerm":
        """Return the term of one level of ``by``."""
        assert self.by is not None, "a term by levels"
        return replace(self._of(OneLevel(self.by, level)), is_part=True)

    def in_all_levels(self) -> "RandomTerm":
        """Return what a term of one level is part of, else the term itself."""
        if self.one is None or not self.is_part:
            return self
        terms = self.one.taken_out(self.terms)
        return replace(self, intercept=self.has_intercept, terms=terms, by=self.one.by, one=None, is_part=False)

    def _of(self, one: OneLevel) -> "RandomTerm":
        terms = one.put_into(self.terms, intercept=self.intercept)
        return replace(self, intercept=False, terms=terms, by=None, one=one)

    def by_what(self, by: Syntax, mentioned: list[ColumnName]) -> "RandomTerm":
        """Return the term with what stands after ``by=``: a column, or one of its levels."""
        if isinstance(by, Name):
            factor = as_term(by, mentioned)
            return replace(self, by=factor) if self.terms else self._of_levels(factor)
        one = OneLevel.read(by, mentioned)
        if one is None:
            raise ReadingError(
                'by= takes a column, (x | g, by=arm), or one of its levels, (x | g, by=dummy(arm, "A"))', by.at[0]
            )
        return self._of(one)

    def _of_levels(self, by: TermFactor) -> "RandomTerm":
        """Return what a random intercept by levels is short for: ``diag(0 + factor(arm) | g)``."""
        levels = TermFactor(f"factor({by.name})", Call("factor", (by.expression,), (), self.at))
        return replace(self, structure=INDEPENDENT, intercept=False, terms=(Term((levels,)),))

    def identity(self) -> Hashable:
        """Return what makes two terms one, in whatever order their columns are written."""
        return self.structure, self.rank, self.intercept, frozenset(self.terms), frozenset(self.group), self.by

    def effect_factors(self) -> tuple[TermFactor, ...]:
        """Return the factors of the effects, and that of their levels."""
        by = () if self.by is None else (self.by,)
        return (*(factor for term in self.terms for factor in term.factors), *by)

    def factors(self) -> tuple[TermFactor, ...]:
        """Return all factors, those of the group last."""
        return (*self.effect_factors(), *self.group)

    def as_json(self) -> dict[str, Any]:
        """Return what the core reads."""
        if self.by is not None:
            raise DesignError(
                f"{self.name}: the levels of {self.by.name!r} are not known before all rows are read; write a term for "
                f'each, ({self.effects} | {self.label}, by=dummy({self.by.name}, "A")) and so on'
            )
        return {
            "name": self.name,
            "structure": self.structure,
            **({} if self.rank is None else {"rank": self.rank}),
            "intercept": self.intercept,
            "terms": [term.as_json() for term in self.terms],
            "group": [factor.as_json() for factor in self.group],
            "label": self.label,
            "at": list(self.at),
        }


@dataclass(frozen=True, slots=True)
class StructuredBar:
    """A bar, the structure that it stands in, and the rank of a covariance that has one."""

    bar: Infix
    structure: str
    rank: int | None = None


def read_bar(
    structured: StructuredBar, at: Span, mentioned: list[ColumnName], by: Syntax | None = None
) -> list[RandomTerm]:
    """Read what stands in the parentheses; ``at`` covers these, and the name before them."""
    bar, structure = structured.bar, structured.structure
    effects = _EffectsReader(mentioned)
    terms = effects.read(bar.left)
    if not terms and not effects.intercept:
        raise ReadingError("a random term without an effect; write (1 | g) for a random intercept", at[0])
    groups = GroupReader(mentioned).read(bar.right)
    if not groups:
        raise ReadingError("no grouping factor is left", bar.right.at[0])
    parts = _parts(effects.intercept, terms) if bar.operator == "||" else [(effects.intercept, terms)]
    if STRUCTURES[structure].is_placed:
        parts = [(False, (_places(structure, terms, bar.left),))]
    if len(parts) * len(groups) > MOST_RANDOM_TERMS:
        raise ReadingError(f"this expands to more than {MOST_RANDOM_TERMS:,} random terms", at[0])
    rank = structured.rank
    found = [RandomTerm(structure, *part, group.factors, at, rank=rank) for part in parts for group in groups]
    return found if by is None else [term.by_what(strip(by), mentioned) for term in found]


def structured_bar(call: FunctionCall) -> StructuredBar | None:
    """Return the bar in ``ar1(0 + week | plot)`` and the structure, or nothing when the call has no bar."""
    if not any(is_bar(strip(argument.value)) for argument in call.arguments):
        if call.function in STRUCTURES and call.function not in SIGNATURES:
            raise ReadingError(f"{call.function}() takes a random term: {call.function}(x | g)", call.at[0])
        return None
    if call.function in SIGNATURES and call.function not in STRUCTURES:
        raise ReadingError(
            f"a bar cannot stand in {call.function}(); of two comparisons pmax(a > 1, b > 1) holds where one does",
            call.at[0],
        )
    if call.function == "hetar1":
        raise ReadingError("hetar1() is ar1h() here: a standard deviation for every column", call.at[0])
    if call.function not in STRUCTURES:
        raise ReadingError(
            f"there is no covariance structure {cut(call.function)}(){suggestion(call.function, STRUCTURES)}; "
            f"the structures are {', '.join(dict.fromkeys(name.partition('(')[0] for name in STRUCTURES))}",
            call.at[0],
        )
    options = [argument for argument in call.arguments if argument.name is not None]
    bar = _only_bar(call, [argument for argument in call.arguments if argument.name is None])
    if STRUCTURES[call.function].has_rank:
        return StructuredBar(bar, call.function, _rank(call, options))
    return StructuredBar(bar, _with_options(call, options))


def _rank(call: FunctionCall, options: Sequence[Argument]) -> int:
    """Return the number of latent effects in ``rr(0 + trait | g, d=2)``."""
    if not options:
        return _DEFAULT_RANK
    value = strip(options[0].value)
    if len(options) > 1 or options[0].name != "d":
        raise ReadingError(f"{call.function}() takes one random term and d=: {call.function}(x | g, d=2)", call.at[0])
    if not isinstance(value, Numeral) or value.value < 1 or value.value != int(value.value):
        raise ReadingError("d, the rank of the covariance, is a whole number from 1 on", value.at[0])
    return int(value.value)


def _with_options(call: FunctionCall, options: Sequence[Argument]) -> str:
    """Return the structure of a call by its options: ``mat(x | g, nu=2.5)`` is that of smoothness 2.5."""
    if not options:
        return call.function
    values = [_DEFAULT_NU, *(float(name[:-1].rpartition("=")[2]) for name in STRUCTURES if _is_variant(name, call))]
    option, value = options[0], strip(options[0].value)
    if len(options) > 1 or len(values) == 1 or option.name != "nu":
        takes = " and nu=" if len(values) > 1 else ""
        raise ReadingError(f"{call.function}() takes one random term{takes}: {call.function}(x | g)", call.at[0])
    if not isinstance(value, Numeral) or value.value not in values:
        raise ReadingError(f"nu is one of {', '.join(f'{v:g}' for v in sorted(values))}", value.at[0])
    return call.function if value.value == _DEFAULT_NU else f"{call.function}(nu={value.value:g})"


def _is_variant(name: str, call: FunctionCall) -> bool:
    return name.startswith(f"{call.function}(nu=")


def _only_bar(call: FunctionCall, unnamed: Sequence[Argument]) -> Infix:
    bar = strip(unnamed[0].value) if len(unnamed) == 1 else None
    if not isinstance(bar, Infix):
        raise ReadingError(f"{call.function}() takes one random term: {call.function}(x | g)", call.at[0])
    if bar.operator == "||":
        raise ReadingError(f"'||' says diagonal and {call.function}() says otherwise; write |", bar.operator_at)
    return bar


def _parts(intercept: bool, terms: tuple[Term, ...]) -> list[tuple[bool, tuple[Term, ...]]]:
    """Part the effects of ``||``: the intercept, then each term alone."""
    return [(True, ())] * intercept + [(False, (term,)) for term in terms]


def _places(structure: str, terms: tuple[Term, ...], left: Syntax) -> Term:
    """Return the effects of ``exp(x + y | g)``: one for every place, which is a level of ``factor(x):factor(y)``."""
    if not terms:
        raise ReadingError(f"{structure}() takes columns of times or coordinates: {structure}(t | g)", left.at[0])
    return Term(tuple(_coordinate(structure, term, left) for term in terms))


def _coordinate(structure: str, term: Term, left: Syntax) -> TermFactor:
    expression = term.factors[0].expression
    if len(term.factors) == 1 and isinstance(expression, Call) and expression.name == "factor":
        return term.factors[0]
    if len(term.factors) > 1 or not isinstance(expression, ColumnName):
        raise ReadingError(
            f"{structure}() takes columns of times or coordinates, and {quote(term.name)} is none; compute it before "
            f"the fit, then write {structure}(t | g)",
            left.at[0],
        )
    return TermFactor(f"factor({deparse_name(expression.name)})", Call("factor", (expression,), (), expression.at))


class _EffectsReader(TermReader):
    """Reads the left of a bar."""

    part = "a random term"

    def call(self, node: FunctionCall, summed: bool) -> Keys:
        if node.function == "offset":
            raise ReadingError("an offset belongs to the model, not to a random term: + offset(x)", node.at[0])
        structured = structured_bar(node)
        if structured is not None:
            raise self.refuse_bar(structured.bar)
        return self.factor(node)


class GroupReader(TermReader):
    """Reads the right of a bar: columns, crossed or nested."""

    part = "a grouping factor"

    def numeral(self, node: Numeral) -> Keys:
        """Refuse a number."""
        raise ReadingError("expected a grouping factor, the name of a column", node.at[0])

    def make_factor(self, node: Syntax) -> TermFactor:
        """Give meaning and a name to a grouping factor."""
        if isinstance(node, FunctionCall) and node.function == "interaction":
            raise ReadingError("write the interaction of grouping factors as a:b", node.at[0])
        if isinstance(node, FunctionCall) and node.function == "C" and node.arguments:
            column = excerpt(node.arguments[0].value)
            raise ReadingError(f"a grouping factor has no contrasts: write {column} in the place of C()", node.at[0])
        factor = super().make_factor(node)
        if isinstance(factor.expression, Call) and factor.expression.name != "factor":
            raise ReadingError("expected a grouping factor: a column, or several as in a:b or a/b", node.at[0])
        return factor
