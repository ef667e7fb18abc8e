"""Predictions of the fixed part along one variable, with the band of their confidence intervals."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...errors import HlmrsError, name_in
from ...estimation import Estimate
from ...frame import CategoricalColumn, Column, plain_column
from ...inference import TestOptions
from ...marginal import At, ScaleVariables, held, marginal_means, places_in
from ...options import MeanScale, MeanWeights
from ..words import named, percent
from .places import along, line_labels, lines, scale_words, usual_scale


def effect(
    estimate: Estimate,
    x: str,
    by: "str | Sequence[str] | None",
    at: At | None,
    weights: MeanWeights,
    scale: MeanScale | None,
    options: TestOptions,
) -> Picture:
    """Return predictions along `x`, a line for each combination of `by` and for each category that there may be."""
    chosen = usual_scale(estimate) if scale is None else scale
    variables = ScaleVariables(estimate, chosen)
    (name,), others = variables.names(name_in("x", x), "x"), variables.names(by, "by")
    placed, called = lines(variables, others, along(variables, name, places_in(at)))
    table = marginal_means(estimate, name, others, placed, weights, chosen, options)
    categories = variables.categories([name, *others])
    labels = line_labels(table, [*others, *([categories.name] if categories else [])], called)
    is_factor = variables.axis(name, placed).factor is not None
    band = f"{'Bars' if is_factor else 'Bands'}: {percent(options.level)} confidence intervals of the mean."
    further = {
        "x": name,
        "places": _places(table[name]) if is_factor else None,
        "lines": labels,
        "by": ", ".join([*others, *([named(estimate)] if categories else [])]),
        "rug": None if is_factor else _rug(variables, name),
        "size": (6.4, 4.6),
        "panels": line_labels(table, others, called) if categories and others else None,
        "categories": line_labels(table, [categories.name], {}) if categories else None,
        "suptitle": f"{named(estimate)} and {named(estimate, name)}, by {', '.join(others)}",
    }
    title = f"{named(estimate)} and {named(estimate, name)}" + (f", by {', '.join(others)}" if others else "")
    note = " ".join(part for part in (band, held(variables.axes(placed), placed, [name, *others])) if part)
    return Picture(
        "effect",
        table,
        title,
        named(estimate, name),
        scale_words(estimate, chosen),
        _alt(table, further, note),
        note,
        further,
    )


def effect_panels(picture: Picture) -> list[Picture]:
    """Part a picture that has a line for each category and each combination of other variables: by the latter."""
    labels = picture.further["panels"]
    return [
        _panel(picture, label, [k for k, own in enumerate(labels) if own == label]) for label in dict.fromkeys(labels)
    ]


def _panel(picture: Picture, label: str, rows: list[int]) -> Picture:
    table = {name: _some(column, rows) for name, column in picture.table.items()}
    whole = picture.further
    further = {
        **whole,
        "lines": [whole["categories"][k] for k in rows],
        "places": None if whole["places"] is None else [whole["places"][k] for k in rows],
        "by": whole["by"].rpartition(", ")[2],
        "size": (3.4, 3.2),
        "note": picture.note,
    }
    alt = f"{label}. {_alt(table, further, '')}".strip()
    return replace(picture, table=table, title=label, alt=alt, note="", further=further)


def _some(column: Column, rows: list[int]) -> Column:
    if isinstance(column, CategoricalColumn):
        return replace(column, codes=column.codes[rows])
    return column[rows] if isinstance(column, np.ndarray) else [plain_column(column)[k] for k in rows]


def _places(column: object) -> list[str]:
    if isinstance(column, CategoricalColumn):
        return [column.levels[code] for code in column.codes]
    return [f"{value:.15g}" for value in np.asarray(column)]


def _rug(variables: ScaleVariables, name: str) -> "np.ndarray | None":
    """Return the values of the rows; none where they are not at hand."""
    try:
        return np.sort(variables.values(name))
    except HlmrsError:
        return None


def _alt(table: dict[str, Column], further: dict[str, Any], note: str) -> str:
    value, name = np.asarray(table["estimate"]), further["x"]
    labels = further["lines"] or [""] * len(value)
    places = further["places"] or [short(float(place)) for place in np.asarray(table[name])]
    parts = []
    for label in dict.fromkeys(labels):
        own = [k for k, other in enumerate(labels) if other == label]
        ends = own if further["places"] and len(own) <= 6 else [own[0], own[-1]]
        what = ", ".join(f"{short(float(value[k]))} at {places[k]}" for k in ends)
        parts.append(f"{label}: {what}" if label else what)
    of = f" by {further['by']}" if further["by"] else ""
    return f"Predictions along {name}{of}. {'; '.join(parts[:8])}. {note}"
