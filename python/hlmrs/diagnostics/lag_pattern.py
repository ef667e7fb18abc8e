"""Which structure has correlations by lag like those of the residuals.

Each candidate is fitted to the correlations by least squares, weighed by the inverse of their covariance over groups
where there are enough of these, else by their variances.  Each parameter costs the logarithm of the number of groups,
as by Schwarz (1978), and having more than one costs half of that again: a structure of two is tried after that of one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lags import Lags

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
_RATES = 60
_GROUPS_PER_LAG = 4


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of pattern, and how well it fits: the sum of squares with what its parameters cost."""

    kind: str
    score: float


def patterns_of_errors(lags: Lags) -> list[Pattern]:
    """Return how well the correlations are constant, fall from one to zero or to a constant, or from below one."""
    shapes: dict[str, Callable[[Vector], tuple[Matrix, Vector]]] = {
        "falls": lambda fall: (np.zeros((len(fall), 0)), fall),
        "falls to a constant": lambda fall: ((1 - fall)[:, None], fall),
        "falls from below one": lambda fall: (fall[:, None], np.zeros(len(fall))),
    }
    ones = np.ones((len(lags.lag), 1))
    constant = Pattern("constant", _squares(lags, ones, 0 * lags.lag, _root_of_weights(lags))[0] + _price(lags, 1))
    falling = [_falling(lags, kind, shape) for kind, shape in shapes.items()]
    every = Pattern("any", _price(lags, len(lags.lag)))
    return sorted([constant, *falling, every], key=lambda pattern: pattern.score)


def patterns_beside_intercepts(lags: Lags, *, has_slope: bool) -> list[Pattern]:
    """Return the same where random intercepts take up the mean of the correlations: they fall, or fall ever faster."""
    ones = np.ones(len(lags.lag))
    found = [_falling(lags, "falls", lambda fall: (np.column_stack([ones, fall]), 0 * fall))]
    if not has_slope:
        columns = np.column_stack([ones, -(lags.distances**2).mean(axis=1)])
        squares, sizes = _squares(lags, columns, 0 * ones, _root_of_weights(lags))
        score = squares + _price(lags, 2) if sizes[1] > 0 else math.inf
        found.append(Pattern("slope", score))
    return sorted(found, key=lambda pattern: pattern.score)


def _price(lags: Lags, parameters: int) -> float:
    """Return what parameters cost."""
    return (parameters + 0.5 * (parameters > 1)) * math.log(max(len(lags.by_group), 3))


def _falling(lags: Lags, kind: str, shape: Callable[[Vector], tuple[Matrix, Vector]]) -> Pattern:
    """Fit a pattern that falls geometrically, by search over its rate."""
    best, root = math.inf, _root_of_weights(lags)
    for rate in _rates(lags):
        columns, fixed = shape(rate)
        squares, sizes = _squares(lags, columns, fixed, root)
        inside = kind == "falls" or 0 <= sizes[-1] <= 1
        best = min(best, squares + _price(lags, 1 + columns.shape[1])) if inside else best
    return Pattern(kind, best)


def _rates(lags: Lags) -> list[Vector]:
    """Return falls from one at lag zero: to a twentieth over the shortest lag at most, or hardly over the longest."""
    shortest, longest = float(lags.lag.min()), float(lags.lag.max())
    lengths = np.geomspace(shortest / 3, 20 * longest, _RATES)
    return [np.exp(-lags.distances / length).mean(axis=1) for length in lengths]


def _squares(lags: Lags, columns: Matrix, fixed: Vector, root: Matrix) -> tuple[float, Vector]:
    """Return the weighted sum of squares that columns leave, and their sizes."""
    y = root @ (lags.correlation - fixed)
    if not columns.shape[1]:
        return float(y @ y), np.zeros(0)
    sizes, *_ = np.linalg.lstsq(root @ columns, y, rcond=None)
    rest = y - root @ columns @ sizes
    return float(rest @ rest), np.asarray(sizes)


def _root_of_weights(lags: Lags) -> Matrix:
    """Return W of the weights W'W."""
    error = np.maximum(lags.std_error, 1e-6)
    groups, n = lags.by_group.shape
    if groups < _GROUPS_PER_LAG * n:
        return np.diag(1 / error)
    scaled = (lags.by_group / error).T @ (lags.by_group / error)
    scaled = (scaled + 0.05 * np.trace(scaled) / n * np.eye(n)) / 1.05
    return np.asarray(np.linalg.inv(np.linalg.cholesky(scaled)) / error)
