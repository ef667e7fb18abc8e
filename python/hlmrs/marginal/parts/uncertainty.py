"""What all coefficients of all parts of a generalized model are uncertain by, together."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...estimation.generalized import GeneralizedEstimate
from ...estimation.limits import limits_of
from ...inference import TestOptions, Uncertainty, uncertainty
from ...inference.degrees_of_freedom import row_space
from ...inference.generalized_robust import GeneralizedSandwich

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AllCoefficients(Uncertainty):
    """Coefficients and covariance of all parts, tested by the normal distribution."""

    estimate: GeneralizedEstimate
    coefficients: Vector
    matrix: Vector

    def rows(self, functions: Vector) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β."""
        value = functions @ self.coefficients
        unknown = np.isnan(self.matrix.diagonal())
        known = functions[:, ~unknown]
        variance = np.einsum("ij,jk,ik->i", known, self.matrix[np.ix_(~unknown, ~unknown)], known)
        variance[(functions[:, unknown] != 0).any(axis=1)] = np.nan
        return value, np.sqrt(variance.clip(min=0)), np.where(np.isnan(value), np.nan, math.inf)

    def joint(self, functions: Vector, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and F of L β = L origin, by Wald's test."""
        rows = row_space(functions)
        value = rows @ (self.coefficients if origin is None else self.coefficients - origin)
        statistic = value @ np.linalg.solve(rows @ self.matrix @ rows.T, value)
        return float(len(rows)), math.inf, float(statistic) / len(rows)

    def covariance(self, functions: Vector) -> Vector:
        """Return the covariance of the rows l'β."""
        return np.asarray(functions @ self.matrix @ functions.T)


def all_coefficients(estimate: GeneralizedEstimate, options: TestOptions) -> AllCoefficients:
    """Choose the model's covariance, or a robust one.

    Coefficients whose best value is infinite where the limit is a law, as of a zero part without zeros, are at their
    limit, and certain.  Of others without a finite best value, which the data do not determine, nothing is known.
    """
    chosen = uncertainty(estimate, options)
    matrix = chosen.of_all() if isinstance(chosen, GeneralizedSandwich) else estimate.own.fit.covariance()
    limits = limits_of(estimate.family, estimate.parts, estimate.own.fit.without_end)
    for limit in sorted(limits, key=lambda limit: not limit.is_law):
        known = 0.0 if limit.is_law else np.nan
        matrix[limit.places], matrix[:, limit.places] = known, known
    return AllCoefficients(estimate, estimate.own.fit.coefficients, matrix)
