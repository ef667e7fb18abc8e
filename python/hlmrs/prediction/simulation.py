"""Responses of new rows, drawn from the fitted model: every group has new random effects, seen by the fit or not."""

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..estimation import Estimate
from ..resources import require_memory
from .new_rows import UNSEEN, residual_shares
from .prediction import full_beta

Vector = NDArray[np.float64]


def simulate_rows(
    estimate: Estimate, columns: Columns, n: int, seed: int | None, weights: "str | Vector | None"
) -> Vector:
    """Return `n` responses of every row, one a column; NaN where a value is missing."""
    rows = estimate.encoding.bind(columns, new_groups=True)
    _check_memory(rows.n_rows, n)
    modes = estimate.core.modes()
    fixed = rows.linear_predictor(full_beta(estimate), modes, [False] * len(modes))
    sd = estimate.sigma * np.sqrt(residual_shares(estimate, columns, weights))
    terms = []
    for k, covariance in enumerate(estimate.core.covariances()):
        values, vectors = np.linalg.eigh(covariance)
        codes, n_levels = rows.all_term_codes(k)
        places = np.where(codes == UNSEEN, n_levels, codes)  # a missing group has effects that are missing
        terms.append((rows.term_matrix(k), places, n_levels, vectors * np.sqrt(np.maximum(values, 0.0))))
    random = np.random.default_rng(np.random.SeedSequence(seed))
    out = np.empty((rows.n_rows, n))
    for draw in range(n):
        response = fixed + sd * random.standard_normal(rows.n_rows)
        for z, places, n_levels, root in terms:
            effects = random.standard_normal((n_levels, len(root))) @ root.T
            effects = np.vstack([effects, np.full(len(root), np.nan)])
            response = response + np.einsum("ij,ij->i", z, effects[places])
        out[:, draw] = response
    return out


def _check_memory(n_rows: int, n: int) -> None:
    require_memory(8 * n_rows * n, f"{n:,} responses of {n_rows:,} rows need", "draw fewer at a time")
