"""Data that the priors expect before any are seen: all parameters and random effects drawn from these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..control import count
from ..errors import DesignError, listed
from ..estimation import require_plain_residuals
from ..inference import term_names
from ..priors import LKJ, Distribution, Horseshoe
from ..resources import require_memory
from .choice import PriorChoice
from .draws import Draws
from .generalized_draws import GeneralizedDraws, KeptDraws, KeptParameter
from .generalized_prediction import generalized_replicates
from .rows import rows_of_fit

Vector = NDArray[np.float64]
Terms = Sequence[tuple[str, Sequence[str]]]
_WHAT = "responses by the priors"


def require_integrals(draws: Draws, what: str) -> None:
    """Refuse priors that do not integrate to one."""
    improper = draws.priors.improper
    if improper:
        raise DesignError(f"{what} needs priors that integrate to one; flat are those of {listed(improper)}")


def prior_responses(draws: Draws, n: int) -> Vector:
    """Return responses of the rows used as the model has them by its priors alone (rows x n)."""
    n, rng = count("n", n), np.random.default_rng([draws.seed, 4])
    require_integrals(draws, _WHAT)
    if isinstance(draws, GeneralizedDraws):
        return generalized_replicates(_generalized_draws(draws, n, rng), n)
    require_plain_residuals(draws.estimate, _WHAT)
    rows, layout = rows_of_fit(draws), draws.estimate.layout
    require_memory(8.0 * len(rows) * n, f"prior_predictive({n:,}) needs", "ask for fewer")
    found = rows.offset[:, None] + rows.x @ _coefficients(draws.priors, n, rng).T
    drawn = _covariances(draws.priors, term_names(draws.estimate), n, rng)
    for k, (z, codes, covariances) in enumerate(zip(rows.z, rows.codes, drawn, strict=True)):
        effects = _effects(covariances, len(layout.groups[layout.random[k].group].levels), rng)
        for j in range(n):
            found[:, j] += np.einsum("ir,ir->i", z, effects[j, codes])
    sigma = _sigma(draws, n, rng)
    found += np.sqrt(rows.shares[:, None]) * sigma * rng.standard_normal(found.shape)
    return np.asarray(found)


def _generalized_draws(draws: GeneralizedDraws, n: int, rng: np.random.Generator) -> GeneralizedDraws:
    """Return draws from the priors in the place of those from the posterior."""
    if "thresholds" in draws.estimate.parts:
        raise DesignError(f"{_WHAT} are not offered of ordered categories, whose thresholds have an order")
    kinds = [KeptParameter(name, one.kind) for name, one in draws.parameters.items()]
    values = np.full((n, len(kinds)), np.nan)
    values[:, [one.kind == "fixed" for one in kinds]] = _coefficients(draws.priors, n, rng)
    covariances = _covariances(draws.priors, draws.estimate.parameter_names()[1], n, rng)
    levels = [len(own) for own in draws.estimate.own.fit.modes()]
    numbers = n * sum(k * own.shape[1] for k, own in zip(levels, covariances, strict=True))
    require_memory(8.0 * numbers, f"prior_predictive({n:,}) needs", "ask for fewer")
    effects = [_effects(own, k, rng) for own, k in zip(covariances, levels, strict=True)]
    kept = KeptDraws(kinds, values, values, covariances, effects)
    return GeneralizedDraws(draws.estimate, draws.priors, draws.seed, kept, draws.source)


def _coefficients(choice: PriorChoice, n: int, rng: np.random.Generator) -> Vector:
    """Draw coefficients: combinations of them are independent, given what all with a horseshoe share."""
    combinations = choice.combinations
    if not combinations:
        return np.empty((n, 0))
    along = np.array([along for along, _ in combinations])
    common = np.abs(rng.standard_cauchy(n))
    drawn = [
        prior._given_common(rng, common) if isinstance(prior, Horseshoe) else prior.sample(rng, n)
        for _, prior in combinations
    ]
    return np.asarray(np.linalg.solve(along, np.array(drawn)).T)


def _effects(covariances: Vector, levels: int, rng: np.random.Generator) -> Vector:
    """Draw the effects of all levels (draws x levels x columns)."""
    factors = np.linalg.cholesky(covariances)
    noise = rng.standard_normal((len(covariances), levels, factors.shape[1]))
    return np.asarray(np.einsum("nlr,nqr->nlq", noise, factors))


def _covariances(choice: PriorChoice, terms: Terms, n: int, rng: np.random.Generator) -> list[Vector]:
    """Draw the covariance of every random term."""
    found, others = [], iter(choice.others)
    for _, columns in terms:
        sd = np.empty((n, len(columns)))
        for k in range(len(columns)):
            one = next(others)
            if one.kind != "sd" or one.column != columns[k]:
                raise DesignError(f"{_WHAT} are not offered for random terms with a structure")
            sd[:, k] = choice.of(one.name).sample(rng, n)
        correlation = np.tile(np.eye(len(columns)), (n, 1, 1))
        if len(columns) > 1:
            correlation = _correlations(choice.of(next(others).name), n, len(columns), rng)
        found.append(correlation * sd[:, :, None] * sd[:, None, :] + 1e-300 * np.eye(len(columns)))
    return found


def _correlations(prior: Distribution, n: int, r: int, rng: np.random.Generator) -> Vector:
    if not isinstance(prior, LKJ):
        raise DesignError(f"{_WHAT} are not offered for random terms with a structure")
    return prior.sample(rng, n, r)


def _sigma(draws: Draws, n: int, rng: np.random.Generator) -> Vector:
    if draws.has_known_sigma:
        return np.full(n, draws.estimate.sigma)
    return np.asarray(draws.priors.of(draws.priors.others[-1].name).sample(rng, n))
