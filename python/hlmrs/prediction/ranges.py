"""What means and probabilities can be, and intervals that stay inside it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..estimation.generalized import GeneralizedEstimate
from ..families import COUNTS, logistic

Vector = NDArray[np.float64]

_SHARES = ("binomial", "betabinomial", "beta", "ordbeta")
_POSITIVE = (*COUNTS, "gamma", "inverse_gaussian", "lognormal", "tweedie")


@dataclass(frozen=True, slots=True)
class Range:
    """The ends between which numbers are."""

    low: float
    high: float

    def interval(self, value: Vector, std_error: Vector, quantile: "Vector | float") -> tuple[Vector, Vector]:
        """Return intervals: of the logarithm above one end, of the logit between two, turned back (delta method).

        What has no error is its own bounds, also at an end.
        """
        low, high = self._turned_back(value, std_error, quantile)
        certain = std_error == 0
        return np.where(certain, value, low), np.where(certain, value, high)

    def _turned_back(self, value: Vector, std_error: Vector, quantile: "Vector | float") -> tuple[Vector, Vector]:
        if math.isinf(self.low):
            return value - quantile * std_error, value + quantile * std_error
        with np.errstate(divide="ignore", invalid="ignore"):
            if math.isinf(self.high):
                factor = np.exp(quantile * std_error / (value - self.low))
                return self.low + (value - self.low) / factor, self.low + (value - self.low) * factor
            width = self.high - self.low
            share = (value - self.low) / width
            logit, margin = np.log(share) - np.log1p(-share), quantile * std_error / width / (share * (1 - share))
            low, high = logistic(logit - margin), logistic(logit + margin)
        return self.low + width * low, self.low + width * high


def range_of(estimate: GeneralizedEstimate, kind: str) -> Range:
    """Return what a type of prediction can be; ``"prob"`` stands for all probabilities."""
    if kind in ("zprob", "prob"):
        return Range(0.0, 1.0)
    if kind == "disp":
        return Range(0.0, math.inf)
    if estimate.family.name == "cumulative":
        return Range(1.0, float(len(estimate.categories)))
    if estimate.family.name in _SHARES:
        return Range(0.0, 1.0)
    if estimate.family.name.startswith("truncated_") and (kind == "conditional" or not _has_zeros(estimate)):
        return Range(1.0, math.inf)
    return Range(0.0 if estimate.family.name in _POSITIVE else -math.inf, math.inf)


def _has_zeros(estimate: GeneralizedEstimate) -> bool:
    """Whether truncated counts stand beside a part for zeros."""
    return "zero_inflation" in estimate.parts
