"""How well a model predicts what it has not seen: leave-one-out densities, WAIC, and models side by side.

Leaving out is exact given the variance parameters, over which importance weights go (Bürkner, Gabry and Vehtari 2021;
Vehtari, Gelman and Gabry 2017, Stat. Comput. 27, 1413-1432); of generalized models the weights go over all parameters
and random effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._core import Posterior as CorePosterior
from .._core import leave_out_by_importance
from ..diagnostics import RowSets, row_sets
from ..display import Facts, Notes, Printed, Report, Section
from ..display.numbers import write_fixed
from ..errors import DesignError, FitStateError
from ..frame import Column, build
from .draws import Draws
from .generalized_draws import GeneralizedDraws
from .prediction import log_densities_of_sets
from .verdict import WORST_K

Vector = NDArray[np.float64]
_MOST_DRAWS, _LEAST_DRAWS, _MOST_NUMBERS = 1000, 100, 40_000_000
_MOST_OF_WEIGHTED = 4000
_LARGE_VARIANCE = 0.4
_STEPS, _PRECISION = 20_000, 1e-12


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictiveDensity(Printed):
    """Expected log predictive density, by leaving out or by WAIC.

    Attributes
    ----------
    method : str
        ``"loo"`` or ``"waic"``.
    elpd, std_error : float
        The sum of the log densities of all rows, or groups of them, that were left out; its standard error.
    mcse : float
        Monte Carlo standard error of `elpd`: about how much other draws would change it, where draws are worth
        what they are for the mean of the worst parameter; of WAIC it is not known (NaN).
    p : float
        Effective number of parameters: how much lower that is than the log density of the rows that were seen; NaN
        beside correlated residuals.
    n_draws : int
        Draws of the posterior that it is computed on, evenly apart: fewer where there are many parts.
    labels : list of str
        What was left out: rows, or groups.
    pointwise : array
        Its parts, one for each label.
    k : array
        How heavy the tail of the weights of each is; above 0.7 its part cannot be trusted.  Of WAIC the variance of the
        log density, which above 0.4 cannot be trusted.
    """

    method: str
    elpd: float
    std_error: float
    mcse: float
    p: float
    n_draws: int
    labels: Sequence[str]
    pointwise: Vector
    k: Vector
    _left_out: str
    _frame: str
    _is_exact: bool = True

    @property
    def looic(self) -> float:
        """-2 elpd, on the scale of information criteria."""
        return -2 * self.elpd

    @property
    def n_bad(self) -> int:
        """How many parts cannot be trusted."""
        return int((~(self.k <= self._worst)).sum())

    @property
    def _worst(self) -> float:
        return WORST_K if self.method == "loo" else _LARGE_VARIANCE

    def to_frame(self) -> Any:
        """Return the parts: what was left out, ``elpd``, and ``k`` (of WAIC ``variance``).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.posterior(draws=500).loo(leave="Batch").to_frame().columns
        ['Batch', 'elpd', 'k']
        """
        name = "k" if self.method == "loo" else "variance"
        return build(self._frame, {self._left_out: list(self.labels), "elpd": self.pointwise, name: self.k})

    def _report(self) -> Report:
        name = f"Leave-one-out{'' if self._is_exact else ', by importance'}" if self.method == "loo" else "WAIC"
        title = f"{name}: {len(self.labels):,} parts, by {self._left_out}"
        facts = [
            ("elpd", write_fixed(self.elpd, 1) + self._with_error),
            *([] if np.isnan(self.mcse) else [("Monte Carlo error", write_fixed(self.mcse, 2))]),
            *([] if np.isnan(self.p) else [("p", write_fixed(self.p, 1))]),
            ("-2 elpd", write_fixed(self.looic, 1)),
            ("draws", f"{self.n_draws:,}{self._given}"),
        ]
        return Report(title, [Section("", Facts(facts)), Section("", Notes([self._trust()]))])

    @property
    def _with_error(self) -> str:
        return "" if np.isnan(self.std_error) else f" (standard error {write_fixed(self.std_error, 1)})"

    @property
    def _given(self) -> str:
        is_exact = self.method == "loo" and self._is_exact
        return " of the variances, given which leaving out is exact" if is_exact else ""

    def _trust(self) -> str:
        name = "k" if self.method == "loo" else "variance"
        if not self.n_bad:
            return f"All parts have a {name} of {self._worst} at most and can be trusted."
        instead = "what these add is uncertain" if self.method == "loo" else "loo() is the better one here"
        have = f"{self.n_bad:,} of {len(self.labels):,} parts {'has' if self.n_bad == 1 else 'have'}"
        return f"{have} a {name} above {self._worst}: {instead}."


def leave_one_out(draws: Draws, leave: Any) -> PredictiveDensity:
    """Leave every row out, or every group of a factor."""
    if isinstance(draws, GeneralizedDraws):
        return _of_weighted_draws(draws, leave)
    estimate = draws.estimate
    sets = row_sets(estimate, leave)
    if leave is None:
        found = draws.core.leave_out(estimate.rows)
    else:
        found = draws.core.leave_out(estimate.rows, sets.ptr, sets.members)
    _require_predicted(found["elpd"], sets)
    places, p = draws.thinned(found["n_draws"]), np.nan
    if estimate.request.residual is None:  # correlated residuals have no density of a row given all parameters alone
        p = float((_seen(log_densities_of_sets(draws, sets, places)) - found["elpd"]).sum())
    size = _Size(p, found["error"] / _efficiency(draws, len(places)), len(places))
    return _density("loo", found["elpd"], found["k"], size, sets, estimate.kind)


def _efficiency(draws: Draws, n: int) -> float:
    """Return the root of how many independent draws one of `n` is worth: as the mean of the worst parameter has it."""
    return float(np.sqrt(min(1.0, min(draws.worth(own) for own in draws.values.values()) / n)))


def _require_predicted(elpd: Vector, sets: RowSets) -> None:
    """Refuse what alone determines a coefficient whose prior is flat."""
    unknown = np.flatnonzero(np.isnan(elpd))
    if len(unknown):
        others = f" (and {len(unknown) - 1:,} more)" if len(unknown) > 1 else ""
        raise DesignError(
            f"{sets.name} {sets.labels[unknown[0]]!r}{others} cannot be left out: without it a coefficient whose prior "
            "is flat is not known, so that nothing is predicted; give the coefficient a normal prior, as in "
            "priors={'x': hlmrs.Normal(0, 10)}, or leave out other parts, by leave="
        )


def _of_weighted_draws(draws: GeneralizedDraws, leave: Any) -> PredictiveDensity:
    """Leave every row out by importance, over all parameters and effects; groups over parameters alone."""
    estimate, sets = draws.estimate, row_sets(draws.estimate, leave)
    if leave is not None:
        return _of_groups(draws, sets)
    most = min(max(_MOST_NUMBERS // len(sets.labels), _LEAST_DRAWS), _MOST_OF_WEIGHTED)
    places = draws.thinned(most)
    found = leave_out_by_importance(log_densities_of_sets(draws, sets, places), estimate.threads)
    errors = found["error"] / _efficiency(draws, len(places))
    size = _Size(float((found["log_mean"] - found["elpd"]).sum()), errors, len(places))
    return _density("loo", found["elpd"], found["k"], size, sets, estimate.kind, is_exact=False)


def _of_groups(draws: GeneralizedDraws, sets: RowSets) -> PredictiveDensity:
    """Leave groups out, whose effects are integrated over as the model does."""
    if not isinstance(draws.core, CorePosterior):
        raise FitStateError("the rows of this posterior are gone; leave groups out before it is saved")
    found = draws.core.leave_out(draws.estimate.rows, sets.ptr, sets.members)
    errors = found["error"] / _efficiency(draws, found["n_draws"])
    size = _Size(float((found["log_mean"] - found["elpd"]).sum()), errors, found["n_draws"])
    return _density("loo", found["elpd"], found["k"], size, sets, draws.estimate.kind, is_exact=False)


def _places(draws: Draws, n: int) -> NDArray[np.intp]:
    """Return the draws that densities of `n` sets are averaged over."""
    return draws.thinned(min(max(_MOST_NUMBERS // n, _LEAST_DRAWS), _MOST_DRAWS))


def _seen(log_densities: Vector) -> Vector:
    """Return the logarithm of the mean density of each row over draws."""
    top = log_densities.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(log_densities - top).mean(axis=1)))


def waic(draws: Draws) -> PredictiveDensity:
    """Compute the widely applicable information criterion (Watanabe 2010), given all parameters and effects."""
    estimate = draws.estimate
    sets = row_sets(estimate, None)
    places = _places(draws, len(sets.labels))
    own = log_densities_of_sets(draws, sets, places)
    variance = own.var(axis=1, ddof=1)
    size = _Size(float(variance.sum()), np.full(len(own), np.nan), len(places))
    return _density("waic", _seen(own) - variance, variance, size, sets, estimate.kind)


class _Size(NamedTuple):
    """Effective number of parameters, Monte Carlo standard errors of the parts, number of draws."""

    p: float
    errors: Vector
    n_draws: int


def _density(
    method: str, elpd: Vector, k: Vector, size: _Size, sets: RowSets, kind: str, *, is_exact: bool = True
) -> PredictiveDensity:
    error = float(np.sqrt(len(elpd) * elpd.var(ddof=1))) if len(elpd) > 1 else np.nan
    mcse = float(np.sqrt((size.errors**2).sum()))
    total, labels = float(elpd.sum()), sets.labels
    return PredictiveDensity(
        method, total, error, mcse, size.p, size.n_draws, labels, elpd, k, sets.name, kind, is_exact
    )


def comparison(posteriors: Sequence[Draws], names: Sequence[str], leave: Any) -> dict[str, Column]:
    """Compare models of the same rows, the best first, with stacking weights."""
    models = [leave_one_out(own, leave) for own in posteriors]
    parts = np.column_stack([one.pointwise for one in models])
    order = np.argsort([-one.elpd for one in models], kind="stable")
    gaps = parts - parts[:, order[:1]]
    weights = stacking_weights(parts)
    return {
        "model": [names[k] for k in order],
        "elpd": np.array([models[k].elpd for k in order]),
        "std_error": np.array([models[k].std_error for k in order]),
        "p": np.array([models[k].p for k in order]),
        "difference": gaps.sum(axis=0)[order],
        "se_difference": np.sqrt(len(parts) * gaps.var(axis=0, ddof=1))[order],
        "weight": weights[order],
    }


def stacking_weights(log_densities: Vector) -> Vector:
    """Return the weights of models whose mixture predicts best (Yao et al. 2018, Bayesian Anal. 13, 917-1003).

    The mean log density of the mixture is concave in the weights, and every step of expectation and maximization raises
    it.
    """
    densities = np.exp(log_densities - log_densities.max(axis=1, keepdims=True))
    weights = np.full(densities.shape[1], 1 / densities.shape[1])
    for _ in range(_STEPS):
        again = weights * (densities / (densities @ weights)[:, None]).mean(axis=0)
        if float(np.abs(again - weights).max()) < _PRECISION:
            break
        weights = again
    return np.asarray(weights / weights.sum())
