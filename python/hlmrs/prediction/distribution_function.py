"""P(Y <= y) and P(Y < y) of each response, given its random effects: what exact quantile residuals are made of.

By incomplete beta and gamma functions: Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, chapters 3-5;
the inverse Gaussian by Shuster (1968), J. Am. Stat. Assoc. 63, 1514-1516.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from .._core import chi_square_tail, f_tail, family_predictors, two_sided_p
from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..families import logistic
from ..inference.generalized_poisson import generalized_poisson_below

Vector = NDArray[np.float64]
Rows = Mapping[str, Vector]
Below = Callable[[Rows, Vector], Vector]


def exact_quantile_residuals(estimate: GeneralizedEstimate, seed: int) -> Vector:
    """Return where each response lies in its distribution; within a step of it at random (Dunn and Smyth 1996)."""
    low, high = _ends(estimate)
    return low + (high - low) * np.random.default_rng(seed).random(len(low))


def _of_categories(estimate: GeneralizedEstimate, eta: Mapping[str, Vector], y: Vector) -> tuple[Vector, Vector]:
    """Return those of the categories of an ordered response."""
    predictors = {name: eta[name] for name in ("conditional", "scale") if name in eta}
    each = estimate.category_probabilities(predictors | {"thresholds": estimate.thresholds()})
    below = np.column_stack([np.zeros(len(y)), np.cumsum(each, axis=1)])
    rows, at = np.arange(len(y)), y.astype(int)
    return below[rows, at], below[rows, at + 1]


def _ends(estimate: GeneralizedEstimate) -> tuple[Vector, Vector]:
    """Return the probabilities of less than each response, and of no more."""
    y = estimate.response.y
    names = family_predictors(estimate.family_spec)
    eta = dict(zip(names, estimate.own.fit.linear_predictors(), strict=True))
    if estimate.family.name == "cumulative":
        return _of_categories(estimate, eta, y)
    if estimate.family.name == "ordbeta":
        return _ordered_beta(eta, y)
    name = estimate.family.name.removeprefix("truncated_")
    if name not in _BELOW:
        raise OptionError(f"family {estimate.family.name!r} has no distribution function here; use method='simulated'")
    rows = {
        "mean": estimate.conditional_means([eta[name] for name in names]),
        "scale": np.exp(eta.get("dispersion", np.zeros(len(y)))),
        "shape": np.exp(eta.get("shape", np.zeros(len(y)))),
        "trials": np.ones(len(y)) if estimate.response.trials is None else estimate.response.trials,
    }
    if "zero_inflation" in eta and name not in _DISCRETE:
        # zeros are of the zero part alone
        at_most = np.where(y > 0, _BELOW[name](rows, np.where(y > 0, y, 1.0 if name != "beta" else 0.5)), 0.0)
    else:
        at_most = _BELOW[name](rows, y)
    below = _BELOW[name](rows, y - 1) if name in _DISCRETE else at_most
    if estimate.family.name.startswith("truncated_"):
        zero = _BELOW[name](rows, np.zeros(len(y)))
        below, at_most = ((np.maximum(p, zero) - zero) / (1 - zero) for p in (below, at_most))
    if "zero_inflation" in eta:
        zeros = logistic(eta["zero_inflation"])
        below, at_most = np.where(y > 0, zeros, 0.0) + (1 - zeros) * below, zeros + (1 - zeros) * at_most
    return below, at_most


def _each(function: Callable[..., float]) -> Callable[..., Vector]:
    vectorized = np.vectorize(function, otypes=[float])
    return lambda *arrays: np.asarray(vectorized(*arrays))


def _beta_below(x: float, a: float, b: float) -> float:
    """Return the incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    return float(f_tail(a * (1 - x) / (b * x), 2 * b, 2 * a))


def _normal_below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _inverse_gaussian(y: float, mean: float, phi: float) -> float:
    root = math.sqrt(1 / (phi * y))
    far = root * (y / mean + 1)
    # exp(2 / (phi mean)) may be large where the tail is small
    tail = math.erfc(far / math.sqrt(2)) / 2
    second = math.exp(2 / (phi * mean) + math.log(tail)) if tail > 0 else 0.0
    return min(1.0, _normal_below(root * (y / mean - 1)) + second)


def _student(z: float, df: float) -> float:
    tail = 0.5 * float(two_sided_p(z, df))
    return tail if z < 0 else 1 - tail


def _negative_binomial(y: Vector, mean: Vector, size: Vector) -> Vector:
    return np.where(y < 0, 0.0, _each(_beta_below)(size / (size + mean), size, np.maximum(y, 0) + 1))


def _binomial(rows: Rows, y: Vector) -> Vector:
    n, p = rows["trials"], rows["mean"]
    inside = _each(_beta_below)(1 - p, np.maximum(n - y, 0.5), np.maximum(y, 0) + 1)
    return np.where(y < 0, 0.0, np.where(y >= n, 1.0, inside))


def _poisson(rows: Rows, y: Vector) -> Vector:
    return np.where(y < 0, 0.0, _each(chi_square_tail)(2 * rows["mean"], 2 * (np.maximum(y, 0) + 1)))


def _ordered_beta(eta: Rows, y: Vector) -> tuple[Vector, Vector]:
    mean, not_low, high = (1 / (1 + np.exp(c - eta["conditional"])) for c in (0.0, eta["shape"], eta["shape2"]))
    precision = np.exp(eta["dispersion"])
    between = _each(_beta_below)(y, mean * precision, (1 - mean) * precision)
    below = np.where(y > 0, 1 - not_low + (not_low - high) * between, 0.0)
    return below, np.where(y < 1, 1 - not_low + (not_low - high) * between, 1.0)


_DISCRETE = ("binomial", "poisson", "nbinom1", "nbinom2", "genpois")
_BELOW: dict[str, Below] = {
    "binomial": _binomial,
    "poisson": _poisson,
    "nbinom2": lambda rows, y: _negative_binomial(y, rows["mean"], rows["scale"]),
    "nbinom1": lambda rows, y: _negative_binomial(y, rows["mean"], rows["mean"] / rows["scale"]),
    "genpois": lambda rows, y: generalized_poisson_below(y, rows["mean"], rows["scale"]),
    "gamma": lambda rows, y: 1 - _each(chi_square_tail)(2 * y * rows["scale"] / rows["mean"], 2 * rows["scale"]),
    "inverse_gaussian": lambda rows, y: _each(_inverse_gaussian)(y, rows["mean"], rows["scale"]),
    "beta": lambda rows, y: _each(_beta_below)(y, rows["mean"] * rows["scale"], (1 - rows["mean"]) * rows["scale"]),
    "gaussian": lambda rows, y: _each(_normal_below)((y - rows["mean"]) / rows["scale"]),
    "lognormal": lambda rows, y: _each(_normal_below)((np.log(y) - rows["mean"]) / rows["scale"]),
    "student": lambda rows, y: _each(_student)((y - rows["mean"]) / rows["scale"], rows["shape"]),
}
