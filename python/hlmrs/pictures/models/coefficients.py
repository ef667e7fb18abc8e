"""Coefficients of one model or several, with their intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...effectsize import standardized_table
from ...errors import OptionError
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import TestOptions, fixed_table
from ..words import named, percent, scale_of
from .names import labels_of, legend_of

_INTERCEPT = "(Intercept)"


def coefficients(
    estimates: Sequence[Estimate],
    names: Sequence[str] | None,
    standardized: bool,
    intercept: bool,
    options: TestOptions,
) -> Picture:
    """Return the fixed effects of every model, in the order in which they first come."""
    labels = labels_of(estimates, names)
    rows = [
        (label, *row)
        for label, estimate in zip(labels, estimates, strict=True)
        for row in _of_model(estimate, standardized, options)
        if intercept or row[0] != _INTERCEPT
    ]
    if not rows:
        raise OptionError("there are no coefficients to draw; intercept=True draws intercepts")
    numbers = np.array([row[2:] for row in rows])
    table: dict[str, Any] = {
        "model": [row[0] for row in rows],
        "term": [row[1] for row in rows],
        **dict(zip(("estimate", "std_error", "conf_low", "conf_high"), numbers.T, strict=True)),
    }
    response = named(estimates[0])
    title = f"{response}: {'standardized ' if standardized else ''}coefficients"
    bars = f"Bars: {percent(options.level)} confidence intervals."
    note = " ".join(part for part in (bars, legend_of(estimates, labels) if len(estimates) > 1 else "") if part)
    away = sum(low > 0 or high < 0 for low, high in numbers[:, 2:])
    of = f" of {len(labels)} models" if len(labels) > 1 else ""
    alt = f"{title}{of}. {away} of {len(rows)} intervals exclude zero. "
    alt += "; ".join(f"{row[0]} {row[1]} {short(row[2])}" if of else f"{row[1]} {short(row[2])}" for row in rows[:12])
    terms = list(dict.fromkeys(table["term"]))
    scale = next((words for words in map(scale_of, estimates) if words), "")
    x = "Standardized coefficient" if standardized else "Coefficient" + (f" ({scale})" if scale else "")
    further = {"models": labels, "terms": terms, "size": (6.4, 1.8 + len(terms) * (0.25 + 0.12 * len(labels)))}
    return Picture("coefficients", table, title, x, "", f"{alt}. {note}", note, further)


def _of_model(estimate: Estimate, standardized: bool, options: TestOptions) -> list[tuple[Any, ...]]:
    if standardized and isinstance(estimate, GeneralizedEstimate):
        raise OptionError("standardized=True is of linear models: a generalized one has no standard deviation of y")
    found = standardized_table(estimate, options) if standardized else fixed_table(estimate, options)
    columns: list[Any] = [found[name] for name in ("term", "estimate", "std_error", "conf_low", "conf_high")]
    return [row for row in zip(*columns, strict=True) if np.isfinite(row[1])]
