"""Which covariance matrix and which degrees of freedom stand behind tests and intervals of linear functions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fitting import Estimate
from .degrees_of_freedom import contrast_rows, joint_test

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The model's covariance of the fixed effects, with a method for degrees of freedom."""

    estimate: Estimate
    ddf: str

    def rows(self, functions: Vector) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β, over the columns kept."""
        return contrast_rows(self.estimate, np.ascontiguousarray(functions), self.ddf)

    def joint(self, functions: Vector, values: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic of L β = values (default: zeros)."""
        return joint_test(self.estimate, np.ascontiguousarray(functions), self.ddf, values)

    def covariance(self, functions: Vector) -> Vector:
        """Return the covariance of the rows l'β."""
        return np.asarray(functions @ self.estimate.core.vcov() @ functions.T)
