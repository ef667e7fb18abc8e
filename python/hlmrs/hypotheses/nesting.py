"""Is a model a special case of another?  Told by the columns themselves, not by their names.

Fixed part: the columns of the smaller X lie in the span of the larger.  Random part: every term of the smaller model is
a term of the larger one with parameters fixed, for a grouping factor with the same groups.  Of generalized models that
holds part by part, and family, link and approximation of the likelihood are the same; or the family is a limit of the
larger model's, such as Poisson's of negative binomial ones.  A linear model is one of a Gaussian response.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import listed
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.rows import ModelRows
from ..families import Family
from ..formula import STRUCTURES
from .part_nesting import ModelPart, RandomPart, embed_part
from .residual_nesting import different_correlations, dispersion_columns, new_nuggets

Vector = NDArray[np.float64]


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
    if missing := [name for name in sources if name not in targets]:
        return f"not nested: only the smaller model has a formula of {listed(missing)}"
    limit = (family_of(small).name, family_of(large).name) in _AT_LIMIT
    if limit and (targets["dispersion"].x.shape[1] > 1 or targets["dispersion"].random):
        return "no test: without overdispersion the effects on the dispersion mean nothing"
    # what a smaller model lacks is zero in the larger: effects on the scale, the logarithm of a dispersion of one
    nothing = ModelPart(np.empty((large.layout.n_rows, 0)), None, [])
    sources |= dict.fromkeys(targets.keys() - sources.keys(), nothing)
    covered: list[tuple[RandomPart, Sequence[RandomPart]]] = []
    for name, source in sources.items():
        found = embed_part(source, targets[name])
        if isinstance(found, str):
            return f"not nested: {'' if name == 'conditional' else f'{name}: '}{found}"
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


def model_parts(estimate: Estimate) -> dict[str, ModelPart]:
    """Read the linear predictors of a fit; those of a generalized one without a formula are constants."""
    constant = np.ones((estimate.layout.n_rows, 1))
    if not isinstance(estimate, GeneralizedEstimate):
        mean = _part(estimate.data, estimate.layout.kept, estimate.layout.columns)
        return {"conditional": mean, "dispersion": dispersion_part(estimate, constant)}
    found = {}
    for name, part in estimate.own.parts.items():
        if name not in estimate.designs:
            found[name] = ModelPart(constant, None, [])
            continue
        data = estimate.designs[name].data
        # every threshold has the effects of its formula
        kept = range(len(estimate.designs[name].columns)) if name == "thresholds" else part["kept"]
        found[name] = _part(data, kept, estimate.designs[name].columns)
    if "thresholds" in found:  # what all of them have in common is an effect of the mean
        mean = found["conditional"]
        names = [*mean.names, *found["thresholds"].names]
        columns = np.column_stack([mean.x, found["thresholds"].x])
        found["conditional"] = ModelPart(columns, mean.offset, mean.random, names)
    return found


def _part(data: ModelRows, kept: Sequence[int], names: Sequence[str]) -> ModelPart:
    rows, new = data.rows, data.bound()
    used = slice(None) if rows.kept is None else rows.kept
    random = [
        RandomPart(
            STRUCTURES[term["structure"]],
            new.term_matrix(k)[used],
            rows.group_codes(term["group"]),
            term["rank"],
            term["name"],
        )
        for k, term in enumerate(rows.layout()["random"])
    ]
    return ModelPart(rows.model_matrix()[:, list(kept)], rows.offset(), random, [names[k] for k in kept])
