"""Which covariance matrix and which degrees of freedom stand behind tests and intervals of linear functions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fitting import Estimate
from .degrees_of_freedom import check_ddf, contrast_rows, joint_test, vcov

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The model's covariance of the fixed effects, with a method for degrees of freedom."""

    estimate: Estimate
    ddf: str

    def __post_init__(self) -> None:
        check_ddf(self.ddf)

    def rows(self, functions: Vector) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β; NaN where it is not estimable."""
        return contrast_rows(self.estimate, functions, self.ddf)

    def joint(self, functions: Vector, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic of L β = L origin (default: zeros)."""
        return joint_test(self.estimate, functions, self.ddf, origin)

    def covariance(self, functions: Vector) -> Vector:
        """Return the covariance of the rows l'β."""
        rows = functions
        if functions.shape[1] != len(self.estimate.core.beta):
            rows = functions[:, list(self.estimate.layout.kept)]
        middle = vcov(self.estimate, "kenward-roger" if self.ddf == "kenward-roger" else "model")
        return np.asarray(rows @ middle @ rows.T)
