"""The variance that a family has of itself on the scale of its link.

Nakagawa, Johnson and Schielzeth (2017), J. R. Soc. Interface 14, tables 1 and 2, with h the link, mu the mean of the
model without fixed effects, at random effects of zero ("conditional") or over the population ("marginal"), and Var(y)
the family's variance there:

    theoretical         pi²/3 (logit), 1 (probit), pi²/6 (cloglog): of the latent variable
    observation-level,
    delta               Var(y) h'(mu)²
    lognormal           log(1 + Var(y)/mu²), of a log link
    trigamma            psi'(mu²/Var(y)), of a log link
"""

import math
from dataclasses import replace
from typing import get_args

import numpy as np

from .._core import family_predictors, family_variances
from ..errors import OptionError
from ..estimation.family_spec import link_means
from ..estimation.generalized import GeneralizedEstimate, fit_submodel
from ..families import Family
from ..options import VarianceMean, VarianceMethod

METHODS: tuple[VarianceMethod, ...] = get_args(VarianceMethod)
MEANS: tuple[VarianceMean, ...] = get_args(VarianceMean)

_LATENT = {"logit": math.pi**2 / 3, "probit": 1.0, "cloglog": math.pi**2 / 6}
OF_LATENT = ("binomial", "betabinomial", "cumulative")
_OF_LOG = ("lognormal", "trigamma")
_NODES = 80
_BISECTIONS = 100
_ASYMPTOTIC = 12.0
"""From where on the expansion of trigamma is exact to rounding."""


def distribution_variance(estimate: GeneralizedEstimate, method: VarianceMethod | None, mean: VarianceMean) -> float:
    """Return the variance of the family itself on the scale of the link; None: the method of the link."""
    family = estimate.family
    _require_one_variance(estimate)
    if estimate.has_residual and family.link == "identity" and method is None:
        return estimate.residual_variance
    method = method or _of_link(estimate)
    if method == "theoretical":
        return _theoretical(estimate)
    if family.name == "cumulative":
        raise OptionError(f"method={method!r}: an ordered response has no mean to take it at; use method='theoretical'")
    if method in _OF_LOG and family.link != "log":
        raise OptionError(
            f"method={method!r} is of a log link; family {family.name!r} with link {family.link!r} has method='delta'"
        )
    mu, variance, slope = _at_the_mean(_without_fixed_effects(estimate), mean)
    relative = variance / mu**2
    if method == "lognormal":
        return math.log1p(relative)
    return trigamma(1 / relative) if method == "trigamma" else variance / slope**2


def random_variances(estimate: GeneralizedEstimate) -> dict[str, float]:
    """Return the mean variance over rows of the random effects of the mean by grouping factor (Johnson 2014)."""
    layout = estimate.layout
    random = dict.fromkeys((group.name for group in layout.groups), 0.0)
    for term, covariance, moments in zip(layout.random, estimate.core.covariances(), estimate.moments, strict=True):
        random[layout.groups[term.group].name] += float((covariance * moments).sum())
    return random


def trigamma(x: float) -> float:
    """Return psi'(x) of a positive number: the recurrence, then the asymptotic series (Abramowitz and Stegun 6.4)."""
    total = 0.0
    while x < _ASYMPTOTIC:
        total += 1 / x**2
        x += 1
    inverse = 1 / x**2
    series = 1 / 6 - inverse * (1 / 30 - inverse * (1 / 42 - inverse * (1 / 30 - inverse * 5 / 66)))
    return total + 1 / x + inverse / 2 + series * inverse / x


def _require_one_variance(estimate: GeneralizedEstimate) -> None:
    """Refuse models in which every row has a variance of its own."""
    if "zero_inflation" in estimate.parts:
        raise OptionError("shares of the variance are not defined for a model with a zero part")
    if "scale" in estimate.parts:
        raise OptionError("shares of the variance are not defined where the scale depends on variables")
    if estimate.family.link == "identity" and "dispersion" in estimate.generalized.others:
        raise OptionError(
            "shares of the variance are not defined where the residual variance depends on variables (dispersion=): "
            "every row has shares of its own; its residual standard deviation is in fit.residual_sd"
        )


def _of_link(estimate: GeneralizedEstimate) -> VarianceMethod:
    """Return the usual method: of the latent variable, of a logarithm, or else the delta method."""
    family = estimate.family
    if family.name in OF_LATENT:
        return "theoretical"
    return "lognormal" if family.link == "log" else "delta"


def _theoretical(estimate: GeneralizedEstimate) -> float:
    family = estimate.family
    if family.name not in OF_LATENT:
        raise OptionError(
            f"method='theoretical' is of the latent variable of successes and ordered categories; family "
            f"{family.name!r} has {'lognormal, trigamma and delta' if family.link == 'log' else 'delta'}"
        )
    if family.link not in _LATENT:
        delta = "" if family.name == "cumulative" else "; method='delta' is that of the observations"
        raise OptionError(f"the latent variable of link {family.link!r} has no variance{delta}")
    return _LATENT[str(family.link)]


def _at_the_mean(null: GeneralizedEstimate, which: VarianceMean) -> tuple[float, float, float]:
    """Return mean, variance and the derivative of the mean by the predictor, of the model without fixed effects."""
    eta = float(null.own.coefficients_of("conditional")[0])
    if which == "marginal":
        eta = _predictor_of_population(null.family, eta, math.sqrt(sum(random_variances(null).values())))
    others = family_predictors(null.family_spec)[1:]
    here = [np.array([eta]), *(np.array([float(null.own.coefficients_of(name)[0])]) for name in others)]
    mean, slope = link_means(null.family, here[0])
    return float(mean[0]), float(family_variances(null.family_spec, here)[0]), float(slope[0])


def _predictor_of_population(family: Family, eta: float, sd: float) -> float:
    """Return the predictor whose mean is that over normal predictors about `eta`, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    means = link_means(family, eta + sd * nodes)[0]
    mean = float(weights @ means / weights.sum())
    low, high = eta + sd * float(nodes[0]), eta + sd * float(nodes[-1])
    rising = means[-1] >= means[0]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = float(link_means(family, np.array([middle]))[0][0]) < mean
        low, high = (middle, high) if below == rising else (low, middle)
    return (low + high) / 2


def _without_fixed_effects(estimate: GeneralizedEstimate) -> GeneralizedEstimate:
    """Fit the same model with an intercept alone."""
    request = estimate.generalized
    spec = replace(request.mean.spec, terms=(), intercept=True)
    mean = replace(request.mean, spec=spec, contrasts={})
    others = {name: part for name, part in request.others.items() if name != "dispersion"}
    return fit_submodel(estimate, replace(request, mean=mean, others=others))
