"""The model as a formula states it: what comes out of this room, and goes to the core as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..errors import DesignError
from .expressions import Call, ColumnName, calls_in
from .random_term import MOST_RANDOM_TERMS, RandomTerm
from .terms import Term, TermFactor

NO_RANDOM_TERM = (
    "the formula has no random term such as (1 | group), so there is nothing multilevel to estimate; "
    "for a model without one use hlmrs.gls, which fits least squares, with residual= and dispersion= too, or a "
    "generalized linear model, for example that of statsmodels.formula.api.glm"
)


@dataclass(frozen=True)
class ModelSpec:
    """A response, fixed terms, offsets and random terms, all over columns of data that are not known yet.

    Attributes
    ----------
    formula : str
        The text that was read; two specs that differ in it alone are equal.
    response : TermFactor
        The left side.
    intercept : bool
        Whether the fixed part has one.
    terms : tuple of Term
        Fixed terms without the intercept: by degree, then as written.
    offsets : tuple of TermFactor
        Each named as written, ``offset(log(n))``, and standing for what is in the parentheses.
    random : tuple of RandomTerm
        Random terms as written; empty when there are none.
    notes : tuple of str
        What says less than it seems to, for a warning.
    """

    formula: str = field(compare=False)
    response: TermFactor
    intercept: bool
    terms: tuple[Term, ...]
    offsets: tuple[TermFactor, ...]
    random: tuple[RandomTerm, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)

    def factors(self) -> Iterator[TermFactor]:
        """Yield every factor of the model: response, fixed terms, offsets, random terms."""
        yield self.response
        for term in self.terms:
            yield from term.factors
        yield from self.offsets
        for random_term in self.random:
            yield from random_term.factors()

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the data that the model uses, in the order in which the formula names them."""
        return self._columns

    def labels(self) -> frozenset[str]:
        """Return the columns that do nothing but name groups."""
        return self._labels

    def splines(self) -> tuple[TermFactor, ...]:
        """Return the factors that the core gets as ready columns, each under its ``name``."""
        return self._splines

    def by_factors(self) -> tuple[TermFactor, ...]:
        """Return the factors whose levels the random terms wait for."""
        return self._by_factors

    # a formula that was read before has its spec, and what was found out of it, from then

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        used: list[ColumnName] = [column for factor in self.factors() for column in factor.columns()]
        return tuple(dict.fromkeys(column.name for column in sorted(used, key=lambda column: column.at[0])))

    @cached_property
    def _labels(self) -> frozenset[str]:
        effects = [factor for random in self.random for factor in random.effect_factors()]
        terms = [factor for term in self.terms for factor in term.factors]
        groups = [factor for random in self.random for factor in random.group]
        read = {column.name for f in (self.response, *self.offsets, *terms, *effects) for column in f.columns()}
        return frozenset(column.name for factor in groups for column in factor.columns()) - read

    @cached_property
    def _splines(self) -> tuple[TermFactor, ...]:
        return tuple(dict.fromkeys(factor for factor in self.factors() if factor.is_spline))

    @cached_property
    def _by_factors(self) -> tuple[TermFactor, ...]:
        return tuple(dict.fromkeys(term.by for term in self.random if term.by is not None))

    def in_levels(self, levels: Mapping[TermFactor, Sequence[str]]) -> "ModelSpec":
        """Return the model with a random term for every level that random terms waited for."""
        each = [
            [term] if term.by is None else [term.in_level(level) for level in levels[term.by]] for term in self.random
        ]
        random = tuple(term for terms in each for term in terms)
        if len(random) > MOST_RANDOM_TERMS:
            raise DesignError(f"{self.random[0].name}: by= makes more than {MOST_RANDOM_TERMS:,} random terms")
        return replace(self, random=random)

    def in_all_levels(self) -> "ModelSpec":
        """Return the model whose random terms wait for the levels again."""
        random = {term.identity(): term for term in (term.in_all_levels() for term in self.random)}
        return replace(self, random=tuple(random.values()))

    def levels(self) -> dict[str, list[str]]:
        """Return the levels that random terms waited for, by the name of their factor."""
        parts = [term.one for term in self.random if term.one is not None and term.is_part]
        return {one.by.name: [other.level for other in dict.fromkeys(parts) if other.by == one.by] for one in parts}

    @property
    def takes_group_means(self) -> bool:
        """Whether predictors are computed from groups: ``between(x, g)``, ``within(x, g)``."""
        _, *predictors = self.factors()
        return any({"between", "within"} & calls_in(factor.expression) for factor in predictors)

    @property
    def counts_successes(self) -> bool:
        """Whether the response is ``cbind(successes, failures)``, which only a binomial model has."""
        return isinstance(self.response.expression, Call) and self.response.expression.name == "cbind"

    def to_json(self) -> str:
        """Return the model as the core reads it."""
        return self._json

    @cached_property
    def _json(self) -> str:
        return json.dumps(
            {
                "formula": self.formula,
                "response": self.response.as_json(),
                "intercept": self.intercept,
                "terms": [term.as_json() for term in self.terms],
                "offsets": [offset.as_json() for offset in self.offsets],
                "random": [term.as_json() for term in self.random],
            },
            ensure_ascii=False,
        )

    def __str__(self) -> str:
        """Write the model as a formula, every term spelled out."""
        return f"{self.response.name} ~ {self.right_side()}"

    def right_side(self) -> str:
        """Write all that follows the '~'."""
        fixed = [term.name for term in self.terms]
        start = ["0"] if not self.intercept else ["1"] if not fixed else []
        offsets = [offset.name for offset in self.offsets]
        return " + ".join([*start, *fixed, *offsets, *(term.name for term in self.random)])
