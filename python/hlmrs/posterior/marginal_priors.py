"""The prior of one number of the tables: of a parameter, of a correlation of several, of the intercept where it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from ..inference import term_names
from ..priors import INTERCEPT, LKJ, Distribution, Flat
from .draws import Draws
from .generalized_draws import GeneralizedDraws

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MarginalPrior:
    """A prior beside the draws of what it is of.

    ``is_elsewhere`` is whether that is another number than the parameter: the intercept where all columns have their
    means.  ``among`` is of LKJ the number of effects.
    """

    prior: Distribution
    values: Vector
    is_elsewhere: bool = False
    among: int = 0

    def density(self, at: Vector) -> Vector:
        """Return the density of the prior."""
        if not isinstance(self.prior, LKJ):
            return np.asarray(np.exp(self.prior.log_density(at)))
        b = self._exponent
        with np.errstate(divide="ignore"):
            inside = (b - 1) * np.log1p(-np.minimum(at**2, 1.0)) if b != 1 else np.where(np.abs(at) > 1, -np.inf, 0.0)
        return np.asarray(np.exp(inside - (2 * b - 1) * log(2) - 2 * lgamma(b) + lgamma(2 * b)))

    def draws(self, rng: np.random.Generator, n: int) -> Vector:
        """Draw from the prior."""
        if isinstance(self.prior, LKJ):
            return np.asarray(2 * rng.beta(self._exponent, self._exponent, n) - 1)
        return np.asarray(self.prior.sample(rng, n))

    @property
    def _exponent(self) -> float:
        """That of the beta distribution of one correlation (Lewandowski, Kurowicka and Joe 2009)."""
        return float(getattr(self.prior, "eta", 1.0)) - 1 + self.among / 2


def marginal_prior(draws: Draws, name: str) -> MarginalPrior | None:
    """Return the prior of a parameter of the tables; None of a flat one."""
    if draws.parameters[name].kind == "correlation" and name not in draws.priors.assigned:
        return _of_correlation(draws, name)
    known = draws.priors.assigned.get(name)
    if known is None or isinstance(known.prior, Flat | LKJ):
        return None
    if name != INTERCEPT or len(draws.priors.coefficients) < 2:
        return MarginalPrior(known.prior, draws.values[name])
    coefficients = draws.coefficients if isinstance(draws, GeneralizedDraws) else draws.beta
    return MarginalPrior(known.prior, coefficients @ np.asarray(draws.priors.means), is_elsewhere=True)


def _of_correlation(draws: Draws, name: str) -> MarginalPrior | None:
    for group, columns in _terms(draws):
        pairs = [f"cor({one}, {other} | {group})" for k, other in enumerate(columns) for one in columns[:k]]
        whole = f"cor({', '.join(columns)} | {group})"
        found = [one for one in draws.priors.others if one.kind == "correlations" and whole in one.names]
        if name in pairs and found:
            return MarginalPrior(draws.priors.of(found[0].name), draws.values[name], among=len(columns))
    return None


def _terms(draws: Draws) -> list[tuple[str, list[str]]]:
    return draws.estimate.parameter_names()[1] if isinstance(draws, GeneralizedDraws) else term_names(draws.estimate)
