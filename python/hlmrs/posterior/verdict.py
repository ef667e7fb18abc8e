"""What draws are worth, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..display.numbers import plural, short
from .convergence import ess_bulk, rhat
from .draws import Draws
from .generalized_draws import GeneralizedDraws

WORST_K = 0.7
"""Weights with a heavier tail have no reliable mean (Vehtari et al. 2024, J. Mach. Learn. Res. 25(72), 1-58)."""
WORST_RHAT = 1.01
LEAST_EFFECTIVE = 400
MOST_DIRECT = 12
"""Numbers that are drawn directly; of more the core draws chains."""
LARGE_ERROR = 0.5
"""Of Laplace's log-likelihood."""


@dataclass(frozen=True, slots=True)
class PosteriorVerdict:
    """What the draws of a posterior are worth.

    Attributes
    ----------
    method : str
        ``"direct"``, independent draws by importance; or ``"nuts"``, chains.
    trusted : bool
        Whether nothing speaks against them.
    effective : float
        How many independent draws they are worth; of chains that of the worst parameter.
    k : float or None
        Of direct draws, how heavy the tail of their weights is: below 0.7 they can be trusted.
    rhat : float or None
        Of chains, the largest R-hat: below 1.01 they agree.
    divergences : int
        Steps of chains that went astray.
    reasons : tuple of str
        Why chains were drawn, what speaks against the draws, and how random effects of generalized models are
        integrated over.
    """

    method: str
    trusted: bool
    effective: float
    k: float | None = None
    rhat: float | None = None
    divergences: int = 0
    reasons: tuple[str, ...] = ()
    _n: int = 0
    _chains: int = 1

    def explain(self) -> str:
        """Return it in sentences.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
        >>> fit.posterior(draws=500).verdict.explain().split(",")[0]
        '500 independent draws by importance'
        """
        return " ".join([self._first(), *self.reasons])

    def _first(self) -> str:
        worth = f"worth {self.effective:,.0f} independent ones"
        if self.method == "direct":
            return f"{self._n:,} independent draws by importance, {worth}; k {self.k:.2f}."
        went = plural(self.divergences, "divergence")
        if np.isnan(self.effective):
            return f"{self._n:,} draws of {self._chains} chains (NUTS); {went}."
        went = f"R-hat {self.rhat:.3f} at most, {went}"
        return f"{self._n:,} draws of {self._chains} chains (NUTS), {worth} for the worst parameter; {went}."

    def __str__(self) -> str:
        return self.explain()


def verdict_of(draws: Draws) -> PosteriorVerdict:
    """Judge draws."""
    found = _of_direct(draws) if draws.is_direct else _of_chains(draws)
    return replace(found, reasons=(*found.reasons, *_integral(draws)))


def _integral(draws: Draws) -> Sequence[str]:
    """Say how the random effects of a generalized model are integrated over."""
    if "nodes" not in draws.source:
        return []
    nodes, error = draws.source["nodes"], draws.source["laplace_error"]
    if nodes is not None:
        return [f"Random effects are integrated over by quadrature of {nodes} points, as good as exact."]
    laplace = "Random effects are integrated over by Laplace's approximation"
    if error is None:
        return [f"{laplace}."]
    off = f"whose log-likelihood at the estimates is {short(abs(error))} too {'low' if error > 0 else 'high'}"
    if abs(error) <= LARGE_ERROR:
        return [f"{laplace}, {off}: too little to matter."]
    return [f"{laplace}, {off}: more than {LARGE_ERROR}, so that the posterior may be shifted, the variances most."]


def _of_direct(draws: Draws) -> PosteriorVerdict:
    k, effective = float(draws.source["k"]), draws.effective
    against = []
    if not k <= WORST_K:
        against.append(
            f"k is above {WORST_K}: the weights have a tail so heavy that quantiles and means cannot be trusted; "
            "method='nuts' draws chains."
        )
    against += _too_few(effective)
    return PosteriorVerdict("direct", not against, effective, k=k, reasons=tuple(against), _n=draws.n)


def _of_chains(draws: Draws) -> PosteriorVerdict:
    own = [draws.by_chain(values) for values in draws.values.values() if np.ptp(values) > 0]
    worst, effective = (max(map(rhat, own)), min(map(ess_bulk, own))) if own else (np.nan, np.nan)
    divergences = int(draws.source["divergences"])
    against = []
    if np.isnan(worst):
        against.append("They are too few for R-hat: whether the chains agree is not known; ask for more draws=.")
    elif worst > WORST_RHAT:
        against.append(f"R-hat is above {WORST_RHAT}: the chains do not agree yet; ask for more draws=.")
    if divergences:
        against.append(
            f"{plural(divergences, 'step')} of the chains diverged: there may be a place that they do not reach; "
            "give narrower priors=."
        )
    against += _too_few(effective)
    reasons = (*_why_chains(draws), *against)
    return PosteriorVerdict("nuts", not against, effective, None, worst, divergences, reasons, draws.n, draws.chains)


def _too_few(effective: float) -> Sequence[str]:
    if effective >= LEAST_EFFECTIVE or np.isnan(effective):
        return []
    return [f"That is few: bounds of intervals need {LEAST_EFFECTIVE} at least; ask for more draws=."]


def _why_chains(draws: Draws) -> Sequence[str]:
    """Say why draws are not independent ones."""
    if draws.source["gave_up"] is not None:
        k, effective = draws.source["gave_up"]
        return [f"Direct draws were given up, with k {short(k)} and a worth of {effective:,.0f} draws."]
    if draws.source.get("asked") != "auto":
        return []
    n = draws.core.points.shape[1]
    if n <= MOST_DIRECT:
        return ["Direct draws were given up: their density could not be computed."]
    what = "coefficients and variance parameters" if isinstance(draws, GeneralizedDraws) else "variance parameters"
    if not isinstance(draws, GeneralizedDraws) and draws.priors.has_scales:
        what = "variance parameters and scales of coefficients"
    return [f"Chains were drawn since there are {n} {what} to draw, and direct draws are of {MOST_DIRECT} at most."]
