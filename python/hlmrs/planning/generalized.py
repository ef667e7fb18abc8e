"""What planned rows will tell of the coefficients of a generalized model, approximately.

The mean of a row is taken over its random effects, and linear in them about it: the response divided by the mean slope
δ of the link has the covariance ZGZ' and a variance of its own, Var(y)/δ² - z'Gz, by which the rows are weighted.  This
is the information of optimal linear estimating equations of the means, at the conditional scale of the coefficients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation.family_spec import link_means
from ..families import Family
from .information import Information, known_variances
from .kinds import kinds_of
from .parameters import Variances
from .planned_model import PlannedModel

Vector = NDArray[np.float64]

FAMILIES = ("binomial", "poisson")
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


def require_planned(family: Family) -> None:
    """Refuse families whose power is not computed."""
    if family.name not in FAMILIES:
        raise OptionError(
            f"family={family.name!r}: power is computed for 'binomial' (single trials), 'poisson', and linear models"
        )


def known_information(model: PlannedModel, family: Family, beta: Vector, variances: Variances) -> Information:
    """Return the information of the coefficients, whose tests are normal."""
    offset = model.data.rows.offset()
    eta = model.x @ beta + (0.0 if offset is None else offset)
    weights = row_weights(family, eta, _spread(model, variances))
    return known_variances(kinds_of(model, weights), variances.terms, 1.0)


def _spread(model: PlannedModel, variances: Variances) -> Vector:
    """Return z'Gz of every row."""
    total = np.zeros(len(model.x))
    for term, covariance in zip(model.random, variances.terms, strict=True):
        total += np.einsum("na,ab,nb->n", term.z, covariance.matrix, term.z)
    return total


def row_weights(family: Family, eta: Vector, spread: Vector) -> Vector:
    """Return how much a row counts: one over its own variance on the scale of the linear predictor."""
    share = _WEIGHTS / _WEIGHTS.sum()
    means, slopes = link_means(family, eta[:, None] + np.sqrt(spread)[:, None] * _NODES)
    mean, slope = means @ share, slopes @ share
    between = ((means - mean[:, None]) ** 2) @ share
    variance = mean * (1 - mean) if family.name == "binomial" else mean + between
    return np.asarray(slope**2 / (variance - slope**2 * spread))
