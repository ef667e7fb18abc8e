"""A generalized model at other parameters than its estimates: for slopes of what follows from them, and draws of them.

The coordinates are those of the search, in which covariances of random effects are proper everywhere, and in which the
estimates have one joint covariance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .generalized import GeneralizedEstimate
from .generalized_core import GeneralizedCore

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MovedFit:
    """Coefficients and covariances of random effects under the names of the core's fit; the modes are the fit's."""

    of: Any
    coefficients: Vector
    terms: Sequence[Vector]

    @property
    def model(self) -> Any:
        """The core's model."""
        return self.of.model

    def covariance(self) -> Vector:
        """Return the covariance of the coefficients at the estimates."""
        return np.asarray(self.of.covariance())

    def covariances(self) -> Sequence[Vector]:
        """Return the covariance of every random term."""
        return self.terms

    def modes(self) -> list[Vector]:
        """Return the modes of every random term at the estimates."""
        return list(self.of.modes())


def directions(estimate: GeneralizedEstimate, what: str) -> Vector:
    """Return L of the covariance LL' of all parameters, a column for each direction that is uncertain."""
    if estimate.generalized.approximation in ("restricted", "penalized"):
        how = "reml=True" if estimate.generalized.approximation == "restricted" else "nagq=0"
        raise OptionError(
            f"{what} rests on the joint covariance of coefficients and variances, which a fit by {how} does not have; "
            f"fit.update({'reml=False' if how == 'reml=True' else 'nagq=1'}) has it"
        )
    if estimate.own.fit.uncertain is not None:
        raise OptionError(f"{what} rests on the covariance of the parameters: {estimate.own.fit.uncertain}")
    values, vectors = np.linalg.eigh(estimate.own.fit.joint_covariance())
    known = values > 0
    return np.asarray(vectors[:, known] * np.sqrt(values[known]))


def moved(estimate: GeneralizedEstimate, step: Vector) -> GeneralizedEstimate:
    """Return the model a step from its estimates."""
    fit = MovedFit(estimate.own.fit, *estimate.own.fit.moved(np.ascontiguousarray(step)))
    return GeneralizedEstimate(
        estimate.generalized,
        GeneralizedCore(cast("Any", fit)),
        estimate.kind,
        estimate.designs,
        estimate._response,
        categories=estimate.categories,
        levels=estimate.levels,
        separated=estimate.separated,
        layout=estimate.layout,
    )
