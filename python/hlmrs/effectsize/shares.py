"""Intraclass correlations and R²: shares of the variance of a row, fixed part, random part and residual.

Nakagawa, Johnson and Schielzeth (2017), J. R. Soc. Interface 14; with random slopes Johnson (2014), Methods Ecol. Evol.
5: the random part's variance is the mean over rows of z'Σz, the fixed part's the variance of x'β over rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import Fit
from ..errors import OptionError
from ..fitting import Estimate
from ..inference import check_level

Vector = NDArray[np.float64]

INTERVALS = (None, "bootstrap")


@dataclass(frozen=True, slots=True)
class Parts:
    """Variances of a row: fixed part, by grouping factor, residual."""

    fixed: float
    random: Mapping[str, float]
    residual: float

    @property
    def of_groups(self) -> float:
        """All grouping factors together."""
        return sum(self.random.values())

    @property
    def total(self) -> float:
        """All of it."""
        return self.fixed + self.of_groups + self.residual


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """Shares of the grouping factors in the variance.

    Attributes
    ----------
    adjusted, unadjusted : float
        Of all grouping factors together: without, and with, the fixed part's variance in the total.
    by_group, unadjusted_by_group : dict of str to float
        The same of each grouping factor; they add up.
    level : float or None
        Level of the intervals; None without.
    intervals : dict of str to (float, float)
        Of ``"adjusted"``, ``"unadjusted"``, and each grouping factor's adjusted share.
    """

    adjusted: float
    unadjusted: float
    by_group: Mapping[str, float]
    unadjusted_by_group: Mapping[str, float]
    level: float | None
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class RSquared:
    """Shares of the variance that the model explains.

    Attributes
    ----------
    marginal, conditional : float
        By the fixed part; by fixed and random part.
    level : float or None
        Level of the intervals; None without.
    intervals : dict of str to (float, float)
        Of ``"marginal"`` and ``"conditional"``.
    """

    marginal: float
    conditional: float
    level: float | None
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class IntervalChoice:
    """Whether and how to compute intervals."""

    interval: str | None
    level: float
    n_boot: int
    seed: int | None

    def __post_init__(self) -> None:
        if self.interval not in INTERVALS:
            raise OptionError(f"interval={self.interval!r}: choose None or 'bootstrap'")
        check_level(self.level)
        if self.n_boot < 1:
            raise OptionError(f"n_boot={self.n_boot!r}: give a positive whole number")


def variance_parts(estimate: Estimate, core: Fit | None = None) -> Parts:
    """Return the parts of the variance, of the fit or of another one of the same rows."""
    core = core or estimate.core
    layout = estimate.layout
    random = dict.fromkeys((group.name for group in layout.groups), 0.0)
    for term, covariance, moments in zip(layout.random, core.covariances(), estimate.moments, strict=True):
        random[layout.groups[term.group].name] += float((covariance * moments).sum())
    eta = core.linear_predictor(estimate.rows, [False] * len(layout.random))
    return Parts(float(np.var(eta, ddof=1)), random, core.sigma**2)


def intraclass_correlation(estimate: Estimate, choice: IntervalChoice) -> IntraclassCorrelation:
    """Compute the shares of the grouping factors."""
    shares = _shares(variance_parts(estimate))
    names = [group.name for group in estimate.layout.groups]
    wanted = ["adjusted", "unadjusted", *names]
    intervals = _intervals(estimate, choice, wanted, lambda parts: _shares(parts)[: len(wanted)])
    return IntraclassCorrelation(
        shares[0],
        shares[1],
        dict(zip(names, shares[2:], strict=False)),
        dict(zip(names, shares[2 + len(names) :], strict=True)),
        choice.level if intervals else None,
        intervals,
    )


def r_squared(estimate: Estimate, choice: IntervalChoice) -> RSquared:
    """Compute the explained shares."""
    marginal, conditional = _explained(variance_parts(estimate))
    intervals = _intervals(estimate, choice, ["marginal", "conditional"], _explained)
    return RSquared(marginal, conditional, choice.level if intervals else None, intervals)


def _shares(parts: Parts) -> list[float]:
    """Return adjusted and unadjusted shares, of all groups and then by group."""
    within = parts.of_groups + parts.residual
    return [
        parts.of_groups / within,
        parts.of_groups / parts.total,
        *(part / within for part in parts.random.values()),
        *(part / parts.total for part in parts.random.values()),
    ]


def _explained(parts: Parts) -> list[float]:
    return [parts.fixed / parts.total, (parts.fixed + parts.of_groups) / parts.total]


def _intervals(
    estimate: Estimate, choice: IntervalChoice, names: Sequence[str], compute: Callable[[Parts], list[float]]
) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of a parametric bootstrap."""
    if choice.interval is None:
        return {}
    entropy = np.random.SeedSequence(choice.seed).generate_state(1, np.uint64)[0]
    draws = estimate.core.simulate(estimate.rows, choice.n_boot, int(entropy))
    values = np.array(
        [
            compute(variance_parts(estimate, estimate.core.refit(estimate.rows, np.ascontiguousarray(y))))
            for y in draws.T
        ]
    )
    tail = (1 - choice.level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=False)}
