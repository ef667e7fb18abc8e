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
from ..display import Notes, Printed, Report, Section, displayed, sections_of
from ..errors import choose
from ..estimation import Estimate
from ..frame import Column, build, distinct
from ..inference import check_level, covariances_of, replicates, term_names, warn_of_failures
from .correlated_residuals import why_not_known, without_one_correlation

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
class IntraclassCorrelation(Printed):
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
    _frame: str
    _unknown: str = ""

    def to_frame(self) -> Any:
        """Return the shares of all groups together, and of each grouping factor.

        Returns
        -------
        data frame
            ``group, adjusted, unadjusted``, and with intervals ``conf_low, conf_high`` of the adjusted share.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> fit.icc().to_frame()["adjusted"].round(3).to_list()
        [0.726, 0.726]
        """
        return build(self._frame, self._columns())

    def _columns(self) -> dict[str, Column]:
        names = list(self.by_group)
        return {
            "group": ["all together", *names],
            "adjusted": np.array([self.adjusted, *self.by_group.values()]),
            "unadjusted": np.array([self.unadjusted, *self.unadjusted_by_group.values()]),
            **_bounds([bounds for key, bounds in self.intervals.items() if key != "unadjusted"]),
        }

    def _report(self) -> Report:
        notes = ["Adjusted: of the variance that the fixed part leaves; unadjusted: of all of it."]
        notes += [self._unknown] if self._unknown else []
        return _reported("Intraclass correlation", self._columns(), self.level, notes)


@dataclass(frozen=True, slots=True, repr=False)
class RSquared(Printed):
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
    _frame: str

    def to_frame(self) -> Any:
        """Return both shares.

        Returns
        -------
        data frame
            ``r2`` (marginal, conditional), ``share``, and with intervals ``conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> fit.r2().to_frame()["share"].round(3).to_list()
        [0.476, 0.856]
        """
        return build(self._frame, self._columns())

    def _columns(self) -> dict[str, Column]:
        names = ["marginal", "conditional"]
        return {
            "r2": names,
            "share": np.array([self.marginal, self.conditional]),
            **_bounds(list(self.intervals.values())),
        }

    def _report(self) -> Report:
        notes = ["Marginal: of the fixed part in all of the variance; conditional: of fixed and random part."]
        return _reported("R²", self._columns(), self.level, notes)


def _bounds(intervals: Sequence[tuple[float, float]]) -> dict[str, Column]:
    """Return the columns of intervals; none without."""
    if not intervals:
        return {}
    low, high = np.array(intervals).T
    return {"conf_low": low, "conf_high": high}


def _reported(title: str, columns: dict[str, Column], level: float | None, notes: Sequence[str]) -> Report:
    return Report(title, [*sections_of(displayed(columns, level)), Section("", Notes(notes))])


@dataclass(frozen=True, slots=True)
class IntervalChoice:
    """Whether and how to compute intervals."""

    interval: str | None
    level: float
    n: int
    seed: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval", choose("interval", self.interval, INTERVALS))
        check_level(self.level)
        object.__setattr__(self, "n", count("n", self.n))


def variance_parts(estimate: Estimate) -> VarianceParts:
    """Return the parts of the variance."""
    layout = estimate.layout
    random = dict.fromkeys((group.name for group in layout.groups), 0.0)
    for term, own in zip(layout.random, estimate.term_variances(), strict=True):
        random[layout.groups[term.group].name] += own
    eta = estimate.core.linear_predictor(estimate.rows, [False] * len(layout.random))
    return VarianceParts(float(np.var(eta, ddof=1)), random, estimate.mean_residual_variance)


def intraclass_correlation(estimate: Estimate, choice: IntervalChoice) -> IntraclassCorrelation:
    """Compute the shares of the grouping factors."""
    names, mixed = estimate.layout.group_names, without_one_correlation(estimate)
    unknown = _unidentified(estimate) or why_not_known(estimate, mixed)
    is_known = [not unknown] * 2 + [name not in mixed and not _unidentified(estimate) for name in names] * 2

    def known_shares(parts: VarianceParts) -> list[Numbers]:
        return [share if known else share * np.nan for share, known in zip(shares_of(parts), is_known, strict=True)]

    shares = known_shares(variance_parts(estimate))
    wanted = distinct(["adjusted", "unadjusted", *names])
    intervals = _intervals(estimate, choice, wanted, lambda parts: known_shares(parts)[: len(wanted)])
    return IntraclassCorrelation(
        shares[0],
        shares[1],
        dict(zip(names, shares[2:], strict=False)),
        dict(zip(names, shares[2 + len(names) :], strict=True)),
        choice.level if intervals else None,
        intervals,
        estimate.kind,
        unknown,
    )


def _unidentified(estimate: Estimate) -> str:
    """Say which single term the data do not identify, so that its share is not known; nothing where there is none.

    Of several terms the sum may be known.
    """
    flat = estimate.verdict.flat_terms
    return f"The data do not identify {flat[0]}, so that the shares are not known." if len(flat) == 1 else ""


def r_squared(estimate: Estimate, choice: IntervalChoice) -> RSquared:
    """Compute the explained shares."""
    marginal, conditional = explained_by(variance_parts(estimate))
    intervals = _intervals(estimate, choice, ["marginal", "conditional"], explained_by)
    return RSquared(marginal, conditional, choice.level if intervals else None, intervals, estimate.kind)


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
    unknown = np.full(2, np.nan)
    bounds = [unknown if np.isnan(own).all() else np.nanquantile(own, [tail, 1 - tail]) for own in values]
    return {name: (float(low), float(high)) for name, (low, high) in zip(names, bounds, strict=False)}


def _drawn_parts(estimate: Estimate, choice: IntervalChoice) -> VarianceParts:
    """Return the parts of the variance in every replicate, from its coefficients, standard deviations, correlations."""
    layout, n_fixed = estimate.layout, len(estimate.core.beta)
    terms = term_names(estimate)
    *coefficients, sigma = (
        p for p in estimate.core.parameters(list(layout.coef_names), terms) if p.kind in ("fixed", "sigma")
    )
    chosen = [*coefficients, sigma, *estimate.core.covariance_parameters(terms)]
    values = replicates(estimate, chosen, choice.n, "parametric", seed_or_new(choice.seed))
    warn_of_failures(values, "replicates of the bootstrap")
    covariances = covariances_of(values[:, n_fixed + 1 :], [len(term.columns) for term in layout.random])
    return parts_of_draws(estimate, values[:, :n_fixed], covariances, values[:, n_fixed])


def parts_of_draws(estimate: Estimate, beta: Vector, covariances: Sequence[Vector], sigma: Vector) -> VarianceParts:
    """Return the parts of the variance for draws of the parameters."""
    layout = estimate.layout
    x = estimate.rows.model_matrix()[:, list(layout.kept)]
    spread = x - x.mean(axis=0)
    fixed = np.einsum("bi,ij,bj->b", beta, spread.T @ spread / (len(x) - 1), beta)
    random: dict[str, Numbers] = {group.name: np.zeros(len(sigma)) for group in layout.groups}
    for term, own, moments in zip(layout.random, covariances, estimate.moments, strict=True):
        random[layout.groups[term.group].name] += np.einsum("bij,ij->b", own, moments)
    return VarianceParts(fixed, random, sigma**2 * estimate.mean_residual_variance / estimate.residual_variance)
