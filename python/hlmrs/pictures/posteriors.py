"""Draws of a posterior: intervals, densities beside the priors, pairs of parameters, ranks, replicated responses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..display import Picture
from ..display.numbers import short
from ..errors import OptionError, listed, suggestion
from ..formula.names import find_name
from ..posterior import Draws, observed, rank_draws, replicates
from ..priors import INTERCEPT, LKJ, Flat
from .checks.predictive import bandwidth, binned_density, predictive_panels
from .words import effects, named

Vector = NDArray[np.float64]

_QUANTILES = {"q5": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
_PLACES = 256
_MOST_OF_PAIRS = 4


def posterior_intervals(draws: Draws, parameters: Sequence[str] | None) -> Picture:
    """Return the middle 50 % and 90 % of parameters, by default of all but the intercept."""
    chosen = _chosen(draws, parameters, [name for name in draws.values if name != INTERCEPT])
    quantiles = np.array([np.quantile(draws.values[name], list(_QUANTILES.values())) for name in chosen])
    table = {"parameter": chosen, **dict(zip(_QUANTILES, quantiles.T, strict=True))}
    title = f"{named(draws.estimate)}: posterior intervals"
    pairs = zip(chosen, quantiles, strict=True)
    said = [f"{name} {short(row[2])} ({short(row[0])} to {short(row[4])})" for name, row in pairs]
    note = "Points: medians. Bars: the middle 50 % and 90 % of the draws."
    alt = f"{title}. Medians and the middle 90 %: {'; '.join(said[:12])}."
    further = {"size": (6.4, 1.8 + 0.35 * len(chosen))}
    return Picture("intervals", table, title, "Value", "", alt, note, further)


def posterior_densities(draws: Draws, parameters: Sequence[str] | None) -> list[Picture]:
    """Return densities of parameters, by default of all, beside those of their priors."""
    return [_density_of(draws, name) for name in _chosen(draws, parameters, list(draws.values))]


def _density_of(draws: Draws, name: str) -> Picture:
    values = draws.values[name]
    low, high = _ends(draws, name)
    places, density = _smoothed(values, low, high)
    prior = _prior_density(draws, name, places)
    table = {"parameter": [name] * len(places), "value": places, "density": density, "prior": prior}
    median, outer = np.median(values), np.quantile(values, [0.05, 0.95])
    alt = (
        f"Posterior density of {name}: median {short(float(median))}, the middle 90 % from {short(float(outer[0]))} to "
        f"{short(float(outer[1]))}."
    )
    return Picture("posterior_density", table, name, name, "Density", alt, "", {"interval": tuple(map(float, outer))})


def _ends(draws: Draws, name: str) -> tuple[float, float]:
    """Return the least and the largest value that a parameter can have."""
    kind = draws.parameters[name].kind
    if kind == "correlation":
        return -1.0, 1.0
    return (0.0, np.inf) if kind in ("sd", "sigma") else (-np.inf, np.inf)


def _smoothed(values: Vector, low: float, high: float) -> tuple[Vector, Vector]:
    """Return places and a kernel density there; what lies beyond an end is mirrored at it."""
    width = bandwidth(values)
    start, end = max(values.min() - 3 * width, low), min(np.quantile(values, 0.999) + 3 * width, high)
    reach = end - start
    edges = np.linspace(start - reach, end + reach, 3 * _PLACES + 1)
    whole = binned_density(values, edges, width)
    own = whole[_PLACES : 2 * _PLACES].copy()
    if start == low:
        own += whole[:_PLACES][::-1]
    if end == high:
        own += whole[2 * _PLACES :][::-1]
    middles = (edges[1:] + edges[:-1]) / 2
    return middles[_PLACES : 2 * _PLACES], own


def _prior_density(draws: Draws, name: str, places: Vector) -> Vector:
    """Return the density of the prior; missing where it is flat, or of something else than the parameter alone."""
    known = draws.priors.assigned.get(name)
    is_elsewhere = name == INTERCEPT and len(draws.priors.coefficients) > 1
    if known is None or is_elsewhere or isinstance(known.prior, Flat | LKJ):
        return np.full(len(places), np.nan)
    return np.exp(known.prior.log_density(places))


def posterior_pairs(draws: Draws, parameters: Sequence[str] | None) -> list[Picture]:
    """Return pairs of parameters, by default of the first variance parameters."""
    usual = [name for name, one in draws.parameters.items() if one.kind != "fixed"]
    chosen = _chosen(draws, parameters, (usual if len(usual) > 1 else list(draws.values))[:_MOST_OF_PAIRS])
    if len(chosen) < 2:
        raise OptionError(f"pairs are of two parameters or more; the model has {listed(list(draws.values))}")
    return [_pair(draws, x, y) for k, y in enumerate(chosen) for x in chosen[:k]]


def _pair(draws: Draws, x: str, y: str) -> Picture:
    table = {"x": [x] * draws.n, "y": [y] * draws.n, "x_value": draws.values[x], "y_value": draws.values[y]}
    correlation = float(np.corrcoef(draws.values[x], draws.values[y])[0, 1])
    words = f"Correlation of the draws: {correlation:.2f}."
    return Picture("pair", table, f"{y} and {x}", x, y, f"Draws of {y} over {x}. {words}", words)


def posterior_ranks(draws: Draws, group: str | None, effect: str | None) -> Picture:
    """Return groups by their mean ranks, the lowest first."""
    g, name, own, ranks = rank_draws(draws, group, effect)
    levels, n = draws.estimate.layout.groups[g], ranks.shape[1]
    expected, quarter = ranks.mean(axis=0), max(1, n // 4)
    low, high = np.quantile(ranks, [0.05, 0.95], axis=0)
    columns = {
        "mean": own.mean(axis=0),
        "expected_rank": expected,
        "rank_low": low,
        "rank_high": high,
        "bottom_quarter": (ranks <= quarter).mean(axis=0),
        "top_quarter": (ranks > n - quarter).mean(axis=0),
    }
    order = np.argsort(expected, kind="stable")
    labels = [levels.levels[k] for k in order]
    table: dict[str, Any] = {"level": labels, **{key: column[order] for key, column in columns.items()}}
    title = f"{named(draws.estimate)}: posterior ranks of {levels.name} by {effects(name)}"
    ends = [f"{levels.levels[k]}, rank {expected[k]:.1f} ({low[k]:.0f} to {high[k]:.0f})" for k in order[[0, -1]]]
    alt = f"{title}. Lowest: {ends[0]}; highest: {ends[1]}."
    size = (6.4, 2.0 + 0.2 * max(n, 5) if n <= 40 else 6.0)
    further = {"labels": labels, "level": "90 %", "size": size}
    return Picture("ranks", table, title, "Rank", levels.name, alt, "", further)


def posterior_predictive(draws: Draws, group: str | None, n: int) -> list[Picture]:
    """Return the distribution of the response, and of the means of groups, beside replicated responses."""
    return predictive_panels(draws.estimate, group, observed(draws), replicates(draws, n))


def _chosen(draws: Draws, given: Sequence[str] | None, usual: Sequence[str]) -> list[str]:
    """Return names of parameters."""
    if given is None:
        return list(usual) or list(draws.values)
    names = [given] if isinstance(given, str) else list(given)
    known = list(draws.values)
    for name in names:
        if find_name(name, known) is None:
            raise OptionError(f"there is no parameter {name!r}{suggestion(name, known)}; there are {listed(known)}")
    return [str(find_name(name, known)) for name in names]
