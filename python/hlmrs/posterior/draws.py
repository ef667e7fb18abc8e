"""Draws from the posterior of a linear model, with what they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter
from .._core import Posterior as CorePosterior
from ..control import count, seed_or_new
from ..errors import DesignError, choose
from ..estimation import Estimate
from ..frame import distinct
from ..inference import covariances_of, term_names
from ..options import PosteriorMethod
from ..resources import Progress, require_memory
from .choice import PriorChoice, choose_priors
from .convergence import ess_mean
from .propriety import require_proper

Vector = NDArray[np.float64]
METHODS: tuple[PosteriorMethod, ...] = get_args(PosteriorMethod)


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of the parameters of a model.

    ``source`` says how they came about: ``method`` (``asked`` is what was asked for), of direct ones ``k``,
    ``effective`` and ``points``, of chains ``divergences`` and ``chains``; ``gave_up``, ``log_marginal``.
    """

    estimate: Estimate
    priors: PriorChoice
    seed: int
    core: CorePosterior
    source: Mapping[str, Any]

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters by name, as ``confint`` has them."""
        estimate = self.estimate
        found = estimate.core.parameters(list(estimate.layout.coef_names), term_names(estimate))
        known = dict(zip(distinct(one.name for one in found), found, strict=True))
        return {name: one for name, one in known.items() if not (one.kind == "sigma" and self.has_known_sigma)}

    @property
    def has_known_sigma(self) -> bool:
        """Whether the residual standard deviation is given."""
        return self.estimate.request.sigma is not None

    @cached_property
    def values(self) -> dict[str, Vector]:
        """The draws of every parameter."""
        drawn = self.core.values(list(self.parameters.values()))
        return dict(zip(self.parameters, np.ascontiguousarray(drawn.T), strict=True))

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.beta)

    @cached_property
    def beta(self) -> Vector:
        """Coefficients (draws x coefficients)."""
        columns = [self.values[name] for name, one in self.parameters.items() if one.kind == "fixed"]
        return np.column_stack(columns) if columns else np.empty((len(self.core.points), 0))

    @cached_property
    def sigma(self) -> Vector:
        """The residual standard deviation of a row of weight one."""
        own = [self.values[name] for name, one in self.parameters.items() if one.kind == "sigma"]
        return own[0] if own else np.full(self.n, self.estimate.sigma)

    @cached_property
    def covariances(self) -> list[Vector]:
        """The covariance of every random term (draws x columns x columns)."""
        terms = term_names(self.estimate)
        drawn = self.core.values(self.estimate.core.covariance_parameters(terms))
        return covariances_of(drawn, [len(columns) for _, columns in terms])

    def effects(self, terms: Sequence[int]) -> list[Vector]:
        """Return the effects of some random terms (draws x levels x columns each)."""
        layout = self.estimate.layout
        numbers = sum(len(layout.groups[layout.random[t].group].levels) * len(layout.random[t].columns) for t in terms)
        require_memory(16.0 * self.n * numbers, "draws of random effects need", "ask for fewer draws=")
        return list(self.core.effects(list(terms))) if terms else []

    @property
    def chains(self) -> int:
        """How many chains the draws are of; independent draws are one."""
        return int(self.source.get("chains", 1))

    def by_chain(self, values: Vector) -> Vector:
        """Put draws of one number into a row for each chain; chains are as long as the shortest."""
        chains = np.array_split(values, self.chains)
        shortest = min(map(len, chains))
        return np.stack([own[:shortest] for own in chains])

    @property
    def is_direct(self) -> bool:
        """Whether the draws are independent ones, by importance."""
        return bool(self.source["method"] == "direct")

    @property
    def effective(self) -> float:
        """How many independent draws direct ones are worth, whatever is computed from them."""
        return float(min(self.source["effective"], self.n))

    def worth(self, values: Vector) -> float:
        """Return how many independent draws the mean of some numbers, one a draw, is worth."""
        return self.effective if self.is_direct else ess_mean(self.by_chain(values))

    def mcse(self, values: Vector) -> float:
        """Return the Monte Carlo standard error of the mean of some numbers."""
        return float(values.std(ddof=1) / np.sqrt(self.worth(values))) if np.ptp(values) > 0 else 0.0

    def thinned(self, n: int) -> NDArray[np.intp]:
        """Return the places of `n` draws that are evenly apart, or of all."""
        return np.arange(self.n) if n >= self.n else (np.arange(n) * self.n) // n


def draw_posterior(estimate: Estimate, priors: Any, draws: Any, seed: Any, method: Any) -> Draws:
    """Draw from the posterior of a fit's model."""
    method = choose("method", method, METHODS)
    draws, seed = count("draws", draws), seed_or_new(seed)
    if estimate.core.is_adapted:
        raise DesignError("a fit that was adapted to further rows has no posterior of its own: append() fits all rows")
    choice = choose_priors(estimate, priors)
    require_proper(estimate, choice)
    request = json.dumps({**choice.request(), "draws": draws, "seed": seed, "method": method})
    with Progress("points of the posterior") as shown:
        core = CorePosterior(estimate.core, request, estimate.threads, shown.reach)
    return Draws(estimate, choice, seed, core, {**core.source, "asked": method})
