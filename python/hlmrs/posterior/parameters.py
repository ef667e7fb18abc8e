"""What of a linear model can have a prior, and how large its numbers are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from .._core import posterior_slots
from ..errors import DesignError, quote
from ..estimation import Estimate
from ..inference import term_names
from ..priors import DataScales, Parameter, coefficient, of_term
from ..priors.parameters import ParameterKind
from .places import Slot, formula_terms, scales_of_places, scales_of_times

Vector = NDArray[np.float64]

NORMAL_MAD = 1.4826
_KINDS: dict[str, ParameterKind] = {
    "sd": "sd",
    "sigma": "sd",
    "correlation_matrix": "correlations",
    "correlation": "correlation",
    "distance": "positive",
    "log_sd": "real",
}


def parameters_with_priors(estimate: Estimate) -> list[Parameter]:
    """Return the parameters: coefficients, then those that the core has priors of, in its order."""
    terms = term_names(estimate)
    slots = posterior_slots(estimate.core, terms)
    return with_names_of_their_own([*map(coefficient, estimate.layout.coef_names), *of_slots(terms, slots)])


def with_names_of_their_own(found: list[Parameter]) -> list[Parameter]:
    """Return parameters, or refuse two of one name."""
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise DesignError(f"two parameters have the name {quote(name)}, and none can have a prior: rename a column")
    return found


def of_slots(names: Sequence[tuple[str, list[str]]], slots: Sequence[Slot]) -> Iterator[Parameter]:
    """Yield the parameters that the core has priors of; `names`: grouping factor and columns of random terms."""
    whole = [names[slot[2]][0] for slot in slots if slot[1] == "correlation_matrix"]
    for term, own in groupby(slots, lambda slot: slot[2]):
        mine = list(own)
        kinds = {slot[1] for slot in mine}
        if term < 0 or not kinds <= {"sd", "correlation_matrix"} or len(mine) < len(names[term][1]):
            yield from (_of_structure(slot, names) for slot in mine)
            continue
        group, columns = names[term]
        yield from of_term(group, columns, "correlation_matrix" in kinds, alone=whole.count(group) < 2)


def _of_structure(slot: Slot, names: Sequence[tuple[str, list[str]]]) -> Parameter:
    """Return a parameter of the residuals, or of a random term with a structure."""
    name, kind, term, column = slot
    group, columns = names[term] if term >= 0 else ("", [])
    if kind == "sd":
        return Parameter(name, "sd", (f"sd({group})", "sd"), columns[column])
    if kind == "correlation":
        return Parameter(name, "correlation", (f"cor({group})", "cor") if group else (), low=-1.0, high=1.0)
    return Parameter(name, _KINDS[kind])


def has_rows(estimate: Estimate) -> bool:
    """Whether the rows are there, whose units default priors have."""
    return estimate.has_values and estimate.rows_if_kept is not None


def scales_of(estimate: Estimate) -> DataScales:
    """Measure the response, less its offset, and the columns of coefficients and of varying effects."""
    offset = estimate.rows.offset()
    y = estimate.values.response if offset is None else estimate.values.response - offset
    sd = float(y.std(ddof=1)) if len(y) > 1 else 0.0
    slots = posterior_slots(estimate.core, term_names(estimate))
    terms = formula_terms(estimate.request.spec.random, [term.columns for term in estimate.layout.random])
    others = scales_of_places(terms, slots) | scales_of_times(estimate, slots)
    return DataScales(float(y.mean()), sd, *middle_of(y), spreads_of(estimate), cells_of(estimate), others=others)


def middle_of(y: Vector) -> tuple[float, float]:
    """Return median and scaled median absolute deviation."""
    median = float(np.median(y))
    return median, NORMAL_MAD * float(np.median(np.abs(y - median)))


def spreads_of(estimate: Estimate) -> dict[str, float]:
    """Return the standard deviations of the columns of coefficients and of varying effects."""
    layout = estimate.layout
    x = estimate.rows.model_matrix()
    found = {name: float(x[:, k].std()) for k, name in enumerate(layout.columns)}
    for term, z in zip(layout.random, estimate.term_matrices(), strict=True):
        own = dict(zip(term.columns, z.std(axis=0).tolist(), strict=True))
        found = {**own, **found}
    return found


def cells_of(estimate: Estimate) -> frozenset[str]:
    """Return columns of varying effects that code the levels of a factor: one of them is one in every row."""
    found = frozenset[str]()
    for term, z in zip(estimate.layout.random, estimate.term_matrices(), strict=True):
        if bool((((z == 0) | (z == 1)).all()) and (z.sum(axis=1) <= 1).all()) and len(term.columns) > 1:
            found |= frozenset(term.columns)
    return found


def means_of_columns(estimate: Estimate) -> Vector:
    """Return the means of the columns of the estimated coefficients over the rows used."""
    return np.asarray(estimate.rows.model_matrix()[:, list(estimate.layout.kept)].mean(axis=0))
