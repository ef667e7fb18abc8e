"""The tables of random effects: variances, their shares and their correlations, of every part."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..._core import Structure
from ...display import DisplayColumn, Section, Table
from ...display.numbers import short, write_column, write_fixed
from ...estimation import Estimate, RandomPart, random_parts
from ...estimation.layout import RandomTermLayout
from ...formula import STRUCTURES
from ...inference import (
    RESIDUAL,
    distance_parameter,
    placed_name,
    variance_shares,
)

_MOST_LAGS = 6
"""Correlations of a structure that are shown."""

_RANDOM = {
    "conditional": "Random effects",
    "zero_inflation": "Random effects of the zero part",
    "dispersion": "Random effects of the dispersion",
    "scale": "Random effects of the scale",
}


def random_effects(estimate: Estimate) -> list[Section]:
    """Tabulate the variance components of every part, with correlations to the terms before each on the same group."""
    own = [_of_linear(estimate)] if estimate.has_residual else []
    parts = {name: part for name, part in random_parts(estimate).items() if not part.has_residual}
    return own + [_without_residual(part, _RANDOM[name]) for name, part in parts.items()]


@dataclass(frozen=True, slots=True)
class _Effect:
    """A row of the table of random effects: a variance, or a correlation that several effects share."""

    factor: int
    term: str
    variance: float
    correlations: Sequence[float] = ()


def _effects(estimate: Estimate | RandomPart) -> list[_Effect]:
    """List the effects of every random term: with their correlations, or what their structure has in their place."""
    found: list[_Effect] = []
    for term, covariance in zip(estimate.layout.random, estimate.core.covariances(), strict=True):
        structure, variances = STRUCTURES[term.structure], np.diag(covariance).tolist()
        if structure.is_placed or (structure.correlated and not _has_all(structure, term) and len(variances) > 2):
            found += _structured(term, covariance)
            continue
        of_pairs = _correlations(covariance) if structure.correlated else [[] for _ in variances]
        found += [_Effect(term.group, *own) for own in zip(term.columns, variances, of_pairs, strict=True)]
    return found


def _has_all(structure: Structure, term: RandomTermLayout) -> bool:
    """Whether users read a standard deviation of every effect and the correlation of every two."""
    n = len(term.columns)
    return len(structure.reported(list(term.columns), "")) == n * (n + 1) // 2


def _structured(term: RandomTermLayout, covariance: NDArray[np.float64]) -> list[_Effect]:
    """List the parameters of a structure: a standard deviation for all effects or one each, then correlations."""
    sd = np.sqrt(np.diag(covariance))
    reported = STRUCTURES[term.structure].reported(list(term.columns), "")
    places = [(row, column) for _, row, column, kind in reported if kind != "distance"]
    deviations = [row for row, column in places if row == column]
    names = [placed_name(term)] if len(deviations) == 1 else [term.columns[k] for k in deviations]
    found = [_Effect(term.group, name, float(sd[k] ** 2)) for name, k in zip(names, deviations, strict=True)]
    pairs = [(row, column) for row, column in places if row != column]
    for row, column in pairs[:_MOST_LAGS]:
        scale = float(sd[row] * sd[column])
        value = float(covariance[row, column]) / scale if scale > 0 else np.nan
        name = f"{term.structure} correlation" + (f", lag {row - column}" if len(pairs) > 1 else "")
        found.append(_Effect(term.group, name, np.nan, [value]))
    for name, _, _, kind in reported:
        if kind == "distance":
            value = distance_parameter(term, covariance)[2]
            found.append(_Effect(term.group, f"{name.partition('(')[0]} {short(value)}", np.nan))
    return found


def _of_linear(estimate: Estimate) -> Section:
    """Tabulate the residual too, where its variance is the same in all rows of a weight."""
    asked = estimate.request.residual
    has_one = asked is None or asked.has_one_variance
    return _with_residual(estimate) if has_one else _without_residual(estimate, "Random effects")


def _with_residual(estimate: Estimate) -> Section:
    effects, n = _effects(estimate), len(estimate.layout.groups)
    shares = list(variance_shares(estimate).values())
    factors = [effect.factor for effect in effects] + [n]
    of_rows = [shares[k] if k not in factors[:row] else np.nan for row, k in enumerate(factors)]
    known = "" if estimate.request.sigma is None else "fixed"
    columns = _columns_of_effects(estimate, [*effects, _Effect(n, known, estimate.residual_variance)], RESIDUAL)
    if not np.isnan(shares).all():
        columns.insert(4, DisplayColumn("share", [_percent(share) for share in of_rows]))
    return Section("Random effects", Table(columns))


def _without_residual(estimate: Estimate | RandomPart, title: str) -> Section:
    """Tabulate variances of random effects that no residual stands beside."""
    return Section(title, Table(_columns_of_effects(estimate, _effects(estimate), "")))


def _columns_of_effects(estimate: Estimate | RandomPart, effects: Sequence[_Effect], last: str) -> list[DisplayColumn]:
    groups = [*estimate.layout.group_names, last]
    variance = [effect.variance for effect in effects]
    return [
        _once([groups[effect.factor] for effect in effects]),
        DisplayColumn("term", [effect.term for effect in effects], False),
        DisplayColumn("variance", write_column(variance)),
        DisplayColumn("sd", write_column(np.sqrt(variance))),
        *_correlation_columns([effect.correlations for effect in effects]),
    ]


def _once(groups: Sequence[str]) -> DisplayColumn:
    """Name a group in the first of its rows."""
    return DisplayColumn("group", [name if name != before else "" for before, name in pairwise(["", *groups])], False)


def _correlation_columns(correlations: Sequence[Sequence[float]]) -> list[DisplayColumn]:
    """Lay out correlations with the effects before, a list for each row."""
    columns = []
    for k in range(max(map(len, correlations), default=0)):
        cells = [write_fixed(corr[k], 3) if k < len(corr) else "" for corr in correlations]
        columns.append(DisplayColumn("" if k else "correlation", cells))
    return columns


def _correlations(covariance: NDArray[np.float64]) -> list[list[float]]:
    """Return each effect's correlations with the effects before it; NaN where one of the two has no variance."""
    sd = np.sqrt(np.diag(covariance))
    return [
        [float(covariance[k, j] / (sd[k] * sd[j])) if sd[k] * sd[j] > 0 else np.nan for j in range(k)]
        for k in range(len(sd))
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share == share else ""
