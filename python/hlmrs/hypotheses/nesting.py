"""Is a model a special case of another?  Told by the columns themselves, not by their names.

Fixed part: the columns of the smaller X lie in the span of the larger.  Random part: every term of the smaller model is
a term of the larger one with parameters fixed, for a grouping factor with the same groups.  Of generalized models that
holds part by part, and family, link and approximation of the likelihood are the same; or the family is a limit of the
larger model's, such as Poisson's of negative binomial ones.  A linear model is one of a Gaussian response.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .._core import Structure
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.rows import ModelRows
from ..families import Family
from ..formula import STRUCTURES
from .residual_nesting import different_correlations, dispersion_columns, new_nuggets

Vector = NDArray[np.float64]

_TOLERANCE = 1e-8
_FITTED_ROWS = 20_000
_MOST_MATCHES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class RandomPart:
    """A random term: its structure, its columns in the rows used, and the group of every row."""

    structure: Structure
    columns: Vector
    groups: NDArray[np.uint32]
    rank: int = 0

    @property
    def width(self) -> int:
        """Random effects per group."""
        return int(self.columns.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class ModelPart:
    """One linear predictor in the rows used: columns, offset (None: zero), random terms."""

    x: Vector
    offset: Vector | None
    random: Sequence[RandomPart]


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a smaller model lies in a larger: for each of the larger's random terms, the smaller's that it covers.

    `n_limits`: parameters of the larger that are at the end of their range in the smaller: the dispersion of a family,
    a nugget of residuals.
    """

    covered: Sequence[tuple[RandomPart, Sequence[RandomPart]]]
    n_limits: int = 0


_AT_LIMIT = {
    ("poisson", "nbinom2"),
    ("poisson", "nbinom1"),
    ("truncated_poisson", "truncated_nbinom2"),
    ("truncated_poisson", "truncated_nbinom1"),
    ("binomial", "betabinomial"),
}
"""Families, and those that they are the limit of where there is no overdispersion."""
_INSIDE = {("poisson", "genpois"), ("truncated_poisson", "truncated_genpois")}
"""Families, and those that they are with a dispersion of one, inside its range."""


def embed(small: Estimate, large: Estimate) -> Embedding | str:
    """Find the smaller model in the larger; a text says why it is no special case of it."""
    if reason := _different_kinds(small, large):
        return reason
    sources, targets = model_parts(small), model_parts(large)
    if ("zero_inflation" in sources) != ("zero_inflation" in targets):
        return "not nested: only one has a zero part"
    if not sources.keys() <= targets.keys():
        return "not nested"
    limit = (family_of(small).name, family_of(large).name) in _AT_LIMIT
    if limit and (targets["dispersion"].x.shape[1] > 1 or targets["dispersion"].random):
        return "no test: without overdispersion the effects on the dispersion mean nothing"
    # what a smaller model lacks is zero in the larger: effects on the scale, the logarithm of a dispersion of one
    nothing = ModelPart(np.empty((large.layout.n_rows, 0)), None, [])
    sources |= dict.fromkeys(targets.keys() - sources.keys(), nothing)
    covered: list[tuple[RandomPart, Sequence[RandomPart]]] = []
    for name, source in sources.items():
        found = _embed_part(source, targets[name])
        if found is None:
            return "not nested"
        covered += found
    return Embedding(covered, int(limit) + new_nuggets(small, large))


def family_of(estimate: Estimate) -> Family:
    """Return the family; a linear model is one of a Gaussian response."""
    return estimate.family if isinstance(estimate, GeneralizedEstimate) else Family("gaussian")


def _different_kinds(small: Estimate, large: Estimate) -> str:
    """Say in which way likelihoods are of different kinds, or nothing."""
    one, other = family_of(small), family_of(large)
    if one.name != other.name and (one.name, other.name) not in _AT_LIMIT | _INSIDE:
        return f"not nested: families {one.name} and {other.name}"
    if one.link != other.link:
        return f"not nested: links {one.link} and {other.link}"
    of_both_kinds = isinstance(small, GeneralizedEstimate) != isinstance(large, GeneralizedEstimate)
    if of_both_kinds and small.request.weights is not None:
        return "no test: weights divide the variance of a linear model and multiply the likelihood of a generalized one"
    if _approximation(small) != _approximation(large):
        return "no test: the likelihoods are approximated differently (nagq=, information=)"
    return different_correlations(small, large)


def dispersion_part(estimate: Estimate, constant: Vector) -> ModelPart:
    """Read the log standard deviation of the residuals of a linear model."""
    columns, offset = dispersion_columns(estimate)
    return ModelPart(np.hstack([constant, columns]), offset, [])


def _approximation(estimate: Estimate) -> str | dict[str, int]:
    """Return how the likelihood is approximated; of a linear model it is exact, as by Laplace's approximation."""
    return estimate.generalized.approximation if isinstance(estimate, GeneralizedEstimate) else "laplace"


def _embed_part(small: ModelPart, large: ModelPart) -> Sequence[tuple[RandomPart, Sequence[RandomPart]]] | None:
    if not _fixed_part_lies_in(small, large):
        return None
    sources, targets = small.random, large.random
    choices = [[k for k, target in enumerate(targets) if _could_cover(target, source)] for source in sources]
    for attempt, assignment in enumerate(product(*choices)):
        if attempt == _MOST_MATCHES:
            return None
        covered = [
            (target, [source for source, k in zip(sources, assignment, strict=True) if targets[k] is target])
            for target in targets
        ]
        if all(_covers(target, parts) for target, parts in covered):
            return covered
    return None


def model_parts(estimate: Estimate) -> dict[str, ModelPart]:
    """Read the linear predictors of a fit; those of a generalized one without a formula are constants."""
    constant = np.ones((estimate.layout.n_rows, 1))
    if not isinstance(estimate, GeneralizedEstimate):
        mean = _part(estimate.data, estimate.layout.kept)
        return {"conditional": mean, "dispersion": dispersion_part(estimate, constant)}
    found = {}
    for name, part in estimate.own.parts.items():
        if name not in estimate.designs:
            found[name] = ModelPart(constant, None, [])
            continue
        data = estimate.designs[name].data
        # every threshold has the effects of its formula
        kept = range(len(estimate.designs[name].columns)) if name == "thresholds" else part["kept"]
        found[name] = _part(data, kept)
    if "thresholds" in found:  # what all of them have in common is an effect of the mean
        mean = found["conditional"]
        found["conditional"] = ModelPart(np.column_stack([mean.x, found["thresholds"].x]), mean.offset, mean.random)
    return found


def _part(data: ModelRows, kept: Sequence[int]) -> ModelPart:
    rows, new = data.rows, data.bound()
    used = slice(None) if rows.kept is None else rows.kept
    random = [
        RandomPart(
            STRUCTURES[term["structure"]], new.term_matrix(k)[used], rows.group_codes(term["group"]), term["rank"]
        )
        for k, term in enumerate(rows.layout()["random"])
    ]
    return ModelPart(rows.model_matrix()[:, list(kept)], rows.offset(), random)


def spans(large: Vector, small: Vector) -> bool:
    """Whether the columns of one matrix lie in the span of another's."""
    if not small.shape[1]:
        return True
    if not large.shape[1]:
        return not small.any()
    step = max(1, len(large) // _FITTED_ROWS)
    scale = np.linalg.norm(large, axis=0)
    scale[scale == 0] = 1.0
    weights = np.linalg.lstsq((large / scale)[::step], small[::step], rcond=None)[0]
    left = np.linalg.norm(small - (large / scale) @ weights, axis=0)
    return bool(np.all(left <= _TOLERANCE * np.maximum(np.linalg.norm(small, axis=0), 1e-300)))


def _fixed_part_lies_in(small: ModelPart, large: ModelPart) -> bool:
    columns = [small.x]
    offsets = [np.zeros(len(large.x)) if o is None else o for o in (small.offset, large.offset)]
    shift = offsets[1] - offsets[0]
    if shift.any():
        columns.append(shift[:, None])
    return spans(large.x, np.column_stack(columns))


def _could_cover(target: RandomPart, source: RandomPart) -> bool:
    return (
        target.width >= source.width
        and same_groups(target.groups, source.groups)
        and spans(target.columns, source.columns)
    )


def same_groups(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> bool:
    """Whether two codings part the rows alike."""
    pairs = len(np.unique(np.stack([a, b]), axis=1).T)
    return pairs == len(np.unique(a)) == len(np.unique(b))


def _covers(target: RandomPart, sources: Sequence[RandomPart]) -> bool:
    """Whether a term, with parameters fixed, is the sum of some independent terms."""
    if not sources or target.structure.unrestricted:
        return sum(source.width for source in sources) <= target.width
    if target.structure.independent:
        places = [_place(target, column) for source in sources for column in source.columns.T]
        independent = all(source.width == 1 or not source.structure.correlated for source in sources)
        return independent and None not in places and len(set(places)) == len(places)
    (source,) = sources if len(sources) == 1 else (None,)
    if source is None:
        return False
    same = source.columns.shape == target.columns.shape and np.array_equal(source.columns, target.columns)
    is_part = source.structure.name in (target.structure.name, *target.structure.contains)
    return same and is_part and source.rank <= target.rank


def _place(target: RandomPart, column: Vector) -> int | None:
    """Find a column of a term, up to its scale."""
    for k, other in enumerate(target.columns.T):
        if spans(other[:, None], column[:, None]):
            return k
    return None
