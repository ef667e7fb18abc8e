"""Which simpler model to consider where variances are zero, or cannot be told apart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formula.random_term import STRUCTURES, RandomTerm

_INTERCEPT = "(Intercept)"
_NONE = 1e-4
"""Weight of an effect in a combination below which it has no part in it."""
_DEPENDENT = 1e-13
"""Part of an effect's mean square that effects before it leave, below which it is a combination of them."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, and what to write in place of random terms; an empty text leaves the term out."""

    text: str
    suggestions: Mapping[str, str] = field(default_factory=dict)


LEAST_SQUARES = Advice(
    "Without random effects the model is one for least squares: hlmrs.gls fits it, with residual= and dispersion= too."
)
GENERALIZED_LINEAR = Advice(
    "Without random effects the model is a generalized linear model, for example one of statsmodels.formula.api.glm."
)


@dataclass(frozen=True, slots=True)
class EstimatedTerm:
    """A random term and the names of its columns."""

    spec: RandomTerm
    columns: Sequence[str]

    @property
    def name(self) -> str:
        """The term in full."""
        return self.spec.name

    @property
    def effects(self) -> list[str]:
        """The effects as the formula writes them, each of which may make several columns."""
        return [_INTERCEPT] * self.spec.intercept + [term.name for term in self.spec.terms]

    def without(self, columns: Collection[str]) -> str | None:
        """Return the term without some of its columns; None where an effect makes several."""
        if len(self.effects) != len(self.columns):
            return None
        terms = self.columns[self.spec.intercept :]
        left = tuple(term for term, column in zip(self.spec.terms, terms, strict=True) if column not in columns)
        return replace(self.spec, intercept=self.spec.intercept and _INTERCEPT not in columns, terms=left).name

    def uncorrelated(self) -> str | None:
        """Return the term with uncorrelated effects; of a factor's effects two bars would keep the correlations."""
        structure = STRUCTURES[self.spec.structure]
        independent = next(name for name, other in STRUCTURES.items() if other.independent)
        if structure.unrestricted and self.effects == list(self.columns):
            return self.spec.written("||")
        if structure.unrestricted or independent in structure.contains:
            return replace(self.spec, structure=independent).name
        return None


def of_boundary(term: EstimatedTerm, entry: Mapping[str, Any]) -> Advice:
    """Say which effects of a term have no variance."""
    rank, directions = entry["rank"], entry["directions"]
    width = len(term.columns)
    if rank == 0:
        what = "its variance is" if width == 1 else "all its variances are"
        text = f"{term.name}: {what} estimated as zero; the model without this term fits as well."
        return Advice(text, {term.name: ""})
    if term.spec.rank is not None:
        what = f"its covariance has rank {rank}, below d={term.spec.rank}"
        return _considered(term, what, f"d={rank}", replace(term.spec, rank=rank).name)
    if STRUCTURES[term.spec.structure].is_placed:
        what = "its effects have correlation one at every distance between places, so that they act like one effect"
        return _considered(term, what, "a random intercept", f"(1 | {term.spec.label})")
    alone = [term.columns[_only(direction)] for direction in directions if _only(direction) >= 0]
    if len(alone) == len(directions):
        return _without_variance(term, alone)
    if width == 2:
        sign = "-1" if directions[0][0] * directions[0][1] > 0 else "1"
        what = f"the correlation of {term.columns[0]} and {term.columns[1]} is estimated as {sign}, its limit"
        return _considered(term, what, "uncorrelated effects", term.uncorrelated())
    shown = "; ".join(_combination(term.columns, direction) for direction in directions)
    number, have, are = ("a combination", "has", "is")
    if len(directions) > 1:
        number, have, are = (f"{len(directions)} combinations", "have", "are each")
    what = (
        f"{number} of its effects {have} no variance ({shown} {are} the same in every group), so that correlations are "
        "at their limits"
    )
    return _considered(term, what, "uncorrelated effects", term.uncorrelated())


def of_independence(term: EstimatedTerm) -> Advice:
    """Say that effects at places are not correlated."""
    what = "its effects are not correlated even at the smallest distance between places"
    return _considered(term, what, "independent ones", f"(1 | {':'.join([term.spec.label, *term.spec.places])})")


def of_flat(
    terms: Sequence[EstimatedTerm],
    flat: Sequence[int],
    redundant: int | None,
    moments: Sequence[NDArray[np.float64]],
) -> Advice:
    """Say which terms the data do not identify, and which model is the same or identified."""
    names = [terms[k].name for k in flat]
    why = "these data do not determine them" if len(flat) == 1 else "they cannot be told apart with these data"
    text = (
        f"The criterion is the same for other covariances of {', '.join(names)}: {why}, though fixed effects and fit "
        "are determined."
    )
    if redundant is not None:
        left_out = terms[redundant].name
        return Advice(f"{text} The model without {left_out} is the same model.", {left_out: ""})
    if len(flat) == 1:
        (k,) = flat
        return _of_one_flat(text, terms[k], moments[k])
    joined = _joined([terms[k] for k in flat])
    if joined is None:
        return Advice(f"{text} Leave out one of the terms, or effects of them.")
    text = f"{text} Effects that occur in several of these terms have one variance only: consider {joined}."
    suggestions = dict.fromkeys(names, "")
    if suggestions.pop(joined, None) is None:
        suggestions[names[0]] = joined
    return Advice(text, suggestions)


def of_saturated(group: str, n: int) -> Advice:
    """Say what it means that the fixed part has a mean for every group."""
    return Advice(
        f"The fixed part gives each of the {n:,} groups of {group} a mean of its own, so that nothing says how far "
        "groups differ by chance. An effect of a predictor that is constant within groups cannot be told from other "
        "differences between them, and its standard error counts rows as if there were no groups: testing it takes "
        "more groups."
    )


def _of_one_flat(text: str, term: EstimatedTerm, moments: NDArray[np.float64]) -> Advice:
    """Name effects that are combinations of others, without which the model is the same."""
    if len(term.columns) == 1:
        return Advice(f"{text} Consider the model without it.", {term.name: ""})
    depend = _dependent(term.columns, moments)
    instead = term.without(depend) if depend else term.uncorrelated()
    them = "it" if len(depend) == 1 else "them"
    if depend:
        are = "is a combination" if len(depend) == 1 else "are combinations"
        text = f"{text} {', '.join(depend)} {are} of the effects before {them}."
    if instead is None or instead == term.name:
        return Advice(f"{text} Consider fewer effects, or a simpler covariance.")
    why = f"the same model without {them}" if depend else "fewer effects, or uncorrelated ones"
    return Advice(f"{text} Consider {why}, {instead}.", {term.name: instead})


def _without_variance(term: EstimatedTerm, columns: Sequence[str]) -> Advice:
    """Consider a term without effects that have no variance, or where they are part of a factor, uncorrelated ones."""
    plural = len(columns) > 1
    what = f"the {'variances' if plural else 'variance'} of {', '.join(columns)} {'are' if plural else 'is'} estimated"
    instead = term.without(columns)
    if instead is not None:
        return _considered(term, f"{what} as zero", f"the term without {'them' if plural else 'it'}", instead)
    return _considered(term, f"{what} as zero", "uncorrelated effects", term.uncorrelated())


def _considered(term: EstimatedTerm, what: str, why: str, instead: str | None) -> Advice:
    if instead is None or instead == term.name:
        return Advice(f"{term.name}: {what}; consider fewer effects, or a simpler covariance.")
    return Advice(f"{term.name}: {what}; consider {why}, {instead}.", {term.name: instead})


def _dependent(columns: Sequence[str], moments: NDArray[np.float64]) -> list[str]:
    """Return the columns that are combinations of those before them, by the mean of z z'."""
    size = np.sqrt(np.diag(moments))
    scaled = moments / np.outer(size, size)
    kept: list[int] = []
    for k in range(len(columns)):
        of_kept = scaled[np.ix_(kept, [k])]
        left = scaled[k, k] - of_kept.T @ np.linalg.solve(scaled[np.ix_(kept, kept)], of_kept)
        if left.item() > _DEPENDENT:
            kept.append(k)
    return [name for k, name in enumerate(columns) if k not in kept]


def _only(direction: Sequence[float]) -> int:
    """Return the index of the one effect in a combination, or -1 if there are several."""
    large = [k for k, weight in enumerate(direction) if abs(weight) > _NONE]
    return large[0] if len(large) == 1 else -1


def _combination(columns: Sequence[str], direction: Sequence[float]) -> str:
    parts = [(weight, name) for weight, name in zip(direction, columns, strict=True) if abs(weight) > _NONE]
    text = " ".join(
        f"{'-' if weight < 0 else '+'} {'' if abs(abs(weight) - 1) < 5e-4 else f'{abs(weight):.3g} '}{name}"
        for weight, name in parts
    )
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("- ") else text.removeprefix("+ ")


def _joined(terms: Sequence[EstimatedTerm]) -> str | None:
    """Return one term with the effects of all, where they are of one grouping factor."""
    first = terms[0].spec
    if len({(frozenset(term.spec.group), term.spec.one) for term in terms}) > 1:
        return None
    if not all(STRUCTURES[t.spec.structure].unrestricted and t.effects == list(t.columns) for t in terms):
        return None
    effects = tuple(dict.fromkeys(effect for term in terms for effect in term.spec.terms))
    return replace(first, intercept=any(term.spec.intercept for term in terms), terms=effects).name
