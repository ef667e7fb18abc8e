"""The tables that plots of generalized models draw."""

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..families import COUNTS, TRIALS
from ..frame import Column
from ..inference import mode_variances
from ..options import GeneralizedPanel
from .plot_data import influence_panel, normal_scores
from .simulated import Simulated

Vector = NDArray[np.float64]

GENERALIZED_PANELS: tuple[GeneralizedPanel, ...] = get_args(GeneralizedPanel)
_BINS = 20
_FEWEST = 10


def panels_of(estimate: GeneralizedEstimate) -> list[GeneralizedPanel]:
    """Return the panels that a family has."""
    without = set()
    if estimate.family.name not in COUNTS:
        without.add("rootogram")
    if estimate.family.name not in TRIALS:
        without.add("calibration")
    return [panel for panel in GENERALIZED_PANELS if panel not in without]


def generalized_plot_data(
    estimate: GeneralizedEstimate, panel: str, group: str | None, method: str, draw: Callable[[], Simulated]
) -> dict[str, Column]:
    """Return the table of one panel; `draw` simulates what it needs."""
    panel = choose("panel", panel, GENERALIZED_PANELS)
    if panel not in panels_of(estimate):
        kind = "counts" if panel == "rootogram" else "successes among trials"
        raise OptionError(f"{panel!r} is of {kind}, not of family {estimate.family.name!r}")
    if panel == "influence":
        return influence_panel(estimate, group, method)
    if panel == "random":
        return _random_effects(estimate)
    if panel == "calibration":
        return _calibration(estimate)
    if panel == "rootogram":
        return _rootogram(draw())
    resid, places = draw().residuals, estimate.row_numbers()
    if panel == "uniform":
        order = np.argsort(resid, kind="stable")
        return {
            "row": places[order],
            "uniform_quantile": (np.arange(len(resid)) + 0.5) / len(resid),
            "residual": resid[order],
        }
    return {"row": places, "predicted": estimate.values.fitted.copy(), "residual": resid}


def _rootogram(found: Simulated) -> dict[str, Column]:
    """Return how often each count occurs, and how often in simulated responses (Kleiber and Zeileis 2016)."""
    largest = int(found.y.max(initial=0.0))
    counts = np.arange(largest + 1)
    observed = np.bincount(found.y.astype(int), minlength=largest + 1)
    inside = found.draws[found.draws <= largest].astype(int)
    expected = np.bincount(inside, minlength=largest + 1) / found.draws.shape[1]
    return {"count": counts, "observed": observed, "expected": expected}


def _calibration(estimate: GeneralizedEstimate) -> dict[str, Column]:
    """Return shares of successes beside their fitted probabilities, in bins of as many rows."""
    values, trials = estimate.values, estimate.response.trials
    weights = np.ones(len(values.fitted)) if trials is None else trials
    order = np.argsort(values.fitted, kind="stable")
    bins = np.array_split(order, max(1, min(_BINS, len(order) // _FEWEST)))
    total = np.array([weights[own].sum() for own in bins])
    with np.errstate(invalid="ignore", divide="ignore"):
        predicted = np.array([(weights[own] * values.fitted[own]).sum() for own in bins]) / total
        observed = np.array([estimate.response.y[own].sum() for own in bins]) / total
        error = np.sqrt(predicted * (1 - predicted) / total)
    return {"predicted": predicted, "observed": observed, "trials": total, "std_error": error}


def _random_effects(estimate: GeneralizedEstimate) -> dict[str, Column]:
    """Return the modes of every effect in order beside normal quantiles, with 95 % intervals."""
    layout, core, variances = estimate.layout, estimate.core, mode_variances(estimate)
    names: list[list[str]] = [[], [], []]
    numbers: list[list[Vector]] = [[], [], [], [], []]
    for k, term in enumerate(layout.random):
        group, modes = layout.groups[term.group], core.modes()[k]
        sd = np.sqrt(np.diag(core.covariances()[k]))
        for j, column in enumerate(term.columns):
            order = np.argsort(modes[:, j], kind="stable")
            own, error = modes[order, j], 1.96 * np.sqrt(variances[k][order, j])
            standardized = own / sd[j] if sd[j] > 0 else np.full(len(own), np.nan)
            for part, values in zip(names, (group.name, column), strict=False):
                part += [values] * len(own)
            names[2] += [group.levels[i] for i in order]
            parts = (normal_scores(len(own)), own, own - error, own + error, standardized)
            for column_parts, part_values in zip(numbers, parts, strict=True):
                column_parts.append(part_values)
    keys = ("normal_quantile", "estimate", "conf_low", "conf_high", "standardized")
    columns: dict[str, Column] = dict(zip(("group", "term", "level"), names, strict=True))
    return columns | {key: np.concatenate(column) for key, column in zip(keys, numbers, strict=True)}
