"""The bootstrap of a fit: its replicates and the intervals that follow from them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import NormalDist
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter, bootstrap, jackknife
from ..control import count, seed_or_new
from ..display import Notes, Printed, Report, Section, displayed, sections_of
from ..errors import DesignError, InferenceWarning, NumericalError, OptionError, choose, warn
from ..estimation import Estimate, cached, reestimate
from ..estimation.generalized import GeneralizedEstimate, refit_generalized
from ..frame import Column, aside, build
from ..options import BootstrapInterval, BootstrapKind
from ..resources import Progress
from .clusters import drawn_factors
from .generalized_bootstrap import generalized_replicates, groups_left_out
from .generalized_simulation import responses
from .profiles import parameters
from .wald import check_level

Vector = NDArray[np.float64]

KINDS: tuple[BootstrapKind, ...] = get_args(BootstrapKind)
INTERVALS: tuple[BootstrapInterval, ...] = get_args(BootstrapInterval)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bootstrap(Printed):
    """Replicates of a fit's parameters.

    Attributes
    ----------
    kind : str
        ``"parametric"``, ``"residual"`` or ``"case"``.
    seed : int
        With which the same replicates can be drawn again.
    terms : list of str
        Names of the parameters.
    estimate : array of shape (n_terms,)
        Their values in the fit.
    values : array of shape (n, n_terms)
        Their values in the replicates; NaN where a replicate could not be fitted, or a correlation does not exist.
    """

    kind: str
    seed: int
    terms: list[str]
    estimate: Vector
    values: Vector
    _frame: str
    _left_out: "LevelsLeftOut | None"

    def __len__(self) -> int:
        return len(self.values)

    def _report(self) -> Report:
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        title = f"Bootstrap: {len(self):,} {self.kind} replicates{failed}, seed {self.seed}"
        notes = ["Bias: the mean of the replicates less the estimate; intervals are percentiles; .draws has all."]
        return Report(title, [*sections_of(displayed(self._moments(), 0.95)), Section("", Notes(notes))])

    def _moments(self) -> dict[str, Column]:
        """Return bias, standard error and interval of every parameter over the replicates that could be fitted."""
        if len(self) - self.n_failed < 2:
            return {"term": self.terms, "estimate": self.estimate}
        fitted = self.values[~np.isnan(self.values).all(axis=1)]
        kept = [column[~np.isnan(column)] for column in fitted.T]
        bounds = self.intervals("percentile", 0.95)
        return {
            "term": self.terms,
            "estimate": self.estimate,
            "bias": np.array([v.mean() if len(v) else np.nan for v in kept]) - self.estimate,
            "std_error": np.array([v.std(ddof=1) if len(v) > 1 else np.nan for v in kept]),
            "conf_low": bounds["conf_low"],
            "conf_high": bounds["conf_high"],
        }

    @property
    def n_failed(self) -> int:
        """Replicates that could not be fitted."""
        return int(np.isnan(self.values).all(axis=1).sum())

    @property
    def draws(self) -> Any:
        """The replicates as a frame: ``replicate`` (from 0), and a column for each parameter."""
        columns: dict[str, Column] = {"replicate": np.arange(len(self))}
        return build(self._frame, columns | aside(dict(zip(self.terms, self.values.T, strict=True)), columns))

    def confint(self, *, method: BootstrapInterval = "percentile", level: float = 0.95) -> Any:
        """Return confidence intervals.

        Parameters
        ----------
        method : {"percentile", "basic", "bca"}
            Quantiles of the replicates; these reflected at the estimate; or quantiles corrected for bias and
            acceleration (Efron 1987), the latter from leaving out one group after the other.
        level : float
            Probability that an interval covers.

        Returns
        -------
        data frame
            ``term, conf_low, conf_high``.
        """
        return build(self._frame, self.intervals(method, level))

    def intervals(self, method: str, level: float) -> dict[str, Column]:
        """Return the columns of ``confint``."""
        check_level(level)
        method = choose("method", method, INTERVALS)
        tails = (1 - level) / 2, (1 + level) / 2
        pairs = np.tile(tails, (len(self.terms), 1))
        if method == "bca":
            if self._left_out is None:
                raise OptionError("method='bca' is for the fit's own parameters; choose 'percentile' or 'basic'")
            pairs = _corrected(self.values, self.estimate, self._left_out.acceleration(), tails)
        bounds = np.array([_quantiles(v, p) for v, p in zip(self.values.T, pairs, strict=True)])
        if method == "basic":
            bounds = 2 * self.estimate[:, None] - bounds[:, ::-1]
        return {"term": self.terms, "conf_low": bounds[:, 0], "conf_high": bounds[:, 1]}


def draw(
    estimate: Estimate, n: int, kind: str, seed: int | None, cluster: "str | Sequence[str] | None" = None
) -> Bootstrap:
    """Draw replicates of the parameters of a fit."""
    kind = _chosen_kind(kind)
    n, entropy = count("n", n), seed_or_new(seed)
    known = parameters(estimate)
    factors = drawn_factors(estimate, cluster) if kind == "case" or cluster is not None else None
    values = replicates(estimate, list(known.values()), n, kind, entropy, factors or ())
    warn_of_failures(values, "replicates of the bootstrap")
    names, current = list(known), estimate.core.values(list(known.values()))
    return Bootstrap(kind, entropy, names, current, values, estimate.kind, LevelsLeftOut(estimate, factors))


@dataclass(frozen=True, slots=True, eq=False)
class LevelsLeftOut:
    """A fit, and the grouping factors whose levels are left out in turn; None: those that a bootstrap would draw."""

    estimate: Estimate
    factors: Sequence[int] | None

    def acceleration(self) -> Vector:
        """Return Efron's acceleration of every parameter."""
        factors = drawn_factors(self.estimate, None) if self.factors is None else self.factors
        return _acceleration(self.estimate, factors)


def warn_of_failures(values: Vector, what: str) -> None:
    """Say how many rows of numbers, one a replicate, could not be computed: the others are no random sample of all."""
    failed = int(np.isnan(values).all(axis=1).sum()) if values.shape[1] else 0
    if failed:
        warn(
            f"{failed:,} of {len(values):,} {what} could not be fitted; intervals and p-values are of the others, "
            "which may not be like them",
            InferenceWarning,
        )


def replicates(
    estimate: Estimate, chosen: Sequence[Parameter], n: int, kind: str, seed: int, factors: Sequence[int] = ()
) -> Vector:
    """Return the values of parameters in replicates of a fit, shape (n, n_parameters)."""
    with Progress("replicates", n) as shown:
        if isinstance(estimate, GeneralizedEstimate):
            return generalized_replicates(estimate, chosen, n, kind, seed, factors, shown)
        return bootstrap(
            estimate.core, estimate.rows, list(chosen), kind, list(factors), n, seed, estimate.threads, shown.reach
        )


def draw_statistic(
    estimate: Estimate, n: int, kind: str, seed: int | None, statistic: Callable[[Estimate], Any]
) -> Bootstrap:
    """Draw replicates of what a function makes of each refit."""
    kind = _chosen_kind(kind)
    n, entropy = count("n", n), seed_or_new(seed)
    if kind != "parametric":
        raise OptionError("a statistic of one's own needs kind='parametric'")
    names, current = _named(statistic(estimate))
    values = np.empty((n, len(names)))
    with Progress("replicates", n) as shown:
        for k, response in enumerate(islice(_responses(estimate, n, entropy), n)):
            again = _refitted(estimate, response)
            values[k] = np.nan if again is None else _named(statistic(again))[1]
            shown.reach(k + 1)
    warn_of_failures(values, "replicates of the bootstrap")
    return Bootstrap(kind, entropy, names, current, values, estimate.kind, None)


def _responses(estimate: Estimate, n: int, seed: int) -> Iterator[Vector]:
    """Yield responses from the model, n at least."""
    if isinstance(estimate, GeneralizedEstimate):
        return responses(estimate, seed)
    return iter(estimate.core.simulate(estimate.rows, n, seed).T)


def _refitted(estimate: Estimate, response: Vector) -> Estimate | None:
    """Fit again; None where there is no fit."""
    try:
        if isinstance(estimate, GeneralizedEstimate):
            return refit_generalized(estimate, response)
        return reestimate(estimate, response)
    except (DesignError, NumericalError):
        return None


def _chosen_kind(kind: str) -> str:
    return choose("kind", kind, KINDS, {"cases": "case", "residuals": "residual"})


def _named(value: Any) -> tuple[list[str], Vector]:
    """Return names and numbers of a statistic: a number, a dictionary of numbers, or an array."""
    if isinstance(value, Mapping):
        return [str(name) for name in value], np.array([float(v) for v in value.values()])
    array = np.atleast_1d(np.asarray(value, dtype=float))
    return (["statistic"] if array.size == 1 else [f"statistic{k}" for k in range(array.size)]), array.ravel()


def _acceleration(estimate: Estimate, factors: Sequence[int]) -> Vector:
    """Return Efron's acceleration of every parameter, from leaving out every level of the factors in turn.

    The levels of several factors are several samples (Davison and Hinkley 1997, section 5.3.2).
    """
    ends = np.cumsum([len(estimate.layout.groups[k].levels) for k in factors])
    samples = np.split(_levels_left_out(estimate, tuple(factors)), ends[:-1])
    deviation = np.concatenate([np.nanmean(sample, axis=0) - sample for sample in samples])
    squares, cubes = np.nansum(deviation**2, axis=0), np.nansum(deviation**3, axis=0)
    safe = np.where(squares > 0, squares, 1.0)
    return np.where(squares > 0, cubes / (6 * safe**1.5), 0.0)


@cached
def _levels_left_out(estimate: Estimate, factors: tuple[int, ...]) -> Vector:
    """Return the parameters without each level of the factors in turn."""
    chosen = list(parameters(estimate).values())
    if isinstance(estimate, GeneralizedEstimate):
        left_out = groups_left_out(estimate, chosen, factors)
    else:
        left_out = jackknife(estimate.core, estimate.rows, chosen, list(factors), estimate.threads)
    warn_of_failures(left_out, "fits without one group")
    return left_out


def _corrected(values: Vector, estimate: Vector, acceleration: Vector, tails: tuple[float, float]) -> Vector:
    """Return the probabilities whose quantiles are the bounds (Efron 1987, J. Am. Stat. Assoc. 82, 171-185)."""
    normal = NormalDist()
    pairs = []
    for column, value, a in zip(values.T, estimate, acceleration, strict=True):
        known = column[~np.isnan(column)]
        if len(known) == 0 or np.isnan(value):
            pairs.append([np.nan, np.nan])
            continue
        # ties, as of variances at zero, count half
        share = ((known < value).sum() + 0.5 * (known == value).sum()) / len(known)
        bias = normal.inv_cdf(min(max(share, 0.5 / len(known)), 1 - 0.5 / len(known)))
        shifted = [bias + normal.inv_cdf(p) for p in tails]
        pairs.append([normal.cdf(bias + z / (1 - a * z)) for z in shifted])
    return np.array(pairs)


def _quantiles(column: Vector, probabilities: Vector) -> Vector:
    """Return quantiles of the replicates that could be fitted."""
    known = column[~np.isnan(column)]
    if len(known) == 0 or np.isnan(probabilities).any():
        return np.full(2, np.nan)
    bounds: Vector = np.quantile(known, probabilities)
    return bounds
