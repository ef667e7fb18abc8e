"""The priors of a generalized model: coefficients of all parts, on the scale of the link, and variance parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import GeneralizedFit, posterior_slots
from ..errors import DesignError, FitStateError, OptionError, quote
from ..estimation.generalized import GeneralizedEstimate
from ..families import WITH_DEVIATION
from ..formula.random_term import RandomTerm
from ..priors import (
    INTERCEPT,
    THRESHOLDS,
    WIDE,
    Assigned,
    DataScales,
    Flat,
    Horseshoe,
    Normal,
    Parameter,
    chosen_priors,
    coefficient,
)
from .choice import PriorChoice
from .parameters import cells_of, means_of_columns, middle_of, of_slots, spreads_of, with_names_of_their_own
from .places import formula_terms, scales_of_places
from .propriety import LEAST_LEVELS, require_levels
from .rows import offsets_of

Vector = NDArray[np.float64]

_OF_ZERO = 0.1
"""What brms puts in the place of a response of zero, where its link is infinite."""
_LINKED_RESPONSES: Mapping[str | None, Callable[[Vector], Vector]] = {
    "identity": lambda y: y,
    "log": lambda y: np.log(np.where(y == 0, _OF_ZERO, y)),
    "inverse": lambda y: 1 / np.where(y == 0, _OF_ZERO, y),
    "sqrt": np.sqrt,
    "1/mu^2": lambda y: 1 / np.where(y == 0, _OF_ZERO, y) ** 2,
}
"""Links of which brms measures the response itself."""
_WITH_ENDS = ("identity", "inverse", "1/mu^2")
_OF_ANY_MEAN = ("gaussian", "student", "lognormal")
_WITH_LIKELIHOOD = ("conditional", THRESHOLDS)
"""Parts whose coefficients may be flat: the likelihood falls to zero where they are very large."""
_GONE = (
    "the rows of this fit are gone, from which the posterior is drawn; fit the model again and draw before it is "
    "saved: a posterior can be saved too"
)
_LINKS: Mapping[str | None, Callable[[float], float]] = {
    "log": math.log,
    "identity": lambda mean: mean,
    "inverse": lambda mean: 1 / mean,
    "sqrt": math.sqrt,
    "1/mu^2": lambda mean: 1 / mean**2,
    "logit": lambda mean: math.log(mean / (1 - mean)),
    "probit": NormalDist().inv_cdf,
    "cloglog": lambda mean: math.log(-math.log1p(-mean)),
    "cauchit": lambda mean: math.tan(math.pi * (mean - 0.5)),
}


def choose_generalized_priors(estimate: GeneralizedEstimate, priors: Mapping[str, Any] | str | None) -> PriorChoice:
    """Choose the prior of every parameter of all parts."""
    _require_whole_range(estimate)
    parameters = _parameters(estimate)
    scales = _scales(estimate)
    found = _in_unit(estimate, chosen_priors(priors, parameters, scales), scales)
    _require_possible(estimate, parameters, found)
    require_levels(_few_levels(estimate), parameters, found)
    return PriorChoice(parameters, found, _means(estimate).tolist(), _notes(estimate, found))


def _require_whole_range(estimate: GeneralizedEstimate) -> None:
    """Refuse links by which a predictor may have a mean that there is not: the density of effects ends there.

    Quadrature and the normal approximation of effects around their mode are of densities without ends.
    """
    family = estimate.family
    if family.link in _WITH_ENDS and family.name not in _OF_ANY_MEAN:
        raise OptionError(
            f"family {family.name!r} with link {family.link!r}: effects for which the mean is not positive are "
            "impossible, and how much of the posterior that cuts off is not computed; fit it with link='log'"
        )


def core_of(estimate: GeneralizedEstimate) -> GeneralizedFit:
    """Return the core's fit, whose rows are there."""
    if not isinstance(estimate.own.fit, GeneralizedFit):
        raise FitStateError(_GONE)
    return estimate.own.fit


def _parameters(estimate: GeneralizedEstimate) -> list[Parameter]:
    """Return coefficients of all parts, then what the core has priors of, in its order."""
    names, terms = estimate.parameter_names()
    parts = sorted(estimate.parts, key=lambda part: estimate.parts[part].first)
    part_of = [part for part in parts for _ in range(estimate.parts[part].n)]
    coefficients = [_coefficient(name, part) for name, part in zip(names, part_of, strict=True)]
    slots = posterior_slots(core_of(estimate), terms)
    return with_names_of_their_own([*coefficients, *of_slots(terms, slots)])


def _scales_of_others(estimate: GeneralizedEstimate) -> dict[str, float]:
    """Measure ranges and rates by the places, and standard deviations of parts beside the mean by their link."""
    slots = posterior_slots(core_of(estimate), estimate.parameter_names()[1])
    designs = sorted(estimate.designs, key=lambda name: estimate.parts[name].terms[0])
    terms, part_of = list[tuple[RandomTerm | None, Sequence[str]]](), list[str]()
    for name in designs:
        own = estimate.designs[name]
        terms += formula_terms(own.request.spec.random, [term.columns for term in own.random])
        part_of += [name] * len(own.random)
    sds = {name: WIDE for name, kind, k, _ in slots if kind == "sd" and part_of[k] != "conditional"}
    return sds | scales_of_places(terms, slots)


def _coefficient(name: str, part: str) -> Parameter:
    return coefficient(name) if part == "conditional" else Parameter(name, "coefficient", (part,))


def _scales(estimate: GeneralizedEstimate) -> DataScales:
    """Measure the response: of a linear scale in its unit, else by the link of its mean and one."""
    columns = (spreads_of(estimate), cells_of(estimate))
    others = _scales_of_others(estimate)
    if estimate.family.name == "cumulative":
        return DataScales(0.0, 1.0, 0.0, 1.0, *columns, linked=True, others=others)
    values = estimate.values
    if estimate.family.name in WITH_DEVIATION and estimate.family.link == "identity":
        y = np.log(values.response) if estimate.family.name == "lognormal" else values.response - _offset(estimate)
        return DataScales(float(y.mean()), float(y.std(ddof=1)), *middle_of(y), *columns, others=others)
    sizes = (_linked_mean(estimate), 1.0, *_linked_middle(estimate))
    offset = float(_offset(estimate).mean())
    return DataScales(*sizes, *columns, linked=True, others=others, offset=offset)


def _linked_middle(estimate: GeneralizedEstimate) -> tuple[float, float]:
    """Return median and absolute deviation of the response by its link, where it has them, else zero and one."""
    link = _LINKED_RESPONSES.get(estimate.family.link)
    if link is None:
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        median, deviation = middle_of(link(estimate.values.response))
    return median if np.isfinite(median) else 0.0, deviation if np.isfinite(deviation) else 1.0


def _linked_mean(estimate: GeneralizedEstimate) -> float:
    """Return the link of the mean response less the mean offset, or zero where there is none."""
    weights = estimate.values.weights
    mean = float(np.average(estimate.values.response, weights=weights))
    try:
        found = _LINKS[estimate.family.link](mean)
    except (ValueError, ZeroDivisionError):
        return 0.0
    return found - float(_offset(estimate).mean())


def _offset(estimate: GeneralizedEstimate) -> Vector:
    """Return the offsets of the rows used."""
    kept = estimate.rows.kept
    found = offsets_of(estimate.data.bound(), len(estimate.layout.columns), estimate.core.modes())
    return found if kept is None else found[kept]


def _in_unit(estimate: GeneralizedEstimate, found: Mapping[str, Assigned], scales: DataScales) -> dict[str, Assigned]:
    """Place the default prior of the logarithm of a residual standard deviation at that of the response."""
    name = "dispersion:(Intercept)"
    is_default = name in found and found[name].source != "given"
    if not is_default or scales.linked or estimate.family.name not in WITH_DEVIATION:
        return dict(found)
    own = found[name]
    return {**found, name: replace(own, prior=Normal(math.log(scales.spread), 2.5))}


def _require_possible(
    estimate: GeneralizedEstimate, parameters: Sequence[Parameter], found: Mapping[str, Assigned]
) -> None:
    """Refuse flat priors of what the likelihood leaves open."""
    names = estimate.parameter_names()[0]
    endless = {*estimate.endless, *(names[k] for k in estimate.own.fit.without_end)}
    for one in parameters:
        if isinstance(found[one.name].prior, Horseshoe):
            raise OptionError(
                f"the prior of {quote(one.name)} is {found[one.name].prior}, which is offered of linear models; give "
                "hlmrs.StudentT(1, 0, scale) to each, whose tails are as long"
            )
        if not isinstance(found[one.name].prior, Flat):
            continue
        if one.name in endless:
            raise DesignError(
                f"the prior of {quote(one.name)} is flat, and its rows are predicted perfectly however large it is "
                "(separation): there is no posterior; give it another prior, such as hlmrs.Normal(0, 2.5)"
            )
        is_of_likelihood = one.column is not None or bool({*one.also} & {*_WITH_LIKELIHOOD})
        if one.kind in ("positive", "real") or (one.kind == "coefficient" and not is_of_likelihood):
            raise DesignError(
                f"the prior of {quote(one.name)} is flat, and the likelihood does not fall to zero where it is very "
                "large: there is no posterior; give it another prior, such as hlmrs.Normal(0, 2.5)"
            )


def _few_levels(estimate: GeneralizedEstimate) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield standard deviations, of all parts, of grouping factors with few levels."""
    sizes = [len(modes) for modes in estimate.own.fit.modes()]
    for (group, columns), n in zip(estimate.parameter_names()[1], sizes, strict=True):
        if n < LEAST_LEVELS:
            yield from ((f"sd({column} | {group})", (group, n)) for column in columns)


def _means(estimate: GeneralizedEstimate) -> Vector:
    """Return the means of the columns of all coefficients; of thresholds and other parts zero."""
    found = np.zeros(sum(part.n for part in estimate.parts.values()))
    mean = estimate.parts["conditional"]
    if estimate.family.name != "cumulative" or _has_plain_thresholds(estimate):
        found[mean.first : mean.first + mean.n] = means_of_columns(estimate)
    return found


def _has_plain_thresholds(estimate: GeneralizedEstimate) -> bool:
    """Whether coefficients are the thresholds themselves."""
    return estimate.generalized.thresholds == "flexible" and THRESHOLDS not in estimate.designs


def _notes(estimate: GeneralizedEstimate, found: Mapping[str, Assigned]) -> list[str]:
    if INTERCEPT in found and estimate.parts["conditional"].n > 1 and not isinstance(found[INTERCEPT].prior, Flat):
        return ["The prior of the intercept is that of the mean where all columns have their means."]
    if estimate.family.name == "cumulative" and estimate.parts["conditional"].n and _has_plain_thresholds(estimate):
        return ["The priors of thresholds are those where all columns have their means."]
    return []
