"""Which simpler model to consider where variances are zero, or cannot be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..formula.random_term import STRUCTURES
from .layout import RandomTermLayout

_INTERCEPT = "(Intercept)"


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, and what to write in place of random terms; an empty text leaves the term out."""

    text: str
    suggestions: Mapping[str, str] = field(default_factory=dict)


def of_boundary(terms: Sequence[RandomTermLayout], entry: Mapping[str, Any]) -> Advice:
    """Say which effects of a term have no variance."""
    term, rank, directions = terms[entry["term"]], entry["rank"], entry["directions"]
    width = len(term.columns)
    if rank == 0:
        what = "its variance is" if width == 1 else "all its variances are"
        text = f"{term.name}: {what} estimated as zero; the model without this term fits as well."
        return Advice(text, {term.name: ""})
    alone = [term.columns[_only(direction)] for direction in directions if _only(direction) >= 0]
    if len(alone) == len(directions):
        return _considered(
            term,
            f"the variance of {', '.join(alone)} is estimated as zero",
            "the term without it, ",
            _without(term, alone),
        )
    if width == 2:
        sign = "-1" if directions[0][0] * directions[0][1] > 0 else "1"
        what = f"the correlation of {term.columns[0]} and {term.columns[1]} is estimated as {sign}, its limit"
        return _considered(term, what, "uncorrelated effects, ", _uncorrelated(term))
    shown = "; ".join(_combination(term.columns, direction) for direction in directions)
    number = "a combination" if len(directions) == 1 else f"{len(directions)} combinations"
    what = (
        f"{number} of its effects has no variance ({shown} is the same in every group), so that correlations are at "
        "their limits"
    )
    return _considered(term, what, "uncorrelated effects, ", _uncorrelated(term))


def of_flat(terms: Sequence[RandomTermLayout], flat: Sequence[int], redundant: Sequence[int]) -> Advice:
    """Say which terms cannot be told apart, and which model is the same without them."""
    names = [terms[k].name for k in flat]
    what = "from the residual variance" if len(flat) == 1 else "apart"
    text = (
        f"The criterion is the same for other covariances of {', '.join(names)}: they cannot be told {what} with these "
        "data, though fixed effects and fit are determined."
    )
    if redundant:
        (left_out,) = (terms[k].name for k in redundant)
        return Advice(f"{text} The model without {left_out} is the same model.", {left_out: ""})
    joined = _joined([terms[k] for k in flat])
    if joined is None:
        return Advice(f"{text} Leave out one of the terms, or effects of them.")
    text = f"{text} Effects that occur in several of these terms have one variance only: consider {joined}."
    return Advice(text, {names[0]: joined} | dict.fromkeys(names[1:], ""))


def _considered(term: RandomTermLayout, what: str, why: str, instead: str | None) -> Advice:
    if instead is None:
        return Advice(f"{term.name}: {what}; consider fewer effects, or a simpler covariance.")
    return Advice(f"{term.name}: {what}; consider {why}{instead}.", {term.name: instead})


def _only(direction: Sequence[float]) -> int:
    """Return the index of the one effect in a combination, or -1 if there are several."""
    large = [k for k, weight in enumerate(direction) if abs(weight) > 1e-4]
    return large[0] if len(large) == 1 else -1


def _combination(columns: Sequence[str], direction: Sequence[float]) -> str:
    parts = [(weight, name) for weight, name in zip(direction, columns, strict=True) if abs(weight) > 1e-4]
    text = " ".join(
        f"{'-' if weight < 0 else '+'} {'' if abs(abs(weight) - 1) < 5e-4 else f'{abs(weight):.3g} '}{name}"
        for weight, name in parts
    )
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("- ") else text.removeprefix("+ ")


def _inside(term: RandomTermLayout) -> tuple[str, str]:
    """Return the effects and the group of a term, as its name writes them."""
    effects, _, group = term.name.partition("(")[2].removesuffix(")").rpartition(" | ")
    return effects, group


def _effects(term: RandomTermLayout) -> list[str] | None:
    """Return the effects of a term, one for each column; None where one of them makes several columns."""
    effects = [_INTERCEPT if effect == "1" else effect for effect in _inside(term)[0].split(" + ") if effect != "0"]
    return effects if effects == list(term.columns) else None


def _written(effects: Sequence[str], group: str) -> str:
    rest = [effect for effect in effects if effect != _INTERCEPT]
    return f"({' + '.join(['1' if _INTERCEPT in effects else '0', *rest])} | {group})"


def _without(term: RandomTermLayout, columns: Sequence[str]) -> str | None:
    """Return the term without some of its columns."""
    effects = _effects(term)
    if effects is None:
        return _uncorrelated(term)
    written = _written([name for name in effects if name not in columns], _inside(term)[1])
    return written if STRUCTURES[term.structure].unrestricted else f"{term.structure}{written}"


def _uncorrelated(term: RandomTermLayout) -> str | None:
    """Return the term with uncorrelated effects; of a factor's effects two bars would keep the correlations."""
    effects, group = _inside(term)
    structure = STRUCTURES[term.structure]
    if structure.unrestricted and _effects(term) is not None:
        return f"({effects} || {group})"
    independent = next(name for name, other in STRUCTURES.items() if other.independent)
    return (
        f"{independent}({effects} | {group})" if structure.unrestricted or independent in structure.contains else None
    )


def _joined(terms: Sequence[RandomTermLayout]) -> str | None:
    """Return one term with the effects of all, where they are of one grouping factor."""
    effects = [_effects(term) for term in terms]
    groups = {_inside(term)[1] for term in terms}
    if len(groups) > 1 or not all(STRUCTURES[term.structure].unrestricted for term in terms):
        return None
    return (
        _written(list(dict.fromkeys(e for own in effects if own for e in own)), groups.pop()) if all(effects) else None
    )
