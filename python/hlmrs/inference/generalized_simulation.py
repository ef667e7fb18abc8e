"""New responses of a generalized model: random effects of every part are drawn, then the response from its family."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .._core import NewRows, family_predictors
from ..estimation.generalized import GeneralizedEstimate
from ..families import logistic, tweedie_power
from ..resources import require_memory
from .generalized_poisson import generalized_poisson_quantiles

Vector = NDArray[np.float64]
Draw = Callable[[np.random.Generator, Vector, Vector, Vector], Vector]
_MOST_TRIES = 10_000


def simulate_generalized(estimate: GeneralizedEstimate, n: int, seed: int) -> Vector:
    """Return n responses to the rows of the fit, a column each; of ordered responses numbers of categories, from 1."""
    require_memory(8.0 * estimate.layout.n_rows * n, f"simulate(n={n:,}) needs", "draw fewer responses at once")
    out = np.empty((estimate.layout.n_rows, n))
    for k, y in enumerate(islice(responses(estimate, seed), n)):
        out[:, k] = y
    return out


def responses(estimate: GeneralizedEstimate, seed: int) -> Iterator[Vector]:
    """Yield responses without end."""
    rng = np.random.default_rng(seed)
    bound = {name: design.data.bound() for name, design in estimate.designs.items() if name != "thresholds"}
    while True:
        yield draw_responses(estimate, _predictors(estimate, bound, rng), estimate.response.trials, rng)


def _predictors(
    estimate: GeneralizedEstimate, bound: Mapping[str, NewRows], rng: np.random.Generator
) -> dict[str, Vector]:
    """Return linear predictors of the rows of each part with new random effects."""
    eta, covariances = {}, estimate.own.fit.covariances()
    for name, part in estimate.parts.items():
        if name == "thresholds":
            eta[name] = estimate.thresholds()
            continue
        if name not in estimate.designs:
            eta[name] = np.full(estimate.layout.n_rows, estimate.own.coefficients_of(name)[0])
            continue
        rows = estimate.designs[name].rows
        layout, kept = rows.layout(), rows.kept
        modes = [
            rng.multivariate_normal(np.zeros(len(c)), c, layout["groups"][term["group"]]["n_levels"], method="eigh")
            for term, c in zip(layout["random"], covariances[slice(*part.terms)], strict=True)
        ]
        own = bound[name].linear_predictor(estimate.full_coefficients(name), modes, [True] * len(modes))
        eta[name] = own if kept is None else own[kept]
    return eta


def draw_responses(
    estimate: GeneralizedEstimate, eta: dict[str, Vector], trials: Vector | None, rng: np.random.Generator
) -> Vector:
    """Draw the responses of rows with these linear predictors; of `trials` the successes, by default of one."""
    family, n = estimate.family, len(eta["conditional"])
    if family.name == "cumulative":
        below = np.cumsum(estimate.category_probabilities(eta), axis=1)
        return np.asarray(1.0 + (rng.random((n, 1)) > below[:, :-1]).sum(axis=1))
    mean = estimate.conditional_means([eta[name] for name in family_predictors(estimate.family_spec)])
    scale = np.exp(eta.get("dispersion", np.zeros(n)))
    shape = eta.get("shape", np.zeros(n))
    if family.name in ("binomial", "betabinomial"):
        chance = mean if family.name == "binomial" else rng.beta(mean * scale, (1 - mean) * scale)
        counts = np.ones(n) if trials is None else trials
        return rng.binomial(np.round(counts).astype(int), chance).astype(float)
    if family.name == "ordbeta":
        return _ordered_beta(rng, eta, scale)
    draw = _DRAWS[family.name.removeprefix("truncated_")]
    y = (
        _above_zero(draw, rng, mean, scale, shape)
        if family.name.startswith("truncated_")
        else draw(rng, mean, scale, shape)
    )
    if "zero_inflation" in eta:
        y = np.where(rng.random(n) < logistic(eta["zero_inflation"]), 0.0, y)
    return y


def _above_zero(draw: Draw, rng: np.random.Generator, mean: Vector, scale: Vector, shape: Vector) -> Vector:
    """Draw until every count is above zero; where that is so rare that none is, one is all but certain."""
    y = np.zeros(len(mean))
    for _ in range(_MOST_TRIES):
        zero = y == 0
        if not zero.any():
            break
        y[zero] = draw(rng, mean[zero], scale[zero], shape[zero])
    return np.maximum(y, 1.0)


def _ordered_beta(rng: np.random.Generator, eta: dict[str, Vector], precision: Vector) -> Vector:
    mean, low, high = (logistic(eta["conditional"] - c) for c in (0.0, eta["shape"], eta["shape2"]))
    u = rng.random(len(mean))
    between = rng.beta(mean * precision, (1 - mean) * precision)
    return np.where(u < high, 1.0, np.where(u < low, between, 0.0))


def _generalized_poisson(rng: np.random.Generator, mean: Vector, dispersion: Vector, _: Vector) -> Vector:
    """Draw families of Poisson numbers of children, generation by generation; with less dispersion invert the sums."""
    first, children = mean / np.sqrt(dispersion), np.maximum(1 - 1 / np.sqrt(dispersion), 0.0)
    generation = rng.poisson(first).astype(float)
    total = generation.copy()
    while (generation > 0).any():
        generation = rng.poisson(children * generation).astype(float)
        total += generation
    less = dispersion < 1
    total[less] = generalized_poisson_quantiles(rng.random(less.sum()), mean[less], dispersion[less])
    return total


def _tweedie(rng: np.random.Generator, mean: Vector, scale: Vector, shape: Vector) -> Vector:
    power = tweedie_power(shape)
    counts = rng.poisson(mean ** (2 - power) / (scale * (2 - power)))
    each = (2 - power) / (power - 1)
    size = scale * (power - 1) * mean ** (power - 1)
    return np.where(counts > 0, rng.gamma(np.maximum(counts, 1) * each) * size, 0.0)


_DRAWS: dict[str, Draw] = {
    "poisson": lambda rng, mean, scale, shape: rng.poisson(mean).astype(float),
    "nbinom2": lambda rng, mean, scale, shape: rng.poisson(rng.gamma(scale) * mean / scale).astype(float),
    "nbinom1": lambda rng, mean, scale, shape: rng.poisson(rng.gamma(mean / scale) * scale).astype(float),
    "genpois": _generalized_poisson,
    "gamma": lambda rng, mean, scale, shape: rng.gamma(scale) * mean / scale,
    "inverse_gaussian": lambda rng, mean, scale, shape: rng.wald(mean, 1 / scale),
    "beta": lambda rng, mean, scale, shape: rng.beta(mean * scale, (1 - mean) * scale),
    "gaussian": lambda rng, mean, scale, shape: rng.normal(mean, scale),
    "lognormal": lambda rng, mean, scale, shape: np.exp(rng.normal(mean, scale)),
    "student": lambda rng, mean, scale, shape: mean + scale * rng.standard_t(np.exp(shape)),
    "tweedie": _tweedie,
}
