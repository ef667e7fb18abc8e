"""The variance of a row of a generalized model on the scale of its link, and shares of it.

Nakagawa, Johnson and Schielzeth (2017), J. R. Soc. Interface 14: beside the variances of the random effects stands that
of the family, of a latent variable (theoretical) or of the observations, ``observation_level``.  Effects of single rows
count as dispersion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..options import VarianceMean, VarianceMethod
from .observation_level import MEANS, METHODS, OF_LATENT, distribution_variance, random_variances
from .shares import IntraclassCorrelation, RSquared, VarianceParts, explained_by, parts_of_draws, shares_of

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceChoice:
    """How the variance of the family is found: None takes the method that belongs to the link."""

    method: VarianceMethod | None
    mean: VarianceMean

    def __post_init__(self) -> None:
        method = None if self.method is None else choose("method", self.method, METHODS)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "mean", choose("mean", self.mean, MEANS))


def generalized_icc(estimate: GeneralizedEstimate, choice: VarianceChoice) -> IntraclassCorrelation:
    """Compute the shares of the grouping factors; those of single rows have none."""
    parts = generalized_parts(estimate, choice)
    names, shares = list(parts.random), shares_of(parts)
    of_groups = dict(zip(names, shares[2:], strict=False))
    unadjusted = dict(zip(names, shares[2 + len(names) :], strict=True))
    return IntraclassCorrelation(shares[0], shares[1], of_groups, unadjusted, None, {}, estimate.kind)


def generalized_r2(estimate: GeneralizedEstimate, choice: VarianceChoice) -> RSquared:
    """Compute the shares that fixed part, and fixed and random part, explain."""
    marginal, conditional = explained_by(generalized_parts(estimate, choice))
    return RSquared(marginal, conditional, None, {}, estimate.kind)


def generalized_parts(estimate: GeneralizedEstimate, choice: VarianceChoice) -> VarianceParts:
    """Return the parts of the variance on the scale of the link."""
    family = distribution_variance(estimate, choice.method, choice.mean)
    layout, random = estimate.layout, random_variances(estimate)
    single = [group.name for group in layout.groups if len(group.levels) == layout.n_rows]
    dispersion = sum(random.pop(name) for name in single)
    x = estimate.rows.model_matrix()
    fixed = float(np.var(x @ estimate.full_coefficients("conditional"), ddof=1))
    return VarianceParts(fixed, random, family + dispersion)


def parts_on_link(estimate: GeneralizedEstimate, beta: Vector, covariances: Sequence[Vector]) -> VarianceParts:
    """Return the parts of the variance for draws, where the family's is that of a latent variable."""
    if estimate.family.name not in OF_LATENT:
        raise OptionError(
            f"shares of the variance in draws are those of latent variables, of successes and ordered categories; of "
            f"family {estimate.family.name!r} the fit has them, by icc() and r2()"
        )
    family = distribution_variance(estimate, "theoretical", "conditional")
    parts = parts_of_draws(estimate, beta, covariances, np.ones(len(beta)))
    random, residual = dict(parts.random), np.full(len(beta), family)
    for group in estimate.layout.groups:
        if len(group.levels) == estimate.layout.n_rows:
            residual = residual + random.pop(group.name)
    return VarianceParts(parts.fixed, random, residual)
