"""Where the variables of a picture stand, those along its axis and those of its lines, and what is predicted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...display.numbers import short
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...frame import CategoricalColumn, Column
from ...marginal import At, ScaleVariables
from ...options import MeanScale
from ..words import named, scale_of

Vector = NDArray[np.float64]
_POINTS = 81


def along(variables: ScaleVariables, name: str, at: At) -> At:
    """Put a covariate at many places over its range, unless it is placed already; a factor has its levels."""
    if name in at or variables.axis(name, at).factor is not None:
        return at
    values = variables.values(name)
    return {**at, name: np.linspace(values.min(), values.max(), _POINTS).tolist()}


def lines(variables: ScaleVariables, names: Sequence[str], at: At) -> tuple[At, dict[str, dict[float, str]]]:
    """Put covariates that lines differ by at their mean and a standard deviation to each side, with names of these."""
    placed = variables.moderator_places(names, at)
    called: dict[str, dict[float, str]] = {}
    for name in names:
        if name in placed and name not in at:
            words = ("mean - 1 SD", "mean", "mean + 1 SD")
            called[name] = {float(v): f"{word} ({short(v)})" for v, word in zip(placed[name], words, strict=True)}
    return placed, called


def line_labels(table: dict[str, Column], names: Sequence[str], called: dict[str, dict[float, str]]) -> list[str]:
    """Return what the line of every row of a table is called; nothing where there is one line."""
    parts = [[_label(value, called.get(name, {})) for value in _values(table[name])] for name in names]
    return [", ".join(own) for own in zip(*parts, strict=True)]


def usual_scale(estimate: Estimate, ordered: MeanScale = "prob") -> MeanScale:
    """Return the scale that a prediction is shown on: the response's; of `ordered` categories another."""
    return ordered if isinstance(estimate, GeneralizedEstimate) and estimate.family.name == "cumulative" else "response"


_OF_CATEGORIES = {
    "prob": "Probability",
    "cumulative": "Probability of this or a lower category",
    "exceedance": "Probability of a higher category",
    "mean.class": "Expected category",
    "response": "Expected category",
}


def scale_words(estimate: Estimate, scale: str) -> str:
    """Say what is predicted."""
    response = named(estimate)
    if not isinstance(estimate, GeneralizedEstimate):
        return _of_linear(estimate, scale, response)
    if scale == "link":
        return f"Linear predictor of {response} ({estimate.family.link})"
    if estimate.family.name == "cumulative":
        numbers = f", 1 to {len(estimate.categories)}" if scale in ("response", "mean.class") else ""
        return f"{_OF_CATEGORIES[scale]} ({response}{numbers})"
    if scale == "zprob":
        return f"Probability of zero by the zero part ({response})"
    if estimate.levels is not None:
        return f"Probability of {response} = {estimate.levels[1]}"
    if estimate.family.name in ("binomial", "betabinomial"):
        return f"Probability ({response})"
    without = scale == "conditional" and "zero_inflation" in estimate.parts
    return f"Mean {response}" + (" without the zero part" if without else "")


def _of_linear(estimate: Estimate, scale: str, response: str) -> str:
    columns = [column.name for column in estimate.request.spec.response.columns()]
    if scale == "link" or not columns or estimate.layout.response in columns:
        return f"Predicted {response}"
    return f"{'Median' if scale == 'response' else 'Mean'} response, from {response}"


def scale_of_slopes(estimate: Estimate) -> str:
    """Say on which scale slopes are."""
    words = scale_of(estimate)
    return f", {words}" if words else ""


def _label(value: Any, called: dict[float, str]) -> str:
    if isinstance(value, str):
        return value
    return called.get(float(value), short(float(value)))


def _values(column: Column) -> list[Any]:
    if isinstance(column, CategoricalColumn):
        return [column.levels[code] for code in column.codes]
    return list(np.asarray(column))
