"""Posterior predictions: means and intervals of rows, replicated responses, log densities of the rows used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..control import count
from ..diagnostics import RowSets
from ..estimation import require_plain_residuals
from ..frame import Column, Frame
from ..resources import require_memory
from .draws import Draws
from .generalized_draws import GeneralizedDraws
from .generalized_prediction import (
    generalized_log_densities,
    generalized_prediction_table,
    generalized_replicates,
)
from .rows import PredictedRows, blocks, rows_of_fit, rows_of_frame
from .summary import tails

Vector = NDArray[np.float64]


def prediction_table(draws: Draws, frame: Frame | None, level: float, *, noise: bool) -> dict[str, Column]:
    """Tabulate mean, standard deviation and interval of every row: of its mean, or with `noise` of a new response."""
    if isinstance(draws, GeneralizedDraws):
        return generalized_prediction_table(draws, frame, level, noise=noise)
    ends = tails(level)
    if noise:
        require_plain_residuals(draws.estimate, "predictions with noise (include_noise=False predicts means)")
    rows = rows_of_fit(draws) if frame is None else rows_of_frame(draws, frame, noise=noise)
    mean, sd, low, high = (np.empty(len(rows)) for _ in range(4))
    rng = np.random.default_rng([draws.seed, 2])
    for own, eta in blocks(draws, rows, np.arange(draws.n)):
        spread = _noise(draws, rows, own, np.arange(draws.n)) if noise else np.zeros((1, 1))
        mean[own] = eta.mean(axis=1)
        sd[own] = np.sqrt(eta.var(axis=1, ddof=1) + (spread**2).mean(axis=1))
        if noise:
            eta += spread * rng.standard_normal(eta.shape)
        low[own], high[own] = np.quantile(eta, ends, axis=1)
    return {"prediction": mean, "sd": sd, "conf_low": low, "conf_high": high}


def replicates(draws: Draws, n: int) -> Vector:
    """Return responses of the rows used as the model would have them again (rows x n), in the same groups."""
    if isinstance(draws, GeneralizedDraws):
        return generalized_replicates(draws, n)
    require_plain_residuals(draws.estimate, "replicated responses")
    n = min(count("draws", n), draws.n)
    rows, places = rows_of_fit(draws), draws.thinned(n)
    require_memory(8.0 * len(rows) * n, f"predictive(draws={n:,}) needs", "ask for fewer draws=")
    found, rng = np.empty((len(rows), n)), np.random.default_rng([draws.seed, 3])
    for own, eta in blocks(draws, rows, places):
        found[own] = eta + _noise(draws, rows, own, places) * rng.standard_normal(eta.shape)
    return found


def log_densities_of_sets(draws: Draws, sets: RowSets, places: NDArray[np.intp]) -> Vector:
    """Return the log density of the responses of every set of rows, given all parameters and effects (sets x draws).

    Of a generalized model sets are single rows.
    """
    if isinstance(draws, GeneralizedDraws):
        return generalized_log_densities(draws, places)[sets.members]
    require_plain_residuals(draws.estimate, "log densities of rows")
    rows, y = rows_of_fit(draws), draws.estimate.rows.response()
    require_memory(8.0 * len(sets.labels) * len(places), "log densities need", "leave out larger groups")
    found, set_of = np.zeros((len(sets.labels), len(places))), np.full(len(rows), -1)
    set_of[sets.members] = np.repeat(np.arange(len(sets.labels)), sets.sizes)
    for own, eta in blocks(draws, rows, places):
        sd, to = _noise(draws, rows, own, places), set_of[own]
        density = -0.5 * ((y[own, None] - eta) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        np.add.at(found, to[to >= 0], density[to >= 0])
    return found


def observed(draws: Draws) -> Vector:
    """Return the responses of the rows used, as ``replicates`` has them."""
    if not isinstance(draws, GeneralizedDraws):
        return draws.estimate.rows.response()
    y = draws.estimate.response.y
    return y + 1 if draws.estimate.family.name == "cumulative" else y


def _noise(draws: Draws, rows: PredictedRows, own: slice, places: NDArray[np.intp]) -> Vector:
    """Return the standard deviations of the residuals of rows (rows x draws)."""
    return np.asarray(np.sqrt(rows.shares[own, None]) * draws.sigma[places])
