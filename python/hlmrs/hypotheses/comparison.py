"""Models side by side: information criteria, and likelihood ratios of nested neighbours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .._core import Fit
from ..display import model_names
from ..errors import DataError, OptionError
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate, by_maximum_likelihood
from ..estimation.generalized_request import OTHER_PARTS
from ..estimation.penalty import has_prior
from ..frame import Column, columns_of
from ..inference import information_criteria
from .nesting import embed, family_of
from .null_distribution import null_distribution

_CHISQ_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Compared:
    """A model as it was fitted, and its fit by the criterion of the comparison."""

    estimate: Estimate
    core: Fit


def comparison_table(estimates: Sequence[Estimate], names: Sequence[str] | None, *, reml: bool) -> dict[str, Column]:
    """Tabulate models from small to large, each tested against the one before it."""
    if len(estimates) < 2:
        raise OptionError("a comparison needs two fits or more")
    for other in estimates[1:]:
        check_same_rows(estimates[0], other)
        if reml and (isinstance(other, GeneralizedEstimate) or isinstance(estimates[0], GeneralizedEstimate)):
            raise OptionError("reml=True compares linear models; generalized ones are fitted by maximum likelihood")
        if reml:
            _check_same_fixed_part(estimates[0], other)
    named = zip(model_names(len(estimates), names), (_compared(estimate, reml) for estimate in estimates), strict=True)
    labels, models = zip(*sorted(named, key=lambda own: own[1].core.n_params), strict=True)
    n, n_params = estimates[0].layout.n_rows, [model.core.n_params for model in models]
    criteria = [information_criteria(m.core.criterion, k, n) for m, k in zip(models, n_params, strict=True)]
    loglik, aic, aicc, bic = np.array(criteria).T
    relative = np.exp(-(aic - aic.min()) / 2)
    return {
        "model": list(labels),
        "formula": _told_apart(models),
        "n_params": np.array(n_params),
        "aic": aic,
        "aicc": aicc,
        "bic": bic,
        "loglik": loglik,
        "weight": relative / relative.sum(),
        **_ratios(models),
        "estimator": ["REML" if reml else "ML"] * len(models),
    }


def _compared(estimate: Estimate, reml: bool) -> Compared:
    """Fit again by the criterion of the comparison, if it was another."""
    if isinstance(estimate, GeneralizedEstimate):
        estimate = by_maximum_likelihood(estimate) if estimate.request.reml else estimate
        return Compared(estimate, estimate.core)
    core = estimate.core
    if estimate.request.reml != reml:
        core = Fit(core.model.with_criterion(reml), estimate.request.settings())
    return Compared(estimate, core)


def _told_apart(models: Sequence[Compared]) -> list[str]:
    """Return the formulas of models; where they are the same, also what else the models differ in."""
    formulas = [model.estimate.request.spec.formula.strip() for model in models]
    details = [_details(model.estimate) for model in models]
    found = []
    for formula, own in zip(formulas, details, strict=True):
        alike = [other for name, other in zip(formulas, details, strict=True) if name == formula]
        told = [text for what, text in own.items() if any(other.get(what) != text for other in alike)]
        found.append(", ".join([formula, *told]))
    return found


def _details(estimate: Estimate) -> dict[str, str]:
    """Say what a model is beside the formula of its mean."""
    family = family_of(estimate)
    found = {"family": f"{family.name} ({family.link})"}
    if isinstance(estimate, GeneralizedEstimate):
        arguments = {part: argument for argument, part in OTHER_PARTS.items()}
        others = estimate.generalized.others
        found |= {name: f"{arguments[name]}: {part.spec.formula.strip()}" for name, part in others.items()}
        found["thresholds"] = f"thresholds: {estimate.generalized.thresholds}"
        how = estimate.generalized.approximation
        found["approximation"] = f"nagq: {how['quadrature']}" if isinstance(how, dict) else f"by {_HOW[how]}"
    elif estimate.request.residual is not None:
        found |= {name: f"{name}: {text}" for name, text in estimate.request.residual.texts()}
    return found


_HOW = {
    "laplace": "Laplace's approximation",
    "expected": "Laplace's approximation, expected information",
    "penalized": "penalized likelihood",
}


def _ratios(models: Sequence[Compared]) -> dict[str, Column]:
    rows: list[tuple[float, float, float, str | None]] = [(math.nan, math.nan, math.nan, None)]
    rows += [_ratio(small, large) for small, large in pairwise(models)]
    return columns_of(("chisq", "df", "p_value", "null_distribution"), rows, ("null_distribution",))


def _ratio(small: Compared, large: Compared) -> tuple[float, float, float, str | None]:
    """Test a model against the next larger: chi-square, degrees of freedom, p, and what p refers to."""
    df = large.core.n_params - small.core.n_params
    embedding = embed(small.estimate, large.estimate) if df > 0 else _of_same_size(small.estimate, large.estimate)
    if has_prior(small.estimate) or has_prior(large.estimate):
        embedding = "estimates with a prior"
    if isinstance(embedding, str):
        return math.nan, math.nan, math.nan, embedding
    chisq = small.core.criterion - large.core.criterion
    if -_CHISQ_NOISE * max(1.0, abs(large.core.criterion)) < chisq < 0:
        chisq = 0.0
    n_fixed = _n_coefficients(large) - _n_coefficients(small)
    singular = small.core.verdict["status"] == "boundary"
    law = null_distribution(embedding, n_fixed, df - n_fixed, singular=singular)
    return chisq, float(df), law.p_value(chisq), str(law)


def _of_same_size(one: Estimate, other: Estimate) -> str:
    """Say of models with as many parameters whether they are the same in other words."""
    reasons = [found for pair in ((one, other), (other, one)) if isinstance(found := embed(*pair), str)]
    return reasons[0] if reasons else "no test: the same model in other words"


def _n_coefficients(model: Compared) -> int:
    """Count the coefficients of all parts."""
    estimate = model.estimate
    if isinstance(estimate, GeneralizedEstimate):
        return sum(part.n for part in estimate.parts.values())
    return model.core.n_params - len(model.core.theta)  # with the parameters of the residuals, sigma among them


def check_same_rows(one: Estimate, other: Estimate) -> None:
    """Refuse fits to different rows, responses or weights: their likelihoods cannot be compared."""
    n, m = one.layout.n_rows, other.layout.n_rows
    first, second = one.request.spec.formula.strip(), other.request.spec.formula.strip()
    if n != m:
        raise DataError(
            f"{first!r} used {n:,} rows and {second!r} {m:,}: models are compared on the same rows; "
            "same_rows=True fits them again to the rows that all of them use"
        )
    a, b = one.values, other.values
    if not np.array_equal(a.response, b.response):
        raise DataError(f"{first!r} and {second!r} were fitted to different responses or different rows")
    ones = np.ones(n)
    if not np.array_equal(ones if a.weights is None else a.weights, ones if b.weights is None else b.weights):
        raise DataError(f"{first!r} and {second!r} were fitted with different weights")


def _check_same_fixed_part(one: Estimate, other: Estimate) -> None:
    if one.layout.coef_names != other.layout.coef_names:
        raise OptionError("reml=True compares models with the same fixed part; leave it out to compare by ML")
