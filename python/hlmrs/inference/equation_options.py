"""How the coefficients of estimating equations, and what is made of them, are tested."""

from dataclasses import dataclass
from typing import get_args

from ..errors import choose
from ..options import EquationDdf, EquationVcov
from .equations import chosen_covariance
from .uncertainty import TestOptions
from .wald import check_level


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquationOptions(TestOptions):
    """Which covariance, and which degrees of freedom: infinite, or groups less coefficients."""

    ddf: EquationDdf = "normal"  # type: ignore[assignment]
    vcov: EquationVcov = "robust"  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ddf", choose("ddf", self.ddf, get_args(EquationDdf)))
        object.__setattr__(self, "vcov", chosen_covariance(self.vcov))
        check_level(self.level)
