"""Tests of the coefficients of estimating equations: by a covariance that is given, with normal or t quantiles."""

import math
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, choose
from ..estimation.marginal import EquationsEstimate
from ..options import EquationVcov
from .degrees_of_freedom import WaldUncertainty

Vector = NDArray[np.float64]

_OTHER_NAMES: dict[str, EquationVcov] = {
    "KC": "kauermann-carroll",
    "MD": "mancl-derouen",
    "san.se": "robust",
    "model": "naive",
    "bias_reduced": "mancl-derouen",
}


def chosen_covariance(vcov: Any) -> EquationVcov:
    """Return the covariance that a name means."""
    return choose("vcov", vcov, get_args(EquationVcov), _OTHER_NAMES)


@dataclass(frozen=True)
class EquationUncertainty(WaldUncertainty):
    """A covariance by its name, and the degrees of freedom of all tests."""

    estimate: EquationsEstimate
    vcov: str
    ddf: str | None

    @property
    def matrix(self) -> Vector:
        """The covariance of the coefficients."""
        return self.estimate.own.covariance(self.vcov)

    @property
    def df(self) -> float:
        """Infinite, or groups less coefficients."""
        if self.ddf != "groups":
            return math.inf
        df = self.estimate.n_groups - len(self.estimate.own.beta)
        if df <= 0:
            raise DesignError(
                f"ddf='groups': {self.estimate.n_groups} groups leave no degrees of freedom for "
                f"{len(self.estimate.own.beta)} coefficients"
            )
        return float(df)
