"""How far apart the places of a random term, or of residuals, are: the units of ranges and rates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..formula.random_term import RandomTerm

Vector = NDArray[np.float64]
Slot = tuple[str, str, int, int]
"""Name, kind, random term and column of it; -1 for parameters of the residuals."""
Terms = Sequence[tuple[RandomTerm | None, Sequence[str]]]
"""Random terms as the formula has them, if each there is one of the model, with their columns."""


def scales_of_places(terms: Terms, slots: Sequence[Slot]) -> dict[str, float]:
    """Return the scale of ranges and rates of random terms, by name.

    A range is measured by the spread of the places, a rate, which is one over a distance, by that between neighbours.
    """
    found = dict[str, float]()
    for name, kind, k, _ in slots:
        places = _places_of_term(*terms[k]) if kind == "distance" and k >= 0 else None
        if places is not None:
            found |= _scales([name], _spread(places), _step(places))
    return found


def formula_terms(terms: Sequence[RandomTerm], columns: Sequence[Sequence[str]]) -> Terms:
    """Put terms of a formula beside the columns of those of the model, where there are as many."""
    own = terms if len(terms) == len(columns) else [None] * len(columns)
    return list(zip(own, columns, strict=True))


def _scales(names: Sequence[str], spread: float, step: float) -> dict[str, float]:
    scales = {name: 1 / step if name.startswith("rate") and step > 0 else spread for name in names}
    return {name: scale for name, scale in scales.items() if scale > 0}


def scales_of_times(estimate: Estimate, slots: Sequence[Slot]) -> dict[str, float]:
    """Return the scale of ranges and rates of residuals, by name."""
    names = [name for name, kind, k, _ in slots if kind == "distance" and k < 0]
    rows = None if estimate.request.residual is None else estimate.data.residual
    if rows is None or rows.own is None or rows.own.time is None:
        return {}
    time, group = rows.own.time[rows.own.known], rows.own.group.codes[rows.own.known]
    order = np.lexsort((time, group))
    steps = np.diff(time[order])[np.diff(group[order]) == 0]
    return _scales(names, float(time.std()), _median_of_positive(steps))


def _places_of_term(term: RandomTerm | None, columns: Sequence[str]) -> Vector | None:
    """Return the places (columns x coordinates) of a term; None of one without places."""
    if term is None or not term.places:
        return None
    pattern = ":".join(f"{re.escape(factor.name)}(.+)" for factor in term.terms[0].factors)
    matches = [re.fullmatch(pattern, name) for name in columns]
    return np.array([[float(number) for number in match.groups()] for match in matches if match is not None])


def _spread(places: Vector) -> float:
    return float(np.sqrt(places.var(axis=0).sum()))


def _step(places: Vector) -> float:
    """Return the median distance from a place to the nearest other one; along a line to the next one."""
    if places.shape[1] == 1:
        return _median_of_positive(np.diff(np.sort(places[:, 0])))
    nearest = [np.linalg.norm(np.delete(places, k, axis=0) - own, axis=1).min() for k, own in enumerate(places)]
    return _median_of_positive(np.array(nearest))


def _median_of_positive(steps: Vector) -> float:
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
