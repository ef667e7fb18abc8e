"""The variance of a row of a generalized model on the scale of its link, and shares of it.

Nakagawa, Johnson and Schielzeth (2017), J. R. Soc. Interface 14: the family's own variance is that of the latent
variable for probabilities, and log(1 + Var(y)/mu²) for a log link, at the mean of the model without fixed effects.
Effects of single rows count as dispersion.
"""

import math
from dataclasses import replace

import numpy as np

from .._core import family_predictors, family_variances
from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate, fit_generalized
from .shares import IntraclassCorrelation, RSquared, VarianceParts, explained_by, shares_of

_LATENT = {"logit": math.pi**2 / 3, "probit": 1.0, "cloglog": math.pi**2 / 6}


def generalized_icc(estimate: GeneralizedEstimate) -> IntraclassCorrelation:
    """Compute the shares of the grouping factors; those of single rows have none."""
    parts = generalized_parts(estimate)
    names, shares = list(parts.random), shares_of(parts)
    of_groups = dict(zip(names, shares[2:], strict=False))
    unadjusted = dict(zip(names, shares[2 + len(names) :], strict=True))
    return IntraclassCorrelation(shares[0], shares[1], of_groups, unadjusted, None, {})


def generalized_r2(estimate: GeneralizedEstimate) -> RSquared:
    """Compute the shares that fixed part, and fixed and random part, explain."""
    marginal, conditional = explained_by(generalized_parts(estimate))
    return RSquared(marginal, conditional, None, {})


def generalized_parts(estimate: GeneralizedEstimate) -> VarianceParts:
    """Return the parts of the variance on the scale of the link."""
    layout = estimate.layout
    random = dict.fromkeys((group.name for group in layout.groups), 0.0)
    for term, covariance, moments in zip(layout.random, estimate.core.covariances(), estimate.moments, strict=True):
        random[layout.groups[term.group].name] += float((covariance * moments).sum())
    single = [group.name for group in layout.groups if len(group.levels) == layout.n_rows]
    dispersion = sum(random.pop(name) for name in single)
    x = estimate.rows.model_matrix()
    fixed = float(np.var(x @ estimate.full_coefficients("conditional"), ddof=1))
    return VarianceParts(fixed, random, distribution_variance(estimate) + dispersion)


def distribution_variance(estimate: GeneralizedEstimate) -> float:
    """Return the variance of the family itself on the scale of the link."""
    family = estimate.family
    if "zero_inflation" in estimate.parts:
        raise OptionError("shares of the variance are not defined for a model with a zero part")
    if "scale" in estimate.parts:
        raise OptionError("shares of the variance are not defined where the scale depends on variables")
    if family.name in ("binomial", "betabinomial", "cumulative") and family.link in _LATENT:
        return _LATENT[str(family.link)]
    if estimate.has_residual and family.link == "identity":
        return estimate.residual_variance
    if family.link == "identity" and "dispersion" in estimate.generalized.others:
        raise OptionError(
            "shares of the variance are not defined where the residual variance depends on variables (dispersion=): "
            "every row has shares of its own; its residual standard deviation is in fit.residual_sd"
        )
    if family.link != "log":
        raise OptionError(
            f"shares of the variance are not defined for family {family.name!r} with link {family.link!r}"
        )
    null = _without_fixed_effects(estimate)
    eta = [np.array([float(null.own.coefficients_of(name)[0])]) for name in family_predictors(null.family_spec)]
    variance = float(family_variances(null.family_spec, eta)[0])
    return math.log1p(variance * math.exp(-2 * float(eta[0][0])))


def _without_fixed_effects(estimate: GeneralizedEstimate) -> GeneralizedEstimate:
    """Fit the same model with an intercept alone."""
    request = estimate.generalized
    spec = replace(request.mean.spec, terms=(), intercept=True)
    mean = replace(request.mean, spec=spec, contrasts={})
    others = {name: part for name, part in request.others.items() if name != "dispersion"}
    return fit_generalized(replace(request, mean=mean, others=others), estimate.frame)
