"""The residuals' part of a table of many fits: sigma, correlations, standard deviations by visit, the dispersion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..inference import RESIDUAL

if TYPE_CHECKING:
    from .._core import ManyFits
    from ..estimation.residual_request import ResidualRequest

Matrix = NDArray[np.float64]
Kind = tuple[str, str | None, str | None]
"""Effect, group, term."""
_EFFECTS = {"correlation": "cor", "sd": "sd", "dispersion": "dispersion"}


@dataclass(frozen=True, slots=True)
class ResidualColumns:
    """Parameters of the residuals that some response has: a row of values per response, NaN where it has none.

    Coefficients of the dispersion have standard errors, and are tested by the normal distribution.
    """

    kinds: list[Kind]
    values: Matrix
    errors: Matrix
    there: NDArray[np.bool_]

    @classmethod
    def of_fits(cls, asked: ResidualRequest | None, fits: ManyFits) -> ResidualColumns:
        """Gather them from fits; sigma stands first, unless every visit has a standard deviation of its own."""
        cells: list[dict[Kind, tuple[float, float]]] = [{} for _ in fits["status"]]
        by_visit = asked is not None and asked.term is not None and asked.term.kind.by_visit
        has_dispersion = asked is not None and asked.dispersion is not None
        for own, sigma, error, parameters in zip(
            cells, fits["sigma"].tolist(), fits["sigma_error"].tolist(), fits["residual"], strict=True
        ):
            if not by_visit:
                own["sd", RESIDUAL, None] = (sigma, np.nan)
            own |= {_named(name, kind): (value, se) for name, kind, value, se in parameters}
            if has_dispersion and parameters:
                own["dispersion", None, "(Intercept)"] = (float(np.log(sigma)), error)
        kinds = sorted({kind: None for own in cells for kind in own}, key=_order)
        nothing = (np.nan, np.nan)
        values = np.array([[own.get(kind, nothing) for kind in kinds] for own in cells]).reshape(-1, len(kinds), 2)
        there = np.array([[kind in own for kind in kinds] for own in cells], bool).reshape(-1, len(kinds))
        return cls(kinds, values[:, :, 0], values[:, :, 1], there)

    def write_errors(self, std_error: Matrix, df: Matrix) -> None:
        """Write standard errors and degrees of freedom into the last columns of those of all parameters."""
        first = std_error.shape[1] - len(self.kinds)
        std_error[:, first:] = self.errors
        df[:, first:] = np.where(np.isnan(self.errors), np.nan, np.inf)

    def shown(self, n_kinds: int) -> NDArray[np.bool_]:
        """Return which of all parameters every response has; the last of them are these."""
        out = np.ones((len(self.there), n_kinds), bool)
        out[:, n_kinds - len(self.kinds) :] = self.there
        return out


def _named(name: str, kind: str) -> Kind:
    """Return where a parameter stands; names are those of ``residual_parameters`` and of ``tidy``."""
    if kind == "dispersion":
        return "dispersion", None, name.removeprefix("dispersion:")
    return _EFFECTS[kind], RESIDUAL, name


def _order(kind: Kind) -> tuple[bool, bool]:
    """Order parameters: those of the dispersion last, its intercept before the others."""
    effect, _, term = kind
    return effect == "dispersion", effect == "dispersion" and term != "(Intercept)"
