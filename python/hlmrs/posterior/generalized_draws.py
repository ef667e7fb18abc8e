"""Draws from the posterior of a generalized model, of all its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter
from .._core import Posterior as CorePosterior
from ..control import count, seed_or_new
from ..errors import HlmrsError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..frame import distinct
from ..resources import Progress, require_memory
from .draws import METHODS, Draws
from .generalized_choice import choose_generalized_priors, core_of

Vector = NDArray[np.float64]

_VALUES, _COVARIANCES, _EFFECTS = "posterior.values", "posterior.covariances", "posterior.effects"
NODES = 15
"""Points of quadrature, where the model allows it: as good as exact."""


@dataclass(frozen=True)
class KeptParameter:
    """What is known of a parameter without the rows."""

    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class KeptDraws:
    """What draws from a file are made of, in the place of the core's: numbers of all parameters and random terms."""

    parameters: Sequence[KeptParameter]
    points: Vector
    values: Vector
    covariances: Sequence[Vector]
    effects: Sequence[Vector]


@dataclass(frozen=True, eq=False)
class GeneralizedDraws(Draws):
    """Draws of the parameters of all parts; ``source`` says too how random effects are integrated over.

    ``nodes`` are points of quadrature, None with Laplace's approximation, whose ``laplace_error`` is that of the fit.
    """

    estimate: GeneralizedEstimate
    core: CorePosterior | KeptDraws  # type: ignore[assignment]

    @cached_property
    def parameters(self) -> dict[str, Parameter | KeptParameter]:  # type: ignore[override]
        """All parameters by name, as ``confint`` has them."""
        if isinstance(self.core, KeptDraws):
            return {one.name: one for one in self.core.parameters}
        found = self.estimate.core.parameters(*self.estimate.parameter_names())
        return dict(zip(distinct(one.name for one in found), found, strict=True))

    @property
    def has_known_sigma(self) -> bool:
        """Whether there is no residual standard deviation to draw: it is a dispersion here."""
        return True

    @cached_property
    def values(self) -> dict[str, Vector]:
        """The draws of every parameter."""
        own: Any = self.core
        drawn = own.values if isinstance(own, KeptDraws) else own.values(list(self.parameters.values()))
        return dict(zip(self.parameters, np.ascontiguousarray(drawn.T), strict=True))

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.core.points)

    @cached_property
    def coefficients(self) -> Vector:
        """Coefficients of all parts (draws x coefficients)."""
        return np.column_stack([self.values[name] for name, one in self.parameters.items() if one.kind == "fixed"])

    @property
    def beta(self) -> Vector:
        """Coefficients of the mean (draws x coefficients)."""
        return self.of_part("conditional").beta

    @cached_property
    def sigma(self) -> Vector:
        """One: the dispersion is a part of the model."""
        return np.ones(self.n)

    @cached_property
    def all_covariances(self) -> list[Vector]:
        """The covariance of every random term of all parts (draws x columns x columns); of structured ones NaN."""
        if isinstance(self.core, KeptDraws):
            return list(self.core.covariances)
        coefficients, terms = self.estimate.parameter_names()
        numbered = [(str(k), columns) for k, (_, columns) in enumerate(terms)]
        found = self.estimate.core.parameters(coefficients, numbered)[len(coefficients) :]
        drawn = dict(zip((one.name for one in found), self.core.values(found).T, strict=True))
        return [_covariance(drawn, columns, number, self.n) for number, columns in numbered]

    @property
    def covariances(self) -> list[Vector]:
        """The covariance of every random term of the mean."""
        return self.of_part("conditional").covariances

    def effects(self, terms: Sequence[int]) -> list[Vector]:
        """Return the effects of some random terms of the mean (draws x levels x columns each)."""
        return self.of_part("conditional").effects(terms)

    @cached_property
    def all_effects(self) -> list[Vector]:
        """The effects of all random terms of all parts."""
        if isinstance(self.core, KeptDraws):
            return list(self.core.effects)
        modes = self.estimate.own.fit.modes()
        require_memory(16.0 * self.n * sum(own.size for own in modes), "draws of random effects need", "ask for fewer")
        return list(self.core.effects(list(range(len(modes)))))

    def of_part(self, part: str) -> PartDraws:
        """Return what the linear predictor of a part is made of."""
        return PartDraws(self, part)


@dataclass(frozen=True, eq=False)
class PartDraws:
    """Draws of what the linear predictor of a part is made of."""

    draws: GeneralizedDraws
    part: str

    @property
    def seed(self) -> int:
        """With which effects of new groups are drawn: those of parts are independent."""
        place = list(self.draws.estimate.parts).index(self.part)
        return int(np.random.SeedSequence([self.draws.seed, 5, place]).generate_state(1)[0])

    @property
    def beta(self) -> Vector:
        """Its coefficients (draws x coefficients)."""
        own = self.draws.estimate.parts[self.part]
        return self.draws.coefficients[:, own.first : own.first + own.n]

    @property
    def covariances(self) -> list[Vector]:
        """The covariances of its random terms."""
        return self.draws.all_covariances[slice(*self.draws.estimate.parts[self.part].terms)]

    def effects(self, terms: Sequence[int]) -> list[Vector]:
        """Return the effects of some of its random terms."""
        first = self.draws.estimate.parts[self.part].terms[0]
        return [self.draws.all_effects[first + term] for term in terms]


def _covariance(drawn: Mapping[str, Vector], columns: Sequence[str], term: str, n: int) -> Vector:
    """Return covariances from standard deviations and correlations by name, `term` in the place of the group's."""
    own = {name for name in drawn if name.endswith(f"| {term})")}
    sds = [f"sd({column} | {term})" for column in columns]
    pairs = {(j, k): f"cor({columns[j]}, {columns[k]} | {term})" for k in range(len(columns)) for j in range(k)}
    if not own >= {*sds, *pairs.values()}:
        return np.full((n, len(columns), len(columns)), np.nan)
    sd = np.column_stack([drawn[name] for name in sds])
    found = sd[:, :, None] * sd[:, None, :]
    for (j, k), name in pairs.items():
        found[:, j, k] *= np.nan_to_num(drawn[name])
        found[:, k, j] = found[:, j, k]
    return found


def kept_arrays(draws: GeneralizedDraws) -> dict[str, Vector]:
    """Return what a file keeps of draws: their numbers, since the rows that they were made of are not in it."""
    return {
        _VALUES: np.column_stack(list(draws.values.values())),
        **{f"{_COVARIANCES}.{k}": own for k, own in enumerate(draws.all_covariances)},
        **{f"{_EFFECTS}.{k}": own for k, own in enumerate(draws.all_effects)},
    }


def read_kept(arrays: Mapping[str, Vector], kinds: Sequence[tuple[str, str]], points: Vector) -> KeptDraws:
    """Read what ``kept_arrays`` made; a ValueError where numbers contradict each other."""
    n_terms = sum(name.startswith(f"{_EFFECTS}.") for name in arrays)
    covariances, effects = ([arrays[f"{of}.{k}"] for k in range(n_terms)] for of in (_COVARIANCES, _EFFECTS))
    values = arrays[_VALUES]
    shapes = {len(own) for own in (points, values, *covariances, *effects)}
    if shapes != {len(points)} or values.shape[1] != len(kinds):
        raise ValueError("its draws contradict each other")
    return KeptDraws([KeptParameter(*one) for one in kinds], points, values, covariances, effects)


def draw_generalized_posterior(
    estimate: GeneralizedEstimate, priors: Any, draws: Any, seed: Any, method: Any
) -> GeneralizedDraws:
    """Draw from the posterior of a generalized fit's model."""
    method = choose("method", method, METHODS)
    draws, seed = count("draws", draws), seed_or_new(seed)
    fit, choice, nodes = core_of(estimate), choose_generalized_priors(estimate, priors), _nodes(estimate)
    request = json.dumps({**choice.request(), "draws": draws, "seed": seed, "method": method, "nodes": nodes})
    with Progress("points of the posterior") as shown:
        core = CorePosterior(fit, request, estimate.threads, shown.reach)
    error = None if nodes is not None else _laplace_error(estimate)
    source = {**core.source, "asked": method, "nodes": nodes, "laplace_error": error}
    return GeneralizedDraws(estimate, choice, seed, core, source)


def _nodes(estimate: GeneralizedEstimate) -> int | None:
    """Return points of quadrature: those of the fit, and for one effect of one factor enough to be exact."""
    asked = estimate.generalized.approximation
    own = asked["quadrature"] if isinstance(asked, dict) else None
    terms = estimate.parameter_names()[1]
    is_scalar = len(terms) == 1 and len(terms[0][1]) == 1 and len(estimate.layout.random) == 1
    if is_scalar and (own is not None or asked in ("laplace", "expected")):
        return max(NODES, own or 0)
    return own


def _laplace_error(estimate: GeneralizedEstimate) -> float | None:
    """Return the error of Laplace's log-likelihood at the estimates, where it can be told."""
    if estimate.generalized.approximation != "laplace":
        return None
    try:
        error = float(estimate.own.fit.laplace_error()[0])
    except HlmrsError:
        return None
    return error if np.isfinite(error) else None
