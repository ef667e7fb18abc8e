"""The covariance of the residuals of a group, visits by visits."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._core import residual_correlations
from ..errors import DesignError, OptionError, suggestion
from ..estimation import Estimate
from ..formula import RESIDUAL_STRUCTURES
from ..frame import Column
from .residual_parameters import require_residual_parameters, residual_parameters

if TYPE_CHECKING:
    from .._core import ResidualArguments

Matrix = NDArray[np.float64]
_MOST = 200
"""Visits, or times, that a table has."""


def residual_covariance_table(estimate: Estimate, level: str | None, correlation: bool) -> dict[str, Column]:
    """Tabulate the covariance, or the correlations, of all visits or times.

    Where every level of ``by=`` has its own all are tabulated, unless one is named.
    """
    levels = _levels(estimate) if level is None else []
    wanted: list[str | None] = [*levels] or [level]
    found = [residual_covariance(estimate, own, correlation) for own in wanted]
    visits, matrix = found[0][1], np.concatenate([own for own, _ in found])
    term = None if estimate.request.residual is None else estimate.request.residual.term
    name = "visit" if term is None else term.time_name
    columns: dict[str, Column] = {}
    if term is not None and term.by is not None and levels:
        columns[term.by.name] = [own for own in levels for _ in visits]
    columns[name] = visits * len(found)
    return columns | {visit: matrix[:, k].copy() for k, visit in enumerate(visits)}


def residual_covariance(estimate: Estimate, level: str | None, correlation: bool) -> tuple[Matrix, list[str]]:
    """Return the covariance, or the correlations, and the names of the visits."""
    require_residual_parameters(estimate)
    _require_correlation(estimate)
    residual = estimate.data.residual
    assert residual is not None, "a fit whose residuals have parameters"
    arguments = residual.arguments()
    by = _level(arguments["by_levels"], level)
    visits, places = _visits(arguments)
    if len(visits) > _MOST:
        raise DesignError(f"the residuals have {len(visits):,} times, and a table has {_MOST} at most")
    matrix = residual_correlations(estimate.core, by, places)
    if correlation:
        return matrix, visits
    sd = _deviations(estimate, arguments, visits, by)
    return matrix * np.outer(sd, sd), visits


def _require_correlation(estimate: Estimate) -> None:
    """Refuse a fit whose residuals are not correlated, which have no groups to be tabulated."""
    asked = estimate.request.residual
    if asked is None or asked.term is None:
        raise DesignError(
            "residual_covariance(): the residuals of this fit are not correlated (it has no residual=), so that there "
            "are standard deviations alone: fit.residual_sd has those of rows, fit.residual_parameters() and "
            'fit.tidy(component="dispersion") what they depend on'
        )


def _levels(estimate: Estimate) -> list[str]:
    """Return the levels that have a covariance each; none where it is the same for all groups."""
    require_residual_parameters(estimate)
    _require_correlation(estimate)
    residual = estimate.data.residual
    assert residual is not None, "a fit whose residuals have parameters"
    return list(residual.arguments()["by_levels"])


def _level(levels: list[str], level: str | None) -> int:
    if level is None:
        return 0
    if level not in levels:
        known = f"there are {', '.join(map(repr, levels))}" if levels else "the covariance is the same for all groups"
        raise OptionError(f"level={level!r}: {known}{suggestion(level, levels)}")
    return levels.index(level)


def _visits(arguments: "ResidualArguments") -> tuple[list[str], list[float]]:
    """Return the visits, or the distinct times, or the rows of the largest group; and the place of each."""
    time, visit = arguments["time"], arguments["visit"]
    if arguments["visits"]:
        name = arguments["name"]
        whole = len(time) > 0 and name is not None and RESIDUAL_STRUCTURES[name].place == "whole"
        first = [int(np.argmax(visit == k)) for k in range(len(arguments["visits"]))]
        return list(arguments["visits"]), [float(time[i]) if whole else float(k) for k, i in enumerate(first)]
    if len(time):
        distinct = np.unique(time)
        return [f"{value:g}" for value in distinct], distinct.tolist()
    largest = int(np.bincount(arguments["group"]).max())
    return [str(k + 1) for k in range(largest)], [float(k) for k in range(largest)]


def _deviations(estimate: Estimate, arguments: "ResidualArguments", visits: list[str], by: int) -> NDArray[np.float64]:
    """Return the standard deviation at every visit."""
    found = residual_parameters(estimate)
    log_sd, n = found["log_sd"], found["n_visits"]
    if len(log_sd) > n + 1 or arguments["offset"].any() or estimate.request.weights is not None:
        raise DesignError(
            "standard deviations of the residuals depend on more than the visit: fit.residual_sd has those of rows, "
            "and residual_covariance(correlation=True) the correlations"
        )
    if n == 0:
        return np.full(len(visits), np.exp(log_sd[0]))
    levels = arguments["by_levels"]
    known = dict(zip(found["names"], log_sd[1:], strict=True))
    names = [f"{visit}, {levels[by]}" if levels else visit for visit in visits]
    # the first visit, of the first level, is the one that has no coefficient
    return np.exp([log_sd[0] + known.get(name, 0.0) for name in names])
