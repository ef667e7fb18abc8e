"""Coefficients without a finite best value: those that separate the response, and laws at the end of a family."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._core import GeneralizedModel
from ..errors import ConvergenceWarning, DesignError, listed, warn
from ..families import COUNTS, Family
from .ordered import threshold_names
from .parts import PartDesign
from .verdict import Verdict

_PART = 1e-6
"""Share of a direction below which a coefficient takes no part in it."""


@dataclass(frozen=True, slots=True)
class PartEstimates:
    """The coefficients of one part: names, estimates, and where they stand among all."""

    names: list[str]
    dropped: list[str]
    first: int
    n: int
    terms: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limit:
    """A part whose best value is infinite, its coefficients, and what is said; `is_law`: the limit is a law too."""

    part: str
    names: list[str]
    text: str
    is_law: bool


def part_columns(name: str, designs: Mapping[str, PartDesign], categories: Sequence[str], thresholds: str) -> list[str]:
    """Return the names of a part's columns."""
    if name == "thresholds":
        return threshold_names(thresholds, categories, designs[name].columns if name in designs else None)
    return designs[name].columns if name in designs else ["(Intercept)"]


def refuse_separation(
    model: GeneralizedModel,
    response: str,
    designs: Mapping[str, PartDesign],
    categories: Sequence[str] = (),
    thresholds: str = "flexible",
    *,
    only_warn: bool = False,
) -> None:
    """Refuse coefficients without a best value, or warn of them: what moves them there, and the rows separated."""
    found = model.separation
    if found is None:
        return
    direction, separated = np.array(found[0]), found[1]
    moving: dict[str, float] = {}
    for entry in model.parts():
        columns = part_columns(entry["name"], designs, categories, thresholds)
        of = _OF_PARTS.get(entry["name"], "")
        own = direction[entry["first"] : entry["first"] + entry["n"]] / np.abs(direction).max()
        names = [f"{columns[k]}{of}" for k in entry["kept"]]
        moving |= {column: value for column, value in zip(names, own, strict=True) if abs(value) > _PART}
    along = " ".join(f"{'+' if value > 0 else '-'} {abs(value):.3g} {column}" for column, value in moving.items())
    numbers = ", ".join(map(str, separated[:5])) + (", ..." if len(separated) > 5 else "")
    what = (
        f"coefficient of {listed([*moving])} has" if len(moving) == 1 else f"coefficients of {listed([*moving])} have"
    )
    message = (
        f"the {what} no finite estimate: as {along.removeprefix('+ ')} goes to infinity the likelihood of "
        f"{len(separated):,} of {model.n_obs:,} rows used (counted from 0: {numbers}) rises without end and that of no "
        f"row falls, so that {response} is predicted perfectly there (separation); merge levels, "
        "leave the term out, or say what is likely, such as prior=hlmrs.Normal(0, 2.5)"
    )
    if not only_warn:
        raise DesignError(message)
    warn(f"{message}; its estimate here is where the search stopped", ConvergenceWarning)


def limits_of(family: Family, parts: Mapping[str, PartEstimates], endless: Collection[int]) -> list[Limit]:
    """Say what is known of coefficients that can grow without end at no cost."""
    found = []
    for name, part in parts.items():
        own = [part.names[k - part.first] for k in range(part.first, part.first + part.n) if k in endless]
        if own:
            known = _LAWS.get((family.name, name)) or (_NO_ZEROS if _inflates(family, name) else "")
            found.append(Limit(name, own, known or _no_end(name, own), bool(known)))
    return found


def with_limits(verdict: Verdict, limits: list[Limit], uncertain: str | None) -> Verdict:
    """Add them: a law at the end of a family is a boundary, other coefficients are not identified.

    `uncertain` says why there are no standard errors.
    """
    if verdict.status in ("not-converged", "pole"):
        limits = []  # what is level where a search stopped is of that point alone
    laws = tuple(limit.part.replace("_", " ") for limit in limits if limit.is_law)
    unknown = tuple(
        f"{column}{_OF_PARTS.get(limit.part, '')}" for limit in limits if not limit.is_law for column in limit.names
    )
    status = verdict.status
    if status in ("optimum", "boundary") and limits:
        status = "flat" if unknown else "boundary"
    return replace(
        verdict,
        status=status,
        limits=laws,
        flat_terms=(*verdict.flat_terms, *unknown),
        advice=(
            *verdict.advice,
            *([] if uncertain is None else [_UNCERTAIN.format(uncertain)]),
            *(limit.text for limit in limits),
        ),
    )


def _inflates(family: Family, part: str) -> bool:
    """Whether zeros of a part come on top of those of the counts; in a hurdle model they are all there are."""
    return part == "zero_inflation" and family.name in COUNTS and not family.name.startswith("truncated_")


def _no_end(part: str, names: list[str]) -> str:
    where = part.replace("_", " ")
    return f"The data do not determine {listed(names)} of the {where} part: the likelihood is level there."


_OF_PARTS = {
    "zero_inflation": " of the zero part",
    "dispersion": " of the dispersion",
    "thresholds": " (threshold)",
    "scale": " of the scale",
    "shape": " (shape)",
    "shape2": " (second shape)",
}
_UNCERTAIN = (
    "The standard errors were not computed: near the estimates {}. Intervals by profile or bootstrap do not need them."
)
_NO_ZEROS = (
    "There are no zeros beyond those of the counts, at least for some rows: their best probability is zero, and the "
    "coefficients of the zero part have no finite estimate."
)
_POISSON = (
    "There is no overdispersion beyond Poisson's: the best dispersion is {}, and the fit is that of family 'poisson'."
)
_LAWS = {
    ("nbinom2", "dispersion"): _POISSON.format("infinite"),
    ("nbinom1", "dispersion"): _POISSON.format("zero"),
    ("truncated_nbinom2", "dispersion"): _POISSON.format("infinite").replace("'p", "'truncated_p"),
    ("truncated_nbinom1", "dispersion"): _POISSON.format("zero").replace("'p", "'truncated_p"),
    (
        "betabinomial",
        "dispersion",
    ): "There is no overdispersion beyond the binomial: the best precision is infinite, and "
    "the fit is that of family 'binomial'.",
    (
        "tweedie",
        "shape",
    ): "The best power is at an end of its range, 1.01 to 1.99: without zeros, or with a spread that "
    "grows with the mean itself, family 'gamma' or 'lognormal' may be meant.",
    (
        "ordbeta",
        "shape",
    ): "There are no zeros: their best probability is zero, and the lower cut point has no estimate.",
    (
        "ordbeta",
        "shape2",
    ): "There are no ones: their best probability is zero, and the upper cut point has no estimate.",
    (
        "student",
        "shape",
    ): "There are no tails beyond the Gaussian: the best degrees of freedom are infinite, and the fit "
    "is that of family 'gaussian'.",
}
"""What a family is where a parameter is infinite."""
