"""Panels of diagnostics: each a picture of the table that goes with its name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...display import Picture
from ...display.numbers import short
from ..words import effects
from .influence import distances
from .quantiles import sample
from .residuals import ROOT_OF_NORMAL, cloud, extremes

Table = Mapping[str, Any]
Vector = NDArray[np.float64]
_NAMED = 15


def panel_pictures(panel: str, table: Table) -> list[Picture]:
    """Return the picture of a panel; of random effects one for each of them."""
    if panel == "random":
        return [_random(part) for part in _by_effect(table)]
    made = {
        "fitted": _fitted,
        "scale": _scale,
        "qq": _quantiles,
        "influence": _influence,
        "uniform": _uniform,
        "predicted": _predicted,
        "rootogram": _rootogram,
        "calibration": _calibration,
    }
    return [made[panel](table)]


def _fitted(table: Table) -> Picture:
    names = np.array([str(row) for row in table["row"]], dtype=object)
    words = ("Residuals and fitted values", "Fitted value", "Studentized residual")
    return cloud(*words, table["fitted"], table["residual"], 0.0, extremes(names, table["residual"]))


def _scale(table: Table) -> Picture:
    words = ("Spread and fitted values", "Fitted value", "√|studentized residual|")
    return cloud(*words, table["fitted"], table["root_size"], ROOT_OF_NORMAL, {})


def _quantiles(table: Table) -> Picture:
    names = np.array([str(row) for row in table["row"]], dtype=object)
    return sample("Quantiles of residuals", names, table["residual"], 0.95, "rows")


def _by_effect(table: Table) -> list[Table]:
    """Part the table of random effects: one for each effect of each grouping factor."""
    keys = list(zip(table["group"], table["term"], strict=True))
    starts = [k for k, key in enumerate(keys) if k == 0 or key != keys[k - 1]]
    return [
        {name: column[start:end] for name, column in table.items()}
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True)
    ]


def _random(table: Table) -> Picture:
    value, group, term = np.asarray(table["estimate"]), table["group"][0], table["term"][0]
    title = f"{term} | {group}"
    alt = (
        f"{effects(term)} of {len(value):,} groups of {group} over normal quantiles, from {short(float(value[0]))} "
        f"({table['level'][0]}) to {short(float(value[-1]))} ({table['level'][-1]})."
    )
    return Picture("effects", table, title, "Normal quantile", "Random effect", alt, "Lines: 95 % intervals.")


def _influence(table: Table) -> Picture:
    measure = "cooks_distance" if "cooks_distance" in table else "displacement"
    own = np.nan_to_num(np.asarray(table[measure]))
    order = np.argsort(-own, kind="stable")
    levels = [str(table["level"][k]) for k in order]
    name = "Cook's distance" if measure == "cooks_distance" else "Displacement"
    return distances(f"Influence of {table['by'][0]}", table["by"][0], levels, own[order], name, table, _NAMED)


def _uniform(table: Table) -> Picture:
    gap = np.asarray(table["residual"]) - np.asarray(table["uniform_quantile"])
    far = gap[int(np.argmax(np.abs(gap)))]
    alt = f"Quantile residuals over uniform quantiles: at most {short(abs(float(far)))} from the diagonal."
    return Picture("uniform", table, "Quantile residuals", "Uniform quantile", "Residual", alt)


def _predicted(table: Table) -> Picture:
    """Draw over ranks, so that residuals spread alike everywhere."""
    predicted = np.asarray(table["predicted"])
    ranks = (np.argsort(np.argsort(predicted, kind="stable"), kind="stable") + 0.5) / len(predicted)
    words = ("Residuals and predictions", "Rank of the fixed part", "Quantile residual")
    return cloud(*words, ranks, np.asarray(table["residual"]), 0.5, {})


def _rootogram(table: Table) -> Picture:
    zeros = f"{table['observed'][0]:.0f} zeros are observed, {table['expected'][0]:.1f} are expected."
    note = "Bars hang from what is expected; where they end above or below zero there are too few or too many."
    return Picture("rootogram", table, "Rootogram", "Count", "√frequency", f"Rootogram of counts. {zeros}", note)


def _calibration(table: Table) -> Picture:
    observed, low, high = (np.asarray(table[name]) for name in ("observed", "conf_low", "conf_high"))
    outside = int(((observed < low) | (observed > high)).sum())
    finding = f"{outside} of {len(observed)} bins lie outside of the middle 95 % of simulated shares (lines)."
    words = ("Calibration", "Share that the model expects", "Share of successes")
    return Picture("calibration", table, *words, f"Calibration of probabilities. {finding}", finding)
