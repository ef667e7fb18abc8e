"""How far apart the places of a random term, or of residuals, are: the units of ranges and rates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..inference import term_names

Vector = NDArray[np.float64]


def scales_of_places(estimate: Estimate, names: Sequence[str]) -> dict[str, float]:
    """Return the scale of ranges and rates, by name.

    A range is measured by the spread of the places, a rate, which is one over a distance, by that between neighbours.
    """
    found = _of_residuals(estimate, names)
    for k, (group, _) in enumerate(term_names(estimate)):
        places = _places_of_term(estimate, k)
        if places is not None:
            own = [name for name in names if name in (f"range({group})", f"rate({group})")]
            found |= _scales(own, _spread(places), _step(places))
    return found


def _scales(names: Sequence[str], spread: float, step: float) -> dict[str, float]:
    scales = {name: 1 / step if name.startswith("rate") and step > 0 else spread for name in names}
    return {name: scale for name, scale in scales.items() if scale > 0}


def _of_residuals(estimate: Estimate, names: Sequence[str]) -> dict[str, float]:
    rows = None if estimate.request.residual is None else estimate.data.residual
    if rows is None or rows.own is None or rows.own.time is None:
        return {}
    time, group = rows.own.time[rows.own.known], rows.own.group.codes[rows.own.known]
    order = np.lexsort((time, group))
    steps = np.diff(time[order])[np.diff(group[order]) == 0]
    return _scales(names, float(time.std()), _median_of_positive(steps))


def _places_of_term(estimate: Estimate, k: int) -> Vector | None:
    """Return the places (columns x coordinates) of a term; None of one without places."""
    terms = estimate.request.spec.random
    term = terms[k] if len(terms) == len(estimate.layout.random) else None
    if term is None or not term.places:
        return None
    pattern = ":".join(f"{re.escape(factor.name)}(.+)" for factor in term.terms[0].factors)
    matches = [re.fullmatch(pattern, name) for name in estimate.layout.random[k].columns]
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
