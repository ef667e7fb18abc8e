"""Which covariance matrix and which degrees of freedom stand behind tests and intervals of linear functions."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation import Estimate
from .degrees_of_freedom import VCOV_TYPES, check_ddf, contrast_rows, joint_test, vcov
from .robust import ROBUST_TYPES, sandwich

Vector = NDArray[np.float64]


class Uncertainty(Protocol):
    """What tests and intervals of linear functions of the fixed effects rest on."""

    def rows(self, functions: Vector) -> tuple[Vector, Vector, Vector]:
        """Return value, standard error and degrees of freedom of every row l'β; NaN where it is not estimable."""

    def joint(self, functions: Vector, origin: Vector | None = None) -> tuple[float, float, float]:
        """Return degrees of freedom and the F statistic of L β = L origin (default: zeros)."""

    def covariance(self, functions: Vector) -> Vector:
        """Return the covariance of the rows l'β."""


def uncertainty(estimate: Estimate, ddf: str, vcov: str = "model", cluster: Any = None) -> Uncertainty:
    """Choose the model's covariance, with a method for degrees of freedom, or a robust one."""
    check_ddf(ddf)
    check_vcov(vcov, cluster)
    if vcov in ROBUST_TYPES:
        return sandwich(estimate, vcov, cluster, ddf)
    return ModelUncertainty(estimate, "kenward-roger" if vcov == "kenward-roger" else ddf)


def covariance_matrix(estimate: Estimate, vcov_type: str, cluster: Any) -> Vector:
    """Return the covariance of the fixed effects by its name."""
    check_vcov(vcov_type, cluster)
    if vcov_type in ROBUST_TYPES:
        return sandwich(estimate, vcov_type, cluster).matrix.copy()
    return vcov(estimate, vcov_type)


def check_vcov(vcov: str, cluster: Any) -> None:
    """Refuse an unknown covariance, and clusters for one that has none."""
    if vcov not in (*VCOV_TYPES, *ROBUST_TYPES):
        raise OptionError(f"vcov={vcov!r}: choose one of {', '.join(map(repr, (*VCOV_TYPES, *ROBUST_TYPES)))}")
    if cluster is not None and vcov not in ROBUST_TYPES:
        raise OptionError(f"cluster= belongs to a robust covariance such as vcov='CR2', not to {vcov!r}")


@dataclass(frozen=True, slots=True)
class ModelUncertainty:
    """The model's covariance of the fixed effects, with a method for degrees of freedom."""

    estimate: Estimate
    ddf: str

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
