"""Data that the priors expect before any are seen: all parameters and random effects drawn from these."""

from __future__ import annotations

from collections import deque
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
        return _generalized_responses(draws, n, rng)
    require_plain_residuals(draws.estimate, _WHAT)
    rows, layout = rows_of_fit(draws), draws.estimate.layout
    require_memory(8.0 * len(rows) * n, f"prior_predictive({n:,}) needs", "ask for fewer")
    found = rows.offset[:, None] + rows.x @ _coefficients(draws.priors, n, rng).T
    drawn = _factors(draws.priors, term_names(draws.estimate), n, rng)
    for k, (z, codes, factors) in enumerate(zip(rows.z, rows.codes, drawn, strict=True)):
        effects = _effects(factors, len(layout.groups[layout.random[k].group].levels), rng)
        for j in range(n):
            found[:, j] += np.einsum("ir,ir->i", z, effects[j, codes])
    sigma = _sigma(draws, n, rng)
    found += np.sqrt(rows.shares[:, None]) * sigma * rng.standard_normal(found.shape)
    return np.asarray(found)


def _generalized_responses(draws: GeneralizedDraws, n: int, rng: np.random.Generator) -> Vector:
    own = _generalized_draws(draws, n, rng)
    try:
        with np.errstate(all="ignore"):
            found = generalized_replicates(own, n)
    except ValueError:  # means or shapes beyond what can be drawn
        found = np.full((1, 1), np.nan)
    if not np.isfinite(found).all():
        raise DesignError(
            f"{_WHAT} are too large to be drawn: the priors allow means such as exp(50); give narrower ones, such as "
            "priors={'fixed': hlmrs.Normal(0, 1), 'sd': hlmrs.HalfNormal(1)}"
        )
    return found


def _generalized_draws(draws: GeneralizedDraws, n: int, rng: np.random.Generator) -> GeneralizedDraws:
    """Return draws from the priors in the place of those from the posterior."""
    if "thresholds" in draws.estimate.parts:
        raise DesignError(f"{_WHAT} are not offered of ordered categories, whose thresholds have an order")
    kinds = [KeptParameter(name, one.kind) for name, one in draws.parameters.items()]
    values = np.full((n, len(kinds)), np.nan)
    values[:, [one.kind == "fixed" for one in kinds]] = _coefficients(draws.priors, n, rng)
    factors = _factors(draws.priors, draws.estimate.parameter_names()[1], n, rng)
    levels = [len(own) for own in draws.estimate.own.fit.modes()]
    numbers = n * sum(k * own.shape[1] for k, own in zip(levels, factors, strict=True))
    require_memory(8.0 * numbers, f"prior_predictive({n:,}) needs", "ask for fewer")
    effects = [_effects(own, k, rng) for own, k in zip(factors, levels, strict=True)]
    kept = KeptDraws(kinds, values, values, [own @ own.transpose(0, 2, 1) for own in factors], effects)
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


def _effects(factors: Vector, levels: int, rng: np.random.Generator) -> Vector:
    """Draw the effects of all levels (draws x levels x columns)."""
    noise = rng.standard_normal((len(factors), levels, factors.shape[1]))
    return np.asarray(np.einsum("nlr,nqr->nlq", noise, factors))


def _factors(choice: PriorChoice, terms: Terms, n: int, rng: np.random.Generator) -> list[Vector]:
    """Draw the covariance of every random term, as a factor of it: LL' (draws x columns x columns)."""
    found, others = [], deque(choice.others)
    for _, columns in terms:
        sd = np.empty((n, len(columns)))
        for k in range(len(columns)):
            one = others.popleft()
            if one.kind != "sd" or one.column != columns[k]:
                raise DesignError(f"{_WHAT} are not offered for random terms with a structure")
            sd[:, k] = choice.of(one.name).sample(rng, n)
        factor = np.tile(np.eye(len(columns)), (n, 1, 1))
        if len(columns) > 1 and others and others[0].kind == "correlations":
            factor = _correlation_factors(choice.of(others.popleft().name), n, len(columns), rng)
        found.append(sd[:, :, None] * factor)
    return found


def _correlation_factors(prior: Distribution, n: int, r: int, rng: np.random.Generator) -> Vector:
    if not isinstance(prior, LKJ):
        raise DesignError(f"{_WHAT} are not offered for random terms with a structure")
    return prior._factors(rng, n, r)


def _sigma(draws: Draws, n: int, rng: np.random.Generator) -> Vector:
    if draws.has_known_sigma:
        return np.full(n, draws.estimate.sigma)
    return np.asarray(draws.priors.of(draws.priors.others[-1].name).sample(rng, n))
