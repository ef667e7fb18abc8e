"""A prior of many coefficients, of which most are near zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .distribution import Distribution
from .real import log_normal_density

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOGS = np.linspace(-40, 40, 4001)
"""Logarithms of the product of two half-Cauchy variates, over which its density is integrated."""


@dataclass(frozen=True, slots=True)
class Horseshoe(Distribution):
    """A prior of coefficients of a linear model that are mostly near zero, with some that are not.

    A coefficient is normal around zero with standard deviation ``scale`` times a half-Cauchy one that all such
    coefficients share, times one of its own: what the data do not support is drawn to zero, and what they do is left.

    Parameters
    ----------
    scale : float, default 1
        Positive: how large coefficients are where both half-Cauchy variates are one, in units of the coefficients.

    Raises
    ------
    OptionError
        For a number that is not finite and positive.

    Notes
    -----
    Carvalho, Polson and Scott (2010), Biometrika 97, 465-480.  Columns in units of their spread have coefficients of
    one size, which a common scale supposes.

    Examples
    --------
    >>> import hlmrs
    >>> print(hlmrs.Horseshoe(0.5))
    Horseshoe(0.5)
    """

    _kind: ClassVar[str] = "horseshoe"
    _positive: ClassVar = {"scale": "scale"}

    scale: float = 1.0

    def _log_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        # the product s of both variates has density 4 log(s) / (π² (s² - 1)), over log s: that times s
        weight = np.where(_LOGS == 0, 1.0, _LOGS / np.where(_LOGS == 0, 1.0, np.sinh(_LOGS)))
        log_weight = np.log(2 / np.pi**2 * weight * (_LOGS[1] - _LOGS[0]))
        z = x[..., None] / self.scale * np.exp(-_LOGS)
        each = log_weight + log_normal_density(z) - _LOGS - np.log(self.scale)
        top = each.max(axis=-1)
        return np.asarray(top + np.log(np.exp(each - top[..., None]).sum(axis=-1)))

    def _draws(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        return self._given_common(rng, np.abs(rng.standard_cauchy(n)))

    def _given_common(self, rng: np.random.Generator, common: NDArray[np.float64]) -> NDArray[np.float64]:
        """Draw a coefficient for each value of the variate that all share."""
        own = np.abs(rng.standard_cauchy(len(common)))
        return np.asarray(self.scale * common * own * rng.standard_normal(len(common)))
