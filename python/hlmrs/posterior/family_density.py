"""Log densities of responses of generalized models, given all parameters and random effects.

Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, chapters 3-6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import family_predictors
from ..errors import OptionError, listed
from ..estimation.generalized import GeneralizedEstimate
from ..families import is_hurdle
from .log_gamma import log_beta, log_gamma

Vector = NDArray[np.float64]
_HALF_LOG_TAU = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a density takes: means, dispersions on their own scale, logarithms of shapes, trials."""

    mean: Vector
    scale: Vector
    shape: Vector
    trials: Vector


def require_density(estimate: GeneralizedEstimate, what: str) -> None:
    """Refuse families whose densities are not here."""
    name = estimate.family.name.removeprefix("truncated_")
    if name not in _DENSITIES and name != "cumulative":
        raise OptionError(
            f"{what} needs the density of every row, which is not offered for family {estimate.family.name!r}; it is "
            f"for {listed([*_DENSITIES, 'cumulative'])}"
        )


def log_density(estimate: GeneralizedEstimate, eta: Mapping[str, Vector], y: Vector, trials: Vector | None) -> Vector:
    """Return the log densities of responses by the predictors of all parts."""
    if estimate.family.name == "cumulative":
        each = estimate.category_probabilities(eta)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(each[np.arange(len(y)), y.astype(int)]))
    rows = Rows(
        estimate.conditional_means([eta[name] for name in family_predictors(estimate.family_spec)]),
        np.exp(eta.get("dispersion", np.zeros(len(y)))),
        eta.get("shape", np.zeros(len(y))),
        np.ones(len(y)) if trials is None else trials,
    )
    density = _DENSITIES[estimate.family.name.removeprefix("truncated_")]
    if not is_hurdle(estimate.family):
        own = density(rows, y)
        return own if "zero_inflation" not in eta else _with_zeros(own, y, eta["zero_inflation"])
    inside = np.where(y > 0, y, 0.5 if estimate.family.name == "beta" else 1.0)
    own = density(rows, inside)
    if estimate.family.name.startswith("truncated_"):
        own = own - np.log(-np.expm1(density(rows, np.zeros(len(y)))))
    return own if "zero_inflation" not in eta else _with_hurdle(own, y, eta["zero_inflation"])


def _with_zeros(own: Vector, y: Vector, logit: Vector) -> Vector:
    """Mix a distribution with zeros."""
    zeros, others = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    return np.where(y > 0, others + own, np.logaddexp(zeros, others + own))


def _with_hurdle(own: Vector, y: Vector, logit: Vector) -> Vector:
    return np.where(y > 0, -np.logaddexp(0, logit) + own, -np.logaddexp(0, -logit))


def _times_log(count: Vector, x: Vector) -> Vector:
    """Return count log x, zero where the count is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, count * np.log(x), 0.0)


def _log_choose(n: Vector, k: Vector) -> Vector:
    return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1)


def _binomial(rows: Rows, y: Vector) -> Vector:
    chance = _times_log(y, rows.mean) + _times_log(rows.trials - y, 1 - rows.mean)
    return np.asarray(_log_choose(rows.trials, y) + chance)


def _beta_binomial(rows: Rows, y: Vector) -> Vector:
    a, b = rows.mean * rows.scale, (1 - rows.mean) * rows.scale
    return np.asarray(_log_choose(rows.trials, y) + log_beta(y + a, rows.trials - y + b) - log_beta(a, b))


def _poisson(rows: Rows, y: Vector) -> Vector:
    return np.asarray(_times_log(y, rows.mean) - rows.mean - log_gamma(y + 1))


def _negative_binomial(y: Vector, mean: Vector, size: Vector) -> Vector:
    ways = log_gamma(y + size) - log_gamma(size) - log_gamma(y + 1)
    return np.asarray(ways - size * np.log1p(mean / size) + _times_log(y, mean / (mean + size)))


def _gamma(rows: Rows, y: Vector) -> Vector:
    rate = rows.scale / rows.mean
    return np.asarray(rows.scale * np.log(rate) + (rows.scale - 1) * np.log(y) - rate * y - log_gamma(rows.scale))


def _inverse_gaussian(rows: Rows, y: Vector) -> Vector:
    square = (y - rows.mean) ** 2 / (rows.scale * y * rows.mean**2)
    return np.asarray(-0.5 * square - 0.5 * np.log(rows.scale * y**3) - _HALF_LOG_TAU)


def _beta(rows: Rows, y: Vector) -> Vector:
    a, b = rows.mean * rows.scale, (1 - rows.mean) * rows.scale
    return np.asarray((a - 1) * np.log(y) + (b - 1) * np.log1p(-y) - log_beta(a, b))


def _gaussian(rows: Rows, y: Vector) -> Vector:
    return np.asarray(-0.5 * ((y - rows.mean) / rows.scale) ** 2 - np.log(rows.scale) - _HALF_LOG_TAU)


def _student(rows: Rows, y: Vector) -> Vector:
    df = np.exp(rows.shape)
    tail = 0.5 * (df + 1) * np.log1p(((y - rows.mean) / rows.scale) ** 2 / df)
    return np.asarray(-log_beta(0.5 * df, np.full_like(df, 0.5)) - 0.5 * np.log(df) - np.log(rows.scale) - tail)


_DENSITIES: dict[str, Callable[[Rows, Vector], Vector]] = {
    "binomial": _binomial,
    "betabinomial": _beta_binomial,
    "poisson": _poisson,
    "nbinom2": lambda rows, y: _negative_binomial(y, rows.mean, rows.scale),
    "nbinom1": lambda rows, y: _negative_binomial(y, rows.mean, rows.mean / rows.scale),
    "gamma": _gamma,
    "inverse_gaussian": _inverse_gaussian,
    "beta": _beta,
    "gaussian": _gaussian,
    "lognormal": lambda rows, y: _gaussian(rows, np.log(y)) - np.log(y),
    "student": _student,
}
