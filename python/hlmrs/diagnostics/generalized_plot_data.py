"""The tables that plots of generalized models draw."""

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..families import COUNTS, TRIALS
from ..frame import Column
from ..inference import mode_variances, two_sided_quantile
from ..options import GeneralizedPanel
from ..prediction import predict_generalized
from .plot_data import influence_panel, normal_scores
from .simulated import Simulated

Vector = NDArray[np.float64]

GENERALIZED_PANELS: tuple[GeneralizedPanel, ...] = get_args(GeneralizedPanel)
_BINS = 20
_FEWEST = 10
# rows of the fit times groups left out: beyond, influence takes longer than all other panels together
_MOST_LEFT_OUT = 500_000

_NORMAL = two_sided_quantile(0.95, float("inf"))


def panels_of(estimate: GeneralizedEstimate) -> list[GeneralizedPanel]:
    """Return the panels that a family has."""
    without = set()
    if estimate.family.name not in COUNTS:
        without.add("rootogram")
    if estimate.family.name not in TRIALS:
        without.add("calibration")
    return [panel for panel in GENERALIZED_PANELS if panel not in without]


def usual_panels(estimate: GeneralizedEstimate, group: str | None) -> list[GeneralizedPanel]:
    """Return the panels that are drawn by default: influence that takes long only of a chosen group."""
    sizes = [len(own.levels) for own in estimate.layout.groups]
    is_long = estimate.layout.n_rows * min(sizes, default=0) > _MOST_LEFT_OUT
    return [panel for panel in panels_of(estimate) if panel != "influence" or group is not None or not is_long]


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
        return _calibration(estimate, draw())
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
    # simulated responses have new random effects, so that residuals are shown over what these leave out (Hartig 2022)
    fixed = predict_generalized(estimate, None, False, "error", "response", None)
    return {"row": places, "predicted": fixed, "residual": resid}


def _rootogram(found: Simulated) -> dict[str, Column]:
    """Return how often each count occurs, and how often in simulated responses (Kleiber and Zeileis 2016)."""
    largest = int(found.y.max(initial=0.0))
    counts = np.arange(largest + 1)
    observed = np.bincount(found.y.astype(int), minlength=largest + 1)
    inside = found.draws[found.draws <= largest].astype(int)
    expected = np.bincount(inside, minlength=largest + 1) / found.draws.shape[1]
    return {"count": counts, "observed": observed, "expected": expected}


def _calibration(estimate: GeneralizedEstimate, found: Simulated) -> dict[str, Column]:
    """Return shares of successes beside those of simulated responses, in bins of as many rows.

    Rows are put into bins by their fixed part: fitted random effects are drawn to zero and know the responses, so that
    shares among rows with extreme ones are beside their fitted probabilities even if the model holds.
    """
    trials = estimate.response.trials
    weights = np.ones(len(found.y)) if trials is None else trials
    order = np.argsort(predict_generalized(estimate, None, False, "error", "response", None), kind="stable")
    bins = np.array_split(order, max(1, min(_BINS, len(order) // _FEWEST)))
    total = np.array([weights[own].sum() for own in bins])
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.array([found.y[own].sum() for own in bins]) / total
        simulated = np.array([found.draws[own].sum(axis=0) for own in bins]) / total[:, None]
    low, high = np.quantile(simulated, [0.025, 0.975], axis=1)
    return {
        "predicted": simulated.mean(axis=1),
        "observed": observed,
        "trials": total,
        "conf_low": low,
        "conf_high": high,
    }


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
            own, error = modes[order, j], _NORMAL * np.sqrt(variances[k][order, j])
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
