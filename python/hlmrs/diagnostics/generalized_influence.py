"""What leaving rows out does to the estimates of a generalized model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Parameter, generalized_influence
from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..resources import Progress
from .deletion_sets import RowSets

Vector = NDArray[np.float64]


def generalized_measures(
    estimate: GeneralizedEstimate, sets: RowSets, chosen: list[Parameter], method: str
) -> dict[str, Any]:
    """Measure what each set does to the coefficients of the mean, by one step or by refits."""
    if method == "fixed-theta":
        raise OptionError(
            "method='fixed-theta' holds the variances relative to the residual's, which a generalized model does not "
            "have; choose 'one-step' or 'refit'"
        )
    fit, threads = estimate.own.fit, estimate.threads
    with Progress("sets left out", len(sets.labels)) as shown:
        found = generalized_influence(fit, sets.ptr, sets.members, chosen, method == "one-step", threads, shown.reach)
    part = estimate.parts["conditional"]
    mean = slice(part.first, part.first + part.n)
    values, without = found["values"], found["covariances"][:, mean, mean]
    move = estimate.core.beta - values[:, mean]
    own = estimate.core.vcov()
    with np.errstate(invalid="ignore"):
        std_errors = np.sqrt(np.diagonal(without, axis1=1, axis2=2))
        covratio = np.exp(np.linalg.slogdet(without)[1] - np.linalg.slogdet(own)[1])
    return {
        "method": found["method"],
        "displacement": found["displacement"],
        "values": values,
        "std_errors": std_errors,
        "cooks_distance": squared_distances(move, np.broadcast_to(own, without.shape)) / max(1, part.n),
        "mdffits": squared_distances(move, without) / max(1, part.n),
        "covratio": covratio,
        "dffits": _dffits(estimate, sets, move, own),
    }


def squared_distances(move: Vector, covariance: Vector) -> Vector:
    """Return d'V^-1 d of every set; NaN where it has no estimates, or these no covariance."""
    out = np.full(len(move), np.nan)
    finite = np.flatnonzero(np.isfinite(move).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)))
    known = finite[np.linalg.slogdet(covariance[finite])[0] > 0]
    if len(known):
        solved = np.linalg.solve(covariance[known], move[known][:, :, None])[:, :, 0]
        out[known] = (move[known] * solved).sum(axis=1)
    return out


def _dffits(estimate: GeneralizedEstimate, sets: RowSets, move: Vector, covariance: Vector) -> Vector:
    """Return the move of the row's linear predictor of the fixed effects in its standard errors, of sets of one row."""
    out = np.full(len(move), np.nan)
    single = np.flatnonzero(sets.sizes == 1)
    if len(single) and move.shape[1]:
        kept = estimate.own.parts["conditional"]["kept"]
        x = estimate.rows.model_matrix()[:, kept][sets.members[sets.ptr[single]]]
        out[single] = (x * move[single]).sum(axis=1) / np.sqrt(np.einsum("ij,jk,ik->i", x, covariance, x))
    return out
