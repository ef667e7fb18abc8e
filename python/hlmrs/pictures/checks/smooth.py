"""A smooth mean with its uncertainty: local lines with tricube weights.

Cleveland (1979), J. Am. Stat. Assoc. 74, 829.
"""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_PLACES = 40
_SPAN = 0.6
_FEWEST = 12
_MOST = 20_000


def smooth(x: Vector, y: Vector) -> tuple[Vector, Vector, Vector] | None:
    """Return places, means there and their standard errors; None where there are too few values.

    With places x_i and weights w_i about a place, the mean is Σ l_i y_i, l those of a line by weighted least squares,
    and its variance σ²Σ l_i², with σ² the mean square about the means.  Of very many rows evenly chosen ones are read.
    """
    order = np.argsort(x, kind="stable")
    if len(order) > _MOST:
        order = order[np.linspace(0, len(order) - 1, _MOST).round().astype(np.intp)]
    x, y = x[order], y[order]
    if len(x) < _FEWEST or not x[-1] > x[0]:
        return None
    places = np.unique(np.quantile(x, np.linspace(0, 1, _PLACES)))
    near = max(_FEWEST, int(_SPAN * len(x)))
    mean, spread = np.empty(len(places)), np.empty(len(places))
    for k, place in enumerate(places):
        weights = _weights(x, place, near)
        mean[k], spread[k] = weights @ y, np.sqrt(weights @ weights)
    sigma = np.sqrt(np.mean((y - np.interp(x, places, mean)) ** 2))
    return places, mean, sigma * spread


def _weights(x: Vector, place: float, near: int) -> Vector:
    """Return l, the weights of the rows in the mean at a place."""
    distance = np.abs(x - place)
    reach = max(float(np.partition(distance, min(near, len(x)) - 1)[min(near, len(x)) - 1]), 1e-300)
    kernel = np.maximum(1 - (distance / reach) ** 3, 0) ** 3
    kernel = np.where(kernel > 0, kernel, 1e-12 * (distance <= reach))
    kernel /= kernel.sum()
    centre = kernel @ x
    variance = kernel @ (x - centre) ** 2
    tilt = (place - centre) * (x - centre) / variance if variance > 1e-24 * max(place * place, 1e-200) else 0.0
    return np.asarray(kernel * (1 + tilt))
