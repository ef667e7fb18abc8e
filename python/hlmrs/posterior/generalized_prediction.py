"""Posterior predictions of generalized models: means by the link, responses by the family, log densities of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from .._core import family_log_densities, family_means, family_predictors
from ..control import count
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.ordered import expected_category
from ..frame import Column, Frame
from ..inference.generalized_simulation import draw_responses
from ..prediction.new_responses import trials_of_rows
from ..resources import require_memory
from .generalized_draws import GeneralizedDraws
from .generalized_rows import Parts, parts_of_fit, parts_of_frame, predictors
from .summary import tails

Vector = NDArray[np.float64]
FEWER = "ask for fewer draws="


def generalized_prediction_table(
    draws: GeneralizedDraws, frame: Frame | None, level: float, *, noise: bool
) -> dict[str, Column]:
    """Tabulate mean, standard deviation and interval of every row: of its mean, or with `noise` of a new response.

    Of successes they are shares of the trials; with noise bounds are responses that were drawn.
    """
    ends = tails(level)
    parts = _parts_to_predict(draws, frame)
    found = np.empty((4, len(parts["conditional"])))
    for own, mean, values in _predicted(draws, parts, frame, np.arange(draws.n), noise=noise):
        bounds = np.quantile(values, ends, axis=1, method="inverted_cdf" if noise else "linear")
        found[:, own] = mean.mean(axis=1), values.std(axis=1, ddof=1), *bounds
    return dict(zip(("prediction", "sd", "conf_low", "conf_high"), found, strict=True))


def generalized_predicted_draws(
    draws: GeneralizedDraws, frame: Frame | None, places: NDArray[np.intp], *, noise: bool
) -> Vector:
    """Return means of rows in some draws (rows x draws), with `noise` new responses; of successes shares of trials."""
    parts = _parts_to_predict(draws, frame)
    n = len(parts["conditional"])
    require_memory(8.0 * n * len(places), f"{len(places):,} draws of {n:,} rows need", FEWER)
    found = np.empty((n, len(places)))
    for own, _, values in _predicted(draws, parts, frame, places, noise=noise):
        found[own] = values
    return found


def _parts_to_predict(draws: GeneralizedDraws, frame: Frame | None) -> Parts:
    return parts_of_fit(draws) if frame is None else parts_of_frame(draws, frame)


def _predicted(
    draws: GeneralizedDraws, parts: Parts, frame: Frame | None, places: NDArray[np.intp], *, noise: bool
) -> Iterator[tuple[slice, Vector, Vector]]:
    """Yield blocks of rows with means and, with `noise`, new responses (rows x draws each)."""
    estimate, rng = draws.estimate, np.random.default_rng([draws.seed, 2])
    trials = trials_of_rows(estimate, frame, None, len(parts["conditional"])) if noise else None
    for own, eta in predictors(draws, parts, places):
        mean = _means(estimate, eta).reshape(-1, len(places))
        values = mean
        if noise:
            each = None if trials is None else np.repeat(trials[own], len(places))
            drawn = _responses(estimate, eta, each, rng)
            values = (drawn if each is None else drawn / each).reshape(-1, len(places))
        yield own, mean, values


def generalized_replicates(draws: GeneralizedDraws, n: int) -> Vector:
    """Return responses of the rows used as the model would have them again (rows x n), in the same groups."""
    n = min(count("draws", n), draws.n)
    estimate, places, parts = draws.estimate, draws.thinned(n), parts_of_fit(draws)
    rows = len(parts["conditional"])
    require_memory(8.0 * rows * n, f"{n:,} draws of {rows:,} rows need", FEWER)
    found, rng, trials = np.empty((rows, n)), np.random.default_rng([draws.seed, 3]), estimate.response.trials
    for own, eta in predictors(draws, parts, places):
        each = None if trials is None else np.repeat(trials[own], n)
        found[own] = _responses(estimate, eta, each, rng).reshape(-1, n)
    return found


def generalized_log_densities(draws: GeneralizedDraws, places: NDArray[np.intp]) -> Vector:
    """Return the log density of every row used, given all parameters and effects (rows x draws)."""
    estimate = draws.estimate
    response, parts = estimate.response, parts_of_fit(draws)
    n, s = len(parts["conditional"]), len(places)
    require_memory(8.0 * n * s, "log densities need", "ask for fewer draws=")
    found = np.empty((n, s))
    for own, eta in predictors(draws, parts, places):
        each = None if response.trials is None else np.repeat(response.trials[own], s)
        found[own] = log_density(estimate, eta, np.repeat(response.y[own], s), each).reshape(-1, s)
    return found if response.weights is None else found * response.weights[:, None]


def log_density(estimate: GeneralizedEstimate, eta: Mapping[str, Vector], y: Vector, trials: Vector | None) -> Vector:
    """Return the log densities of responses by the predictors of all parts; of categories they are numbered from 0."""
    if estimate.family.name == "cumulative":
        each = estimate.category_probabilities(eta)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(each[np.arange(len(y)), y.astype(int)]))
    return family_log_densities(estimate.family_spec, _in_order(estimate, eta), y, trials)


def _in_order(estimate: GeneralizedEstimate, eta: Mapping[str, Vector]) -> list[Vector]:
    """Return the predictors as the family has them."""
    return [np.ascontiguousarray(eta[name]) for name in family_predictors(estimate.family_spec)]


def _means(estimate: GeneralizedEstimate, eta: Mapping[str, Vector]) -> Vector:
    """Return means of responses, or expected numbers of categories."""
    if estimate.family.name == "cumulative":
        return expected_category(estimate.category_probabilities(eta))
    return family_means(estimate.family_spec, _in_order(estimate, eta), False)[0]


def _responses(
    estimate: GeneralizedEstimate, eta: Mapping[str, Vector], trials: Vector | None, rng: np.random.Generator
) -> Vector:
    """Draw responses, missing where a predictor is."""
    missing = np.isnan(eta["conditional"])
    for values in eta.values():
        missing = missing | np.isnan(values.reshape(len(missing), -1)).any(axis=1)
    drawn = draw_responses(estimate, {name: np.nan_to_num(own) for name, own in eta.items()}, trials, rng)
    return np.where(missing, np.nan, drawn)
