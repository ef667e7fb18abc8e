"""Coefficients without a finite best value: laws at the end of a family, and what the data do not determine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import listed
from ..families import COUNTS, Family
from .ordered import threshold_names
from .parts import PartDesign
from .verdict import Verdict


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
    """A part whose best value is infinite, its coefficients, and what is said; `is_law`: the limit is a law too.

    `places` are those of the coefficients among all of the model.
    """

    part: str
    places: list[int]
    names: list[str]
    text: str
    is_law: bool


def part_columns(name: str, designs: Mapping[str, PartDesign], categories: Sequence[str], thresholds: str) -> list[str]:
    """Return the names of a part's columns."""
    if name == "thresholds":
        return threshold_names(thresholds, categories, designs[name].columns if name in designs else None)
    return designs[name].columns if name in designs else ["(Intercept)"]


def part_suffix(part: str) -> str:
    """Return what follows names of coefficients of a part beside the mean."""
    return _OF_PARTS.get(part, "")


def limits_of(family: Family, parts: Mapping[str, PartEstimates], endless: Collection[int]) -> list[Limit]:
    """Say what is known of coefficients that can grow without end at no cost."""
    found = []
    for name, part in parts.items():
        places = [k for k in range(part.first, part.first + part.n) if k in endless]
        own = [part.names[k - part.first] for k in places]
        if own:
            known = _LAWS.get((family.name, name)) or (_NO_ZEROS if _inflates(family, name) else "")
            found.append(Limit(name, places, own, known or _no_end(name, own), bool(known)))
    return found


def edge_of(family: Family) -> str:
    """Say how a link may leave Laplace's approximation without an optimum; empty for others."""
    free = family.name in ("gaussian", "lognormal", "student") and family.link == "identity"
    return "" if free else _EDGES.get(str(family.link), "")


def with_limits(verdict: Verdict, limits: list[Limit], uncertain: str | None, edge: str = "") -> Verdict:
    """Add them: a law at the end of a family is a boundary, other coefficients are not identified.

    `uncertain` says why there are no standard errors, `edge` what the link has to do with a search without an optimum.
    """
    if verdict.status in ("not-converged", "pole", "unbounded", "rounded"):
        limits = []  # what is level where a search stopped is of that point alone
        if edge and verdict.status in ("not-converged", "pole"):
            verdict = replace(verdict, advice=(edge, *verdict.advice))
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
        limits=(*verdict.limits, *laws),
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
    "There are no zeros beyond those of the counts, or nothing but zeros, at least for some rows: the best probability "
    "of the zero part is zero or one there, and coefficients of it have no finite estimate."
)
_POISSON = (
    "There is no overdispersion beyond Poisson's: the best dispersion is {}, and the fit is that of family 'poisson'."
)
_EDGE = (
    "With link={!r} predictors cannot be negative, but random effects are normal: where a level's mean comes near {} "
    "its effect has no mode inside, and Laplace's approximation no optimum. link='log' takes every predictor."
)
_EDGES = {
    "identity": _EDGE.format("identity", "zero"),
    "inverse": _EDGE.format("inverse", "infinity"),
    "1/mu^2": _EDGE.format("1/mu^2", "infinity"),
    "sqrt": "With link='sqrt' predictors of either sign have the same mean: where a level's mean comes near zero its "
    "effect has two modes that meet, and Laplace's approximation no optimum. link='log' has one for each mean.",
}
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
