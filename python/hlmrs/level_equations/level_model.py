"""A model as its levels have it: the units of every predictor, fixed terms and random effects.

A term is a product of predictors.  By the level of their units it is a path: which coefficient of level 1, which
coefficient in the equation of that one, and so on.  ``mean_ses:ses`` of pupils in schools is the path ``ses``,
``mean_ses``: the coefficient of ``mean_ses`` in the equation of the slope of ``ses``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..formula import PLAIN, ModelSpec, TermFactor

if TYPE_CHECKING:
    from .document import Equations

Term: TypeAlias = tuple[str, ...]
"""Predictors that are multiplied; none: the intercept."""
Path: TypeAlias = tuple[Term, ...]
ROWS = -1
"""The units of what differs between rows of the same groups."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A grouping factor: its level, of 2 or more, and the factors that it is nested in, as places among all."""

    name: str
    level: int
    inside: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RandomPart:
    """Random effects of some terms in the groups of a factor, whose covariance has a structure.

    ``parameters`` are those of a structure over places, as estimated.
    """

    factor: int
    terms: tuple[Term, ...]
    structure: str = PLAIN
    parameters: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LevelModel:
    """A response, fixed terms and random effects, with the units of every predictor.

    Attributes
    ----------
    response : str
        The left side of the formula.
    factors : tuple of Factor
        Grouping factors, level by level.
    homes : dict of str to int
        The grouping factor within whose units a predictor is constant, as its place in ``factors``; -1: none.
    fixed : tuple of tuple of str
        Fixed terms, each a product of predictors; the empty one is the intercept.
    random : tuple of RandomPart
        Random effects.
    offsets : tuple of str
        What is added with a coefficient of one: ``offset(x)``.

    Examples
    --------
    >>> import hlmrs
    >>> model = hlmrs.levels("mAch ~ cses", {"(Intercept)": "~ sector", "cses": "~ sector"}, groups="school")
    >>> model.formula
    'mAch ~ sector + cses + cses:sector + (1 | school)'
    """

    response: str
    factors: tuple[Factor, ...]
    homes: Mapping[str, int]
    fixed: tuple[Term, ...]
    random: tuple[RandomPart, ...]
    offsets: tuple[str, ...] = ()

    @property
    def n_levels(self) -> int:
        """Levels, that of the rows included."""
        return max((factor.level for factor in self.factors), default=1)

    def level_of(self, predictor: str) -> int:
        """Return the level of a predictor: 1 for rows."""
        home = self.homes.get(predictor, ROWS)
        return 1 if home == ROWS else self.factors[home].level

    def path(self, term: Term) -> Path:
        """Part a term by the levels of its predictors."""
        return tuple(tuple(p for p in term if self.level_of(p) == level) for level in range(1, self.n_levels + 1))

    def at_level(self, level: int) -> list[int]:
        """Return the places of the grouping factors of a level."""
        return [k for k, factor in enumerate(self.factors) if factor.level == level]

    @property
    def formula(self) -> str:
        """The model as a formula of ``lmer``."""
        fixed = [":".join(term) for term in self.fixed if term]
        start = [] if () in self.fixed and fixed else ["1" if () in self.fixed else "0"]
        return f"{self.response} ~ " + " + ".join([*start, *fixed, *self.offsets, *map(self._bar, self.random)])

    def _bar(self, part: RandomPart) -> str:
        slopes = [":".join(term) for term in part.terms if term]
        effects = " + ".join(["1" if () in part.terms else "0", *slopes])
        return f"{'' if part.structure == PLAIN else part.structure}({effects} | {self.factors[part.factor].name})"

    def equations(self) -> "Equations":
        """Return the equations of the levels and the combined one, with symbols."""
        from .document import equations_of_model

        return equations_of_model(self)

    def __str__(self) -> str:
        return str(self.equations())


def of_spec(spec: ModelSpec, factors: Sequence[Factor], homes: Mapping[str, int]) -> LevelModel:
    """Read a specification, when the units of its predictors are known."""
    names = [factor.name for factor in factors]
    fixed = [*([()] if spec.intercept else []), *(_term(term.factors) for term in spec.terms)]
    random = [
        RandomPart(
            names.index(one.label),
            (*([()] if one.intercept else []), *(_term(term.factors) for term in one.terms)),
            one.structure,
        )
        for one in spec.random
    ]
    offsets = tuple(offset.name for offset in spec.offsets)
    return LevelModel(spec.response.name, tuple(factors), dict(homes), tuple(fixed), tuple(random), offsets)


def _term(factors: Sequence[TermFactor]) -> Term:
    return tuple(factor.name for factor in factors)
