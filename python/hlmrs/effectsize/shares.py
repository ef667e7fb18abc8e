"""Intraclass correlations and R²: shares of the variance of a row, fixed part, random part and residual.

Nakagawa, Johnson and Schielzeth (2017), J. R. Soc. Interface 14; with random slopes Johnson (2014), Methods Ecol. Evol.
5: the random part's variance is the mean over rows of z'Σz, the fixed part's the variance of x'β over rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..control import count, seed_or_new
from ..errors import choose
from ..estimation import Estimate
from ..frame import distinct
from ..inference import check_level, replicates, term_names, warn_of_failures

Vector = NDArray[np.float64]
Numbers = Any

INTERVALS = (None, "bootstrap")


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Variances of a row: fixed part, by grouping factor, residual; of one fit, or of many side by side."""

    fixed: Numbers
    random: Mapping[str, Numbers]
    residual: Numbers

    @property
    def of_groups(self) -> Numbers:
        """All grouping factors together."""
        return sum(self.random.values())

    @property
    def total(self) -> Numbers:
        """All of it."""
        return self.fixed + self.of_groups + self.residual


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        shares = {"adjusted": self.adjusted, "unadjusted": self.unadjusted}
        own = self.by_group if len(self.by_group) > 1 else {}
        return _written("IntraclassCorrelation", shares | dict(own), self.intervals, self.level)


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        shares = {"marginal": self.marginal, "conditional": self.conditional}
        return _written("RSquared", shares, self.intervals, self.level)


def _written(
    name: str, shares: Mapping[str, float], intervals: Mapping[str, tuple[float, float]], level: float | None
) -> str:
    """Write shares with three decimals, each with its interval."""
    bounds = {key: f" ({low:.3f} to {high:.3f})" for key, (low, high) in intervals.items()}
    shown = ", ".join(f"{key} {share:.3f}{bounds.get(key, '')}" for key, share in shares.items())
    return f"{name}: {shown}{f'; intervals of level {level:g}' if intervals else ''}"


@dataclass(frozen=True, slots=True)
class IntervalChoice:
    """Whether and how to compute intervals."""

    interval: str | None
    level: float
    n_boot: int
    seed: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval", choose("interval", self.interval, INTERVALS))
        check_level(self.level)
        object.__setattr__(self, "n_boot", count("n_boot", self.n_boot))


def variance_parts(estimate: Estimate) -> VarianceParts:
    """Return the parts of the variance."""
    layout = estimate.layout
    random = dict.fromkeys((group.name for group in layout.groups), 0.0)
    for term, own in zip(layout.random, estimate.term_variances(), strict=True):
        random[layout.groups[term.group].name] += own
    eta = estimate.core.linear_predictor(estimate.rows, [False] * len(layout.random))
    return VarianceParts(float(np.var(eta, ddof=1)), random, estimate.residual_variance)


def intraclass_correlation(estimate: Estimate, choice: IntervalChoice) -> IntraclassCorrelation:
    """Compute the shares of the grouping factors."""
    shares = shares_of(variance_parts(estimate))
    names = estimate.layout.group_names
    wanted = distinct(["adjusted", "unadjusted", *names])
    intervals = _intervals(estimate, choice, wanted, lambda parts: shares_of(parts)[: len(wanted)])
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
    marginal, conditional = explained_by(variance_parts(estimate))
    intervals = _intervals(estimate, choice, ["marginal", "conditional"], explained_by)
    return RSquared(marginal, conditional, choice.level if intervals else None, intervals)


def shares_of(parts: VarianceParts) -> list[Numbers]:
    """Return adjusted and unadjusted shares, of all groups and then by group."""
    within = parts.of_groups + parts.residual
    return [
        parts.of_groups / within,
        parts.of_groups / parts.total,
        *(part / within for part in parts.random.values()),
        *(part / parts.total for part in parts.random.values()),
    ]


def explained_by(parts: VarianceParts) -> list[Numbers]:
    """Return the shares that the fixed part, and fixed and random part, explain."""
    return [parts.fixed / parts.total, (parts.fixed + parts.of_groups) / parts.total]


def _intervals(
    estimate: Estimate, choice: IntervalChoice, names: Sequence[str], compute: Callable[[VarianceParts], list[Numbers]]
) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of a parametric bootstrap."""
    if choice.interval is None:
        return {}
    tail = (1 - choice.level) / 2
    values = compute(_drawn_parts(estimate, choice))
    bounds = [np.nanquantile(column, [tail, 1 - tail]) for column in values]
    return {name: (float(low), float(high)) for name, (low, high) in zip(names, bounds, strict=False)}


def _drawn_parts(estimate: Estimate, choice: IntervalChoice) -> VarianceParts:
    """Return the parts of the variance in every replicate, from its coefficients, standard deviations, correlations."""
    layout, n_fixed = estimate.layout, len(estimate.core.beta)
    terms = term_names(estimate)
    *coefficients, sigma = (
        p for p in estimate.core.parameters(list(layout.coef_names), terms) if p.kind in ("fixed", "sigma")
    )
    chosen = [*coefficients, sigma, *estimate.core.covariance_parameters(terms)]
    values = replicates(estimate, chosen, choice.n_boot, "parametric", seed_or_new(choice.seed))
    warn_of_failures(values, "replicates of the bootstrap")
    x = estimate.rows.model_matrix()[:, list(layout.kept)]
    spread = x - x.mean(axis=0)
    beta = values[:, :n_fixed]
    fixed = np.einsum("bi,ij,bj->b", beta, spread.T @ spread / (len(x) - 1), beta)
    random: dict[str, Numbers] = {group.name: np.zeros(len(values)) for group in layout.groups}
    at = n_fixed + 1
    for term, moments in zip(layout.random, estimate.moments, strict=True):
        r = len(term.columns)
        sd, correlation = values[:, at : at + r], values[:, at + r : at + r * (r + 1) // 2]
        at += r * (r + 1) // 2
        random[layout.groups[term.group].name] += _mean_variance(sd, correlation, moments)
    return VarianceParts(fixed, random, values[:, n_fixed] ** 2)


def _mean_variance(sd: Vector, correlation: Vector, moments: Vector) -> Vector:
    """Return tr(Σ M) of every replicate; a correlation with an effect without variance does not count."""
    variance: Vector = (sd**2) @ np.diag(moments)
    row, column = np.tril_indices(sd.shape[1], -1)
    covariance = np.where(np.isnan(correlation), 0.0, correlation) * sd[:, row] * sd[:, column]
    return variance + 2 * covariance @ moments[row, column]
