"""What is averaged: means and probabilities of rows, with their slopes in the linear predictors.

With F the inverse link, eta the predictor of an ordered response, theta_k its thresholds and s the logarithm of its
scale, P(Y <= k) = F(z_k), z_k = (theta_k - eta) exp(-s); a category's probability is the difference of two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._core import family_means, family_predictors
from ...errors import OptionError
from ...estimation import Estimate
from ...estimation.family_spec import link_means
from ...estimation.generalized import GeneralizedEstimate
from ...families import Family, logistic
from ...prediction.generalized_interval import rests_on_parts
from ...prediction.ranges import Range, range_of

Vector = NDArray[np.float64]

_ORDERED = ("prob", "cumulative", "exceedance", "mean.class")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Numbers of rows of a kind, of the family of a fit; `labels`: of several numbers what each is of."""

    kind: str
    estimate: GeneralizedEstimate
    labels: Sequence[str]
    range: Range

    @property
    def are_ratios(self) -> bool:
        """Whether contrasts are ratios: where exponentials of predictors are factors of the mean.

        They are with a log link, but not of truncated counts, whose mean above zero is mu / (1 - f(0)).
        """
        family = self.estimate.family
        logarithm = family.name == "lognormal" or (family.link == "log" and not family.name.startswith("truncated_"))
        return logarithm and self.kind in ("response", "conditional")

    def values(self, eta: Sequence[Vector]) -> tuple[Vector, Vector]:
        """Return the numbers (rows, outcomes) and their slopes (rows, outcomes, predictors)."""
        if self.estimate.family.name == "cumulative":
            return self._of_categories(eta)
        if self.kind == "zprob":
            return _zero_probability(self.estimate, eta)
        mean, slopes = family_means(
            self.estimate.family_spec, [*map(np.ascontiguousarray, eta)], self.kind != "response"
        )
        return mean[:, None], slopes[:, None, : len(eta)]

    def _of_categories(self, eta: Sequence[Vector]) -> tuple[Vector, Vector]:
        below, slopes = _cumulative(self.estimate, eta)
        if self.kind == "cumulative":
            return below, slopes
        if self.kind == "exceedance":
            return 1 - below, -slopes
        ends = [np.zeros_like(below[:, :1]), below, np.ones_like(below[:, :1])]
        flat = np.zeros_like(slopes[:, :1])
        each = np.diff(np.concatenate(ends, axis=1), axis=1)
        of_each = np.diff(np.concatenate([flat, slopes, flat], axis=1), axis=1)
        if self.kind == "prob":
            return each, of_each
        numbers = np.arange(1.0, each.shape[1] + 1)
        return (each @ numbers)[:, None], np.einsum("nkm,k->nm", of_each, numbers)[:, None]


def outcome_of(estimate: Estimate, scale: str) -> Outcome | None:
    """Return what a scale is of, where it rests on several parts; None where the mean's predictor alone has it."""
    if not isinstance(estimate, GeneralizedEstimate):
        _refuse(scale in (*_ORDERED, "zprob"), scale, "is of generalized models")
        return None
    ordered = estimate.family.name == "cumulative"
    _refuse(scale in _ORDERED and not ordered, scale, "is of ordered responses (family='cumulative')")
    _refuse(scale == "zprob" and "zero_inflation" not in estimate.parts, scale, "is of models with a zero part")
    if ordered and scale in ("response", *_ORDERED):
        return _ordered(estimate, "mean.class" if scale == "response" else scale)
    if scale == "zprob":
        return Outcome(scale, estimate, (), range_of(estimate, scale))
    return Outcome(scale, estimate, (), range_of(estimate, scale)) if rests_on_parts(estimate, scale) else None


def _refuse(it_is: bool, scale: str, what: str) -> None:
    if it_is:
        raise OptionError(f"type={scale!r} {what}")


def _ordered(estimate: GeneralizedEstimate, kind: str) -> Outcome:
    names = list(estimate.categories)
    if kind == "mean.class":
        return Outcome(kind, estimate, (), range_of(estimate, "response"))
    return Outcome(kind, estimate, names if kind == "prob" else names[:-1], range_of(estimate, "prob"))


def _cumulative(estimate: GeneralizedEstimate, eta: Sequence[Vector]) -> tuple[Vector, Vector]:
    """Return P(Y <= k) and the slopes in the thresholds, the mean's predictor and the scale's."""
    n = len(estimate.categories) - 1
    thresholds, mean = np.column_stack(eta[:n]), eta[n]
    shrunk = np.exp(-eta[n + 1]) if len(eta) > n + 1 else np.ones_like(mean)
    z = (thresholds - mean[:, None]) * shrunk[:, None]
    below, density = link_means(Family("binomial", estimate.family.link), z)
    slopes = np.zeros((*z.shape, len(eta)))
    by_threshold = density * shrunk[:, None]
    slopes[:, range(n), range(n)] = by_threshold
    slopes[:, :, n] = -by_threshold
    if len(eta) > n + 1:
        slopes[:, :, n + 1] = -density * z
    return below, slopes


def _zero_probability(estimate: GeneralizedEstimate, eta: Sequence[Vector]) -> tuple[Vector, Vector]:
    k = family_predictors(estimate.family_spec).index("zero_inflation")
    probability = logistic(eta[k])
    slopes = np.zeros((len(probability), 1, len(eta)))
    slopes[:, 0, k] = probability * (1 - probability)
    return probability[:, None], slopes
