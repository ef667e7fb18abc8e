"""How far Laplace's approximation is from the likelihood."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..display import Notes, Printed, Report, Section, displayed, sections_of
from ..errors import OptionError
from ..frame import Column
from .estimate import cached
from .generalized import GeneralizedEstimate


@dataclass(frozen=True, slots=True, repr=False)
class Approximation(Printed):
    """How far Laplace's approximation is from the likelihood, by the next term of its expansion.

    Attributes
    ----------
    error : float
        The log-likelihood less Laplace's, about.
    corrected : dict of str to float
        Coefficients of the mean and standard deviations of its random effects after one step toward the maximum of
        both together.
    shift : dict of str to float
        What that moves the coefficients by, in standard errors.

    Notes
    -----
    Shun and McCullagh (1995).  The correction removes most of the bias where groups have few rows; where the error is
    more than about 0.05 for each level of a grouping factor the expansion itself is rough.
    """

    error: float
    corrected: Mapping[str, float]
    shift: Mapping[str, float]

    def __str__(self) -> str:
        largest = max(self.shift, key=lambda name: abs(self.shift[name]), default=None)
        moved = (
            ""
            if largest is None
            else f"; corrected for it {largest} moves by {self.shift[largest]:.2f} standard errors"
        )
        return f"Laplace's log-likelihood is {abs(self.error):.3g} too {'low' if self.error > 0 else 'high'}{moved}"

    def _report(self) -> Report:
        names = list(self.corrected)
        columns: dict[str, Column] = {
            "term": names,
            "corrected": np.array(list(self.corrected.values())),
            "shift": np.array([self.shift.get(name, np.nan) for name in names]),
        }
        notes = Notes(["Shift: the move of a coefficient by the correction, in standard errors."])
        return Report(f"{self}.", [*sections_of(displayed(columns)), Section("", notes)])


@cached
def laplace_approximation(estimate: GeneralizedEstimate) -> Approximation:
    """Compute the error of Laplace's approximation, and what it does to the estimates."""
    if estimate.generalized.approximation != "laplace":
        raise OptionError("the error of Laplace's approximation is that of a fit by it: nagq=1, information='observed'")
    error, coefficients, covariances = estimate.own.fit.laplace_error()
    part, own = estimate.parts["conditional"], estimate.own
    beta = coefficients[part.first : part.first + part.n]
    se = np.sqrt(np.diag(own.covariance_of("conditional")))
    names = part.names
    sds = {
        f"sd({column} | {estimate.layout.groups[term.group].name})": float(np.sqrt(covariance[k, k]))
        for term, covariance in zip(estimate.layout.random, covariances[own.terms_of("conditional")], strict=True)
        for k, column in enumerate(term.columns)
    }
    shift = {name: float(s) for name, s in zip(names, (beta - own.beta) / se, strict=True)}
    return Approximation(error, dict(zip(names, map(float, beta), strict=True)) | sds, shift)
