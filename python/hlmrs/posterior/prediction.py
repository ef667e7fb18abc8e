"""Posterior predictions: means and intervals of rows, replicated responses, log densities of the rows used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..control import count
from ..diagnostics import RowSets
from ..errors import OptionError, listed, quote
from ..estimation import require_plain_residuals
from ..frame import Column, Frame
from ..resources import require_memory
from .draws import Draws
from .generalized_draws import GeneralizedDraws
from .generalized_prediction import (
    FEWER,
    generalized_log_densities,
    generalized_predicted_draws,
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
    rows = _rows_to_predict(draws, frame, noise=noise)
    mean, sd, low, high = (np.empty(len(rows)) for _ in range(4))
    places = np.arange(draws.n)
    residuals = _residuals(draws, rows, places, np.random.default_rng([draws.seed, 2])) if noise else None
    for own, eta in blocks(draws, rows, places):
        mean[own], variance = eta.mean(axis=1), eta.var(axis=1, ddof=1)
        if residuals is not None:
            new, of_residual = residuals(own)
            eta += new
            variance += of_residual
        sd[own] = np.sqrt(variance)
        low[own], high[own] = np.quantile(eta, ends, axis=1)
    return {"prediction": mean, "sd": sd, "conf_low": low, "conf_high": high}


def replicates(draws: Draws, n: int) -> Vector:
    """Return responses of the rows used as the model would have them again (rows x n), in the same groups."""
    if isinstance(draws, GeneralizedDraws):
        return generalized_replicates(draws, n)
    return _drawn(draws, rows_of_fit(draws), draws.thinned(count("draws", n)), np.random.default_rng([draws.seed, 3]))


def predicted_draws(draws: Draws, frame: Frame | None, n: int | None, *, noise: bool) -> Vector:
    """Return what ``prediction_table`` summarizes, draw by draw (rows x draws); of `n` draws, or of all."""
    places = draws.thinned(draws.n if n is None else count("draws", n))
    if isinstance(draws, GeneralizedDraws):
        return generalized_predicted_draws(draws, frame, places, noise=noise)
    rows = _rows_to_predict(draws, frame, noise=noise)
    return _drawn(draws, rows, places, np.random.default_rng([draws.seed, 2]) if noise else None)


def _drawn(draws: Draws, rows: PredictedRows, places: NDArray[np.intp], rng: np.random.Generator | None) -> Vector:
    """Return means of rows in some draws (rows x draws), with a source of randomness new responses."""
    require_memory(8.0 * len(rows) * len(places), f"{len(places):,} draws of {len(rows):,} rows need", FEWER)
    found = np.empty((len(rows), len(places)))
    residuals = None if rng is None else _residuals(draws, rows, places, rng)
    for own, eta in blocks(draws, rows, places):
        found[own] = eta if residuals is None else eta + residuals(own)[0]
    return found


def _residuals(
    draws: Draws, rows: PredictedRows, places: NDArray[np.intp], rng: np.random.Generator
) -> Callable[[slice], tuple[Vector, Vector]]:
    """Return what gives new residuals of some rows (rows x draws), and their variances."""
    if draws.estimate.request.residual is None:

        def independent(own: slice) -> tuple[Vector, Vector]:
            sd = np.sqrt(rows.shares[own, None]) * draws.sigma[places]
            return sd * rng.standard_normal(sd.shape), (sd**2).mean(axis=1)

        return independent
    require_memory(8.0 * len(rows) * len(places), f"{len(places):,} draws of {len(rows):,} residuals need", FEWER)
    drawn = draws.core.residuals(places.tolist(), int(rng.integers(2**62)))
    return lambda own: (drawn[own], drawn[own].var(axis=1))


def _rows_to_predict(draws: Draws, frame: Frame | None, *, noise: bool) -> PredictedRows:
    if frame is None:
        return rows_of_fit(draws)
    if noise:
        require_plain_residuals(
            draws.estimate, "new rows with noise (without it, by include_noise=False, or those of the fit)"
        )
    return rows_of_frame(draws, frame, noise=noise)


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
        sd, to = np.sqrt(rows.shares[own, None]) * draws.sigma[places], set_of[own]
        density = -0.5 * ((y[own, None] - eta) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        np.add.at(found, to[to >= 0], density[to >= 0])
    return found


def observed(draws: Draws) -> Vector:
    """Return the responses of the rows used, as ``replicates`` has them."""
    if not isinstance(draws, GeneralizedDraws):
        return draws.estimate.rows.response()
    y = draws.estimate.response.y
    return y + 1 if draws.estimate.family.name == "cumulative" else y


def require_same_rows(posteriors: Sequence[Draws], names: Sequence[str]) -> None:
    """Refuse to compare models of other responses."""
    first, *others = map(observed, posteriors)
    for name, draws, y in zip(names[1:], posteriors[1:], others, strict=True):
        if not np.array_equal(first, y):
            hint = _difference((names[0], posteriors[0], first), (name, draws, y))
            raise OptionError(f"models are compared by what they predict of the same rows, and {hint}")


def _difference(one: tuple[str, Draws, Vector], other: tuple[str, Draws, Vector]) -> str:
    """Say how the responses of two models differ, and what to do."""
    (first, own, y), (second, its, z) = one, other
    responses = own.estimate.layout.response, its.estimate.layout.response
    if responses[0] != responses[1]:
        return (
            f"the response of {first} is {quote(responses[0])}, that of {second} {quote(responses[1])}: densities of "
            "other responses are in other units; fit both to the same"
        )
    if len(y) != len(z):
        columns = sorted({*own.estimate.layout.dropped_rows, *its.estimate.layout.dropped_rows})
        drop = f": drop those with missing values of {listed(columns)} beforehand" if columns else ""
        return f"{first} has {len(y):,} of them, {second} {len(z):,}; fit all to the same data{drop}"
    row = int(np.flatnonzero(y != z)[0])
    return (
        f"{first} and {second} have {y[row]:g} and {z[row]:g} in row {row} of those used (counted from 0); fit all to "
        "the same data, in the same order"
    )
