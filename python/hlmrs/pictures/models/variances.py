"""Where the variance is, by source and level, of one model or of several beside each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...effectsize import VarianceChoice, decomposition_table, generalized_parts
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import RESIDUAL
from ..words import named
from .names import labels_of


def variances(estimates: Sequence[Estimate], names: Sequence[str] | None, absolute: bool) -> Picture:
    """Return the variance of every source at every level, model by model."""
    labels = labels_of(estimates, names)
    rows = [(label, *row) for label, estimate in zip(labels, estimates, strict=True) for row in _sources(estimate)]
    value = np.array([row[3] for row in rows])
    total = {label: sum(row[3] for row in rows if row[0] == label) for label in labels}
    share = np.array([row[3] / total[row[0]] if total[row[0]] > 0 else np.nan for row in rows])
    table: dict[str, Any] = {
        "model": [row[0] for row in rows],
        "level": [row[1] for row in rows],
        "source": [row[2] for row in rows],
        "variance": value,
        "share": share,
    }
    response = named(estimates[0])
    title = f"{response}: variance by source and level"
    words = [
        (f"{label}: " if len(labels) > 1 else "")
        + ", ".join(f"{row[1]} {row[2]} {100 * part:.0f} %" for row, part in _of(rows, share, label))
        for label in labels
    ]
    on_link = any(isinstance(estimate, GeneralizedEstimate) for estimate in estimates)
    note = "On the scale of the link, with the variance of the family." if on_link else ""
    totals = [short(total[label]) if len(labels) == 1 else f"{label} {short(total[label])}" for label in labels]
    note += f" Total: {', '.join(totals)}."
    further = {"absolute": absolute, "models": labels, "size": (7.2, 1.9 + 0.55 * len(labels))}
    x = "Variance" if absolute else "Share of the variance"
    return Picture("variances", table, title, x, "", f"{title}. {'; '.join(words)}.", note.strip(), further)


def _of(rows: list[Any], share: np.ndarray, label: str) -> list[tuple[Any, float]]:
    return [(row, part) for row, part in zip(rows, share, strict=True) if row[0] == label and part >= 0.005]


def _sources(estimate: Estimate) -> list[tuple[str, str, float]]:
    """Return level, source and variance, groups before rows; those of nothing left out."""
    if isinstance(estimate, GeneralizedEstimate):
        parts = generalized_parts(estimate, VarianceChoice(None, "conditional"))
        random = [(group, "random", float(value)) for group, value in parts.random.items()]
        found = [*random, (RESIDUAL, "fixed", float(parts.fixed)), (RESIDUAL, "residual", float(parts.residual))]
    else:
        table = decomposition_table(estimate)
        columns: list[Any] = [table["level"], table["source"], np.asarray(table["variance"])]
        found = [(str(level), str(source), float(value)) for level, source, value in zip(*columns, strict=True)]
    order = [*dict.fromkeys(level for level, *_ in found if level != RESIDUAL), RESIDUAL]
    return sorted((row for row in found if row[2] > 0), key=lambda row: order.index(row[0]))
