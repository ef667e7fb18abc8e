"""A plan whose coefficients and variances are those of a fit, over its rows or more of them; and how sure these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..control import count, seed_or_new
from ..errors import DesignError, OptionError
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate
from ..families import Family
from ..formula import STRUCTURES
from ..frame import Column
from .generalized import require_planned
from .information import TermCovariance
from .parameters import Variances
from .plan import Outlook, Plan
from .planned_model import planned_request
from .single_test import Level
from .sources import FrameRows
from .tested import named_effects

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def plan_of_fit(
    estimate: Estimate, effects: Mapping[str, float] | None, test: Any, level: Level, covariates: int = 0
) -> Plan:
    """Plan a study like that of a fit; `effects` are coefficients that are other than estimated."""
    request = estimate.request
    beside: list[tuple[str, Any]] = [("weights", request.weights), ("an offset beside the formula", request.offset)]
    beside += [("residual= or dispersion=", request.residual), ("a known sigma", request.sigma)]
    beside += [("variance parameters held by Control(fix=)", request.control.fix)]
    for what, value in beside:
        if value is not None:
            raise OptionError(f"power: planned rows have no {what}, and this fit does; fit the model without")
    family = _family(estimate) if isinstance(estimate, GeneralizedEstimate) else None
    names = estimate.layout.coef_names
    given = named_effects(effects, names)
    estimated = dict(zip(names, map(float, estimate.core.beta), strict=True))
    source = FrameRows(estimate.frame)
    return Plan(
        planned_request(request.spec.formula, source.names, dict(request.contrasts) or None, request.control),
        source,
        estimated | given,
        _variances(estimate, is_linear=family is None),
        ([*given] or None) if test is None else test,
        level,
        covariates,
        family,
        estimated=tuple(name for name in names if name not in given),
    )


def _family(estimate: GeneralizedEstimate) -> Family:
    family = estimate.generalized.family
    require_planned(family)
    if estimate.request.spec.counts_successes:
        raise OptionError("power: planned rows are single trials, and this fit counts successes; fit a row per trial")
    if len(estimate.designs) > 1:
        raise OptionError("power: this model has parts beside the mean; power is computed for the mean alone")
    return family


def _variances(estimate: Estimate, *, is_linear: bool) -> Variances:
    terms = []
    for term, flat in zip(estimate.layout.random, estimate.core.covariances(), strict=True):
        r = len(term.columns)
        terms.append(TermCovariance(np.asarray(flat).reshape(r, r), STRUCTURES[term.structure].unrestricted and r > 1))
    return Variances(terms, float(estimate.core.sigma) if is_linear else 1.0)


def assurance(plan: Plan, n: int, seed: int | None) -> dict[str, Column]:
    """Average the power over the sampling distribution of the fit: what is thought to be true is not known for sure.

    Coefficients are drawn from their normal distribution, but for those that were given; entries of covariances from
    theirs, and are then taken to the nearest covariance; the residual variance from its lognormal one.  Draws that
    leave no test have no power.
    """
    n = count("n", n)
    if plan.estimated is None:
        raise OptionError("assurance averages over what a fit does not know for sure: plan from one, by fit.power()")
    if plan.family is not None:
        raise OptionError("assurance is computed for linear models")
    found, own, rng = plan.outlook(), replace(plan, units={}).outlook(), np.random.default_rng(seed_or_new(seed))
    powers = np.array([_powers(found, *_drawn(own, plan, rng)) for _ in range(n)])
    low, high = np.quantile(powers, [0.1, 0.9], axis=0)
    return {
        "test": [test.name for test in found.tests],
        "power": np.array([test.power for test in found.tests]),
        "assurance": powers.mean(axis=0),
        "lower_tenth": low,
        "upper_tenth": high,
    }


def _powers(found: Outlook, beta: Vector, variances: Variances) -> Vector:
    try:
        return np.array([test.power for test in found.at(beta, variances).tests])
    except DesignError:
        return np.zeros(len(found.tests))


def _drawn(own: Outlook, plan: Plan, rng: np.random.Generator) -> tuple[Vector, Variances]:
    """Draw coefficients and variances that the rows of the fit leave possible."""
    is_estimated = np.isin(own.model.names, plan.estimated or ())
    assert own.information is not None, "an outlook that was computed"
    moved = rng.multivariate_normal(np.zeros(len(own.beta)), own.information.covariance)
    variances = _drawn_variances(own.variances, own.information.of_variances, rng)
    return own.beta + np.where(is_estimated, moved, 0.0), variances


def _drawn_variances(own: Variances, covariance: Matrix, rng: np.random.Generator) -> Variances:
    step = rng.multivariate_normal(np.zeros(len(covariance)), covariance)
    terms, k = [], 0
    for term in own.terms:
        matrix = term.matrix.copy()
        for a, b in term.entries():
            matrix[a, b] = matrix[b, a] = matrix[a, b] + step[k]
            k += 1
        values, vectors = np.linalg.eigh(matrix)
        terms.append(TermCovariance((vectors * np.maximum(values, 0.0)) @ vectors.T, term.is_correlated))
    return Variances(terms, float(own.sigma * np.exp(0.5 * step[-1] / own.sigma**2)))
