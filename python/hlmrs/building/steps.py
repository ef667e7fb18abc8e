"""The models that lead to a formula: by which terms belong to the rows, to the groups, and to both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import OptionError, listed
from ..formula import ModelSpec, RandomTerm, Term

ROWS_ALONE, GROUPS_ALONE, BOTH = "rows", "groups", "both"
"""Where the factors of a term are at home; of a term of both the coefficient is a slope's, in a group's equation."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What is added in one go: fixed terms, or random effects; and the model with it."""

    words: str
    is_fixed: bool
    spec: ModelSpec


@dataclass(frozen=True, slots=True)
class Step:
    """A model, the place of the one that it is compared with, and the additions that lead from there to it."""

    name: str
    spec: ModelSpec
    before: int | None = None
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parts:
    """A formula with some of its terms."""

    whole: ModelSpec
    kinds: Sequence[str]
    intercepts: tuple[RandomTerm, ...]

    def terms(self, *kinds: str) -> tuple[Term, ...]:
        """Return the fixed terms of these kinds."""
        return tuple(term for term, kind in zip(self.whole.terms, self.kinds, strict=True) if kind in kinds)

    def spec(self, *kinds: str, random: bool) -> ModelSpec:
        """Return the model with terms of these kinds, and with all random effects or with intercepts alone."""
        return self.with_terms(self.terms(*kinds), random=random)

    def with_terms(self, terms: Sequence[Term], *, random: bool) -> ModelSpec:
        """Return the model with these terms."""
        effects = self.whole.random if random else self.intercepts
        spec = replace(self.whole, terms=tuple(terms), random=effects)
        return replace(spec, formula=str(spec))

    @property
    def has_slopes(self) -> bool:
        """Whether more than intercepts differ between groups."""
        return self.whole.random != self.intercepts

    @property
    def effects(self) -> str:
        """The random effects beside intercepts, as they are written."""
        return " + ".join(term.name for term in self.whole.random if term not in self.intercepts)


def steps_of(
    whole: ModelSpec, null: ModelSpec, kinds: Sequence[str], means: Sequence[Term] | None = None
) -> list[Step]:
    """Return the models from the null model to the whole one; `means`: terms of the second, by default all of groups.

    Raises
    ------
    OptionError
        For means that are no terms of groups in the formula.
    """
    parts = _Parts(whole, kinds, null.random)
    steps = [Step("null model", parts.spec(random=False))]
    terms = parts.terms(GROUPS_ALONE) if means is None else _among(means, parts.terms(GROUPS_ALONE))
    if terms:
        spec = parts.with_terms(terms, random=False)
        steps.append(Step("means as outcomes", spec, 0, (_added(terms, spec),)))
    if parts.terms(ROWS_ALONE) or parts.has_slopes:
        steps.append(_of_rows(parts))
    last = _last(parts, len(steps) - 1, steps[-1].spec.terms)
    return [*steps, last] if last.additions else steps


def _among(wanted: Sequence[Term], known: Sequence[Term]) -> tuple[Term, ...]:
    """Refuse terms that are not there."""
    for term in wanted:
        if term not in known:
            raise OptionError(
                f"means: {term.name!r} is no term of the formula that is constant within groups; these are "
                f"{listed([own.name for own in known]) or 'none'}"
            )
    return tuple(wanted)


def _added(terms: Sequence[Term], spec: ModelSpec) -> Addition:
    return Addition(" + ".join(term.name for term in terms), True, spec)


def _of_rows(parts: _Parts) -> Step:
    """Return the step of predictors of rows, and of what differs between groups in their effects."""
    fixed, whole = parts.spec(ROWS_ALONE, random=False), parts.spec(ROWS_ALONE, random=True)
    terms = parts.terms(ROWS_ALONE)
    additions = [_added(terms, fixed)] if terms else []
    if parts.has_slopes:
        additions.append(Addition(parts.effects, False, whole))
    name = "random coefficients" if parts.has_slopes else "predictors of rows"
    return Step(name, whole, 0, tuple(additions))


def _last(parts: _Parts, before: int, known: Sequence[Term]) -> Step:
    """Return the step to the whole model from one with the terms `known`: equations of intercepts, then of slopes."""
    both, groups = parts.terms(BOTH), [term for term in parts.terms(GROUPS_ALONE) if term not in known]
    means = parts.spec(ROWS_ALONE, GROUPS_ALONE, random=True)
    additions = [_added(groups, means)] if groups else []
    additions += [_added(both, parts.whole)] if both else []
    names = ["intercepts"] * bool(groups) + ["slopes"] * bool(both)
    return Step(f"{' and '.join(names)} as outcomes", parts.whole if both else means, before, tuple(additions))
