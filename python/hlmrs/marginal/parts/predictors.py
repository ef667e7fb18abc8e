"""The linear predictors of all parts as functions of all coefficients, on a grid or in the rows of the fit.

At random effects of zero every predictor is eta = X β + offset, and its derivative by a variable D β + o.  Those of an
ordered response are one for every threshold, that of the mean and, if there is one, that of the scale.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._core import family_predictors, threshold_slopes
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from .views import Parts

Vector = NDArray[np.float64]
Design = Callable[[Estimate], tuple[Vector, Vector]]
"""What makes X, all its columns, and the offset of a part's rows."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """A linear predictor of rows: X over the coefficients at `places` among all, and the offset."""

    name: str
    x: Vector
    places: slice
    offset: Vector

    def values(self, coefficients: Vector) -> Vector:
        """Return the predictor, by all coefficients."""
        return np.asarray(self.x @ coefficients[self.places] + self.offset)


def linear_predictors(estimate: GeneralizedEstimate, parts: Parts, n: int, design: Design) -> list[Predictor]:
    """Return the predictors of n rows in the order in which the outcomes take them."""

    def rows(name: str) -> tuple[Vector, Vector]:
        """Return X and the offset of a part; a part without a formula is a constant."""
        return design(parts[name]) if name in parts else (np.ones((n, 1)), np.zeros(n))

    if estimate.family.name != "cumulative":
        return [_of_part(estimate, name, *rows(name)) for name in family_predictors(estimate.family_spec)]
    thresholds = _of_thresholds(estimate, *rows("thresholds"))
    names = ["conditional", *(["scale"] if "scale" in estimate.parts else [])]
    return [*thresholds, *(_of_part(estimate, name, *rows(name)) for name in names)]


def _of_part(estimate: GeneralizedEstimate, name: str, x: Vector, offset: Vector) -> Predictor:
    entry = estimate.own.parts[name]
    places = slice(entry["first"], entry["first"] + entry["n"])
    return Predictor(name, x[:, list(entry["kept"])], places, offset)


def _of_thresholds(estimate: GeneralizedEstimate, x: Vector, offset: Vector) -> list[Predictor]:
    """Return each threshold: what it depends on, times the slopes of the threshold in the parameters of its kind."""
    entry = estimate.own.parts["thresholds"]
    places, kept = slice(entry["first"], entry["first"] + entry["n"]), list(entry["kept"])
    slopes = threshold_slopes(estimate.family_spec)
    return [Predictor("thresholds", np.kron(x, own[None, :])[:, kept], places, offset) for own in slopes]
