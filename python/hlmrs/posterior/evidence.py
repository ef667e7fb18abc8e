"""The marginal likelihood, and data that the priors expect before any are seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..control import count
from ..errors import DesignError, OptionError, listed
from ..estimation import require_plain_residuals
from ..inference import term_names
from ..priors import LKJ, Distribution, Horseshoe
from ..resources import require_memory
from .draws import Draws
from .generalized_draws import GeneralizedDraws
from .rows import rows_of_fit

Vector = NDArray[np.float64]


class LogMarginal(NamedTuple):
    """log p(y), and its standard error by simulation."""

    value: float
    std_error: float


def log_marginal(draws: Draws) -> LogMarginal:
    """Return the logarithm of the marginal likelihood: the mean of the importance weights."""
    _require_proper(draws, "the marginal likelihood")
    correlations = [one.name for one in draws.priors.others if one.kind == "correlation"]
    if len(correlations) > 1:
        raise DesignError(
            f"the marginal likelihood is not offered beside {listed(correlations)}: they bound each other, so that the "
            "integral of their priors is not known"
        )
    found = draws.source["log_marginal"]
    if found is None:
        if draws.is_direct:
            raise DesignError(
                "the marginal likelihood is not offered of models with thresholds that depend on each other"
            )
        raise OptionError("chains do not tell the marginal likelihood; draw directly, by method='direct'")
    return LogMarginal(*map(float, found))


def prior_responses(draws: Draws, n: int) -> Vector:
    """Return responses of the rows used as the model has them by its priors alone (rows x n)."""
    n = count("n", n)
    if isinstance(draws, GeneralizedDraws):
        raise DesignError(
            "responses by the priors are those of a linear model; predictive() has those by the posterior"
        )
    _require_proper(draws, "responses by the priors")
    require_plain_residuals(draws.estimate, "responses by the priors")
    rows, rng = rows_of_fit(draws), np.random.default_rng([draws.seed, 4])
    require_memory(8.0 * len(rows) * n, f"prior_predictive({n:,}) needs", "ask for fewer")
    found = rows.offset[:, None] + rows.x @ _coefficients(draws, n, rng).T
    for k, (z, codes, covariances) in enumerate(zip(rows.z, rows.codes, _covariances(draws, n, rng), strict=True)):
        layout = draws.estimate.layout
        levels = len(layout.groups[layout.random[k].group].levels)
        factors = np.linalg.cholesky(covariances)
        for j in range(n):
            b = rng.standard_normal((levels, z.shape[1])) @ factors[j].T
            found[:, j] += np.einsum("ir,ir->i", z, b[codes])
    sigma = _sigma(draws, n, rng)
    found += np.sqrt(rows.shares[:, None]) * sigma * rng.standard_normal(found.shape)
    return np.asarray(found)


def _require_proper(draws: Draws, what: str) -> None:
    improper = draws.priors.improper
    if improper:
        raise DesignError(f"{what} needs priors that integrate to one; flat are those of {listed(improper)}")


def _coefficients(draws: Draws, n: int, rng: np.random.Generator) -> Vector:
    """Draw coefficients: combinations of them are independent, given what all with a horseshoe share."""
    combinations = draws.priors.combinations
    if not combinations:
        return np.empty((n, 0))
    along = np.array([along for along, _ in combinations])
    common = np.abs(rng.standard_cauchy(n))
    drawn = [
        prior._given_common(rng, common) if isinstance(prior, Horseshoe) else prior.sample(rng, n)
        for _, prior in combinations
    ]
    return np.asarray(np.linalg.solve(along, np.array(drawn)).T)


def _covariances(draws: Draws, n: int, rng: np.random.Generator) -> list[Vector]:
    """Draw the covariance of every random term."""
    found, others = [], iter(draws.priors.others)
    for _, columns in term_names(draws.estimate):
        sd = np.empty((n, len(columns)))
        for k in range(len(columns)):
            one = next(others)
            if one.kind != "sd" or one.column != columns[k]:
                raise DesignError("responses by the priors are not offered for random terms with a structure")
            sd[:, k] = draws.priors.of(one.name).sample(rng, n)
        correlation = np.tile(np.eye(len(columns)), (n, 1, 1))
        if len(columns) > 1:
            correlation = _correlations(draws.priors.of(next(others).name), n, len(columns), rng)
        found.append(correlation * sd[:, :, None] * sd[:, None, :] + 1e-300 * np.eye(len(columns)))
    return found


def _correlations(prior: Distribution, n: int, r: int, rng: np.random.Generator) -> Vector:
    if not isinstance(prior, LKJ):
        raise DesignError("responses by the priors are not offered for random terms with a structure")
    return prior.sample(rng, n, r)


def _sigma(draws: Draws, n: int, rng: np.random.Generator) -> Vector:
    if draws.has_known_sigma:
        return np.full(n, draws.estimate.sigma)
    return np.asarray(draws.priors.of(draws.priors.others[-1].name).sample(rng, n))
