"""The tables that the diagnostic plots draw: residuals, random effects, influence."""

from statistics import NormalDist
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import choose
from ..estimation import Estimate
from ..frame import Column
from ..inference import mode_variances, two_sided_quantile
from ..options import Panel
from ..prediction import residuals
from .deletion_sets import group_index
from .groups import group_residuals
from .influence import influence

Vector = NDArray[np.float64]

PANELS: tuple[Panel, ...] = get_args(Panel)

_NORMAL = two_sided_quantile(0.95, float("inf"))


def plot_data(estimate: Estimate, panel: str, group: str | None, method: str) -> dict[str, Column]:
    """Return the table of one panel."""
    panel = choose("panel", panel, PANELS)
    if panel == "random":
        return _random_effects(estimate)
    if panel == "influence":
        return influence_panel(estimate, group, method)
    return _rows(estimate, panel)


def _rows(estimate: Estimate, panel: str) -> dict[str, Column]:
    """Return the rows with a studentized residual: beside the fitted values, or in order beside normal quantiles."""
    resid = residuals(estimate, "studentized")
    known = np.flatnonzero(np.isfinite(resid))
    resid, fitted = resid[known], estimate.values.fitted[known]
    places = estimate.row_numbers()[known]
    if panel == "qq":
        order = np.argsort(resid, kind="stable")
        return {"row": places[order], "normal_quantile": normal_scores(len(resid)), "residual": resid[order]}
    shown = {"residual": resid} if panel == "fitted" else {"root_size": np.sqrt(np.abs(resid))}
    return {"row": places, "fitted": fitted, **shown}


def _random_effects(estimate: Estimate) -> dict[str, Column]:
    """Return the modes of every effect in order beside normal quantiles, with 95 % intervals."""
    mode_variance = mode_variances(estimate)
    group: list[str] = []
    term: list[str] = []
    level: list[str] = []
    numbers: list[list[Vector]] = [[], [], [], []]
    for g in range(len(estimate.layout.groups)):
        found = group_residuals(estimate, g)
        variances = np.concatenate([mode_variance[k] for k in estimate.layout.terms_of(g)], axis=1)
        for j, name in enumerate(found.terms):
            order = np.argsort(found.modes[:, j], kind="stable")
            group += [found.group] * len(order)
            term += [name] * len(order)
            level += [found.levels[k] for k in order]
            error = _NORMAL * np.sqrt(variances[order, j])
            parts = (normal_scores(len(order)), found.modes[order, j], error, found.standardized[order, j])
            for column, part in zip(numbers, parts, strict=True):
                column.append(part)
    quantile, estimates, error, standardized = (np.concatenate(column) for column in numbers)
    return {
        "group": group,
        "term": term,
        "level": level,
        "normal_quantile": quantile,
        "estimate": estimates,
        "conf_low": estimates - error,
        "conf_high": estimates + error,
        "standardized": standardized,
    }


def influence_panel(estimate: Estimate, group: str | None, method: str) -> dict[str, Column]:
    """Return Cook's distance of every group in order; displacements where there is no fixed effect."""
    groups = estimate.layout.groups
    shown = min(groups, key=lambda one: len(one.levels)) if group is None else groups[group_index(estimate, group)]
    found = influence(estimate, shown.name, method)
    name = "cooks_distance" if len(estimate.core.beta) else "displacement"
    return {"by": [found.by] * len(found), "level": found.levels, name: getattr(found, name)}


def normal_scores(n: int) -> Vector:
    """Return normal quantiles at (k - 3/8) / (n + 1/4) (Blom 1958)."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((k + 0.625) / (n + 0.25)) for k in range(n)])
