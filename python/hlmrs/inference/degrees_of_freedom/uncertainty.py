"""What tests and intervals of linear functions rest on: a covariance, and how they are tested by it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...estimation import Estimate
from .covariance import quadratic, wald_statistic
from .functions import estimated_columns, row_space
from .kenward_roger import KENWARD_ROGER
from .methods import contrast_rows, joint_test, vcov

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Uncertainty(ABC):
    """What tests and intervals of linear functions of the fixed effects rest on."""

    estimate: Estimate

    @property
    @abstractmethod
    def matrix(self) -> Matrix:
        """The covariance of the coefficients."""

    @abstractmethod
    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β; NaN where it is not estimable."""

    @abstractmethod
    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic of L β = L origin (default: zeros)."""

    def covariance(self, functions: Matrix) -> Matrix:
        """Return the covariance of the rows l'β."""
        rows = estimated_columns(self.estimate, functions)
        return np.asarray(rows @ self.matrix @ rows.T)


class WaldUncertainty(Uncertainty):
    """A covariance whose tests are Wald's, all with the same degrees of freedom."""

    @property
    @abstractmethod
    def df(self) -> float:
        """Those of all tests."""

    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row."""
        value = contrast_rows(self.estimate, functions, "normal")[0]
        std_error = np.sqrt(quadratic(estimated_columns(self.estimate, functions), self.matrix).clip(min=0))
        std_error[np.isnan(value)] = np.nan
        return value, std_error, np.where(np.isnan(value), np.nan, self.df)

    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and F of L β = L origin, by Wald's test."""
        rows = row_space(estimated_columns(self.estimate, functions))
        return float(len(rows)), self.df, wald_statistic(self.estimate, rows, self.matrix, origin) / len(rows)


@dataclass(frozen=True, slots=True)
class ModelUncertainty(Uncertainty):
    """The model's covariance of the fixed effects, with a method for degrees of freedom."""

    estimate: Estimate
    ddf: str
    information: str | None = None

    @property
    def matrix(self) -> Matrix:
        """The covariance of the coefficients, with Kenward and Roger's correction where the method is theirs."""
        return vcov(self.estimate, self.ddf if self.ddf in KENWARD_ROGER else "model", self.information)

    def rows(self, functions: Matrix) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row."""
        return contrast_rows(self.estimate, functions, self.ddf, self.information)

    def joint(self, functions: Matrix, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic."""
        return joint_test(self.estimate, functions, self.ddf, origin, self.information)
