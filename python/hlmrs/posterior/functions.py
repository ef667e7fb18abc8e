"""Marginal means, contrasts and slopes on draws: linear functions of the coefficients, or what a link makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..frame import Column, aside
from ..inference.degrees_of_freedom.functions import estimated_functions
from ..marginal import (
    At,
    ContrastChoice,
    LinearFunctions,
    contrasts_as_functions,
    means_as_functions,
    require_one_predictor,
    slopes_as_functions,
)
from ..prediction import response_scale
from .draws import Draws
from .summary import moments

Vector = NDArray[np.float64]
Names = str | Sequence[str]


def means_table(
    draws: Draws, specs: Names, by: Names | None, at: At | None, weights: str, scale: str, level: float
) -> dict[str, Column]:
    """Tabulate marginal means, of the linear predictor or of the response at random effects of zero."""
    functions = means_as_functions(draws.estimate, specs, by, at, weights)
    return _table(functions, _on_scale(draws, _drawn(draws, functions), scale), {}, level)


def contrasts_table(
    draws: Draws,
    specs: Names,
    by: Names | None,
    at: At | None,
    weights: str,
    choice: ContrastChoice,
    level: float,
) -> dict[str, Column]:
    """Tabulate contrasts of marginal means, each with the probability of being positive, or as a ratio above one."""
    means, compared, turn = contrasts_as_functions(draws.estimate, specs, by, at, weights, choice)
    names = {"contrast": compared.names}
    if turn is None:
        values = _combined(_on_scale(draws, _drawn(draws, means), "response"), compared.weights)
        return _table(compared.functions, values, names, level, above=0)
    values = turn.factor * _drawn(draws, compared.functions)
    is_ratio = turn.column != "estimate"
    return _table(compared.functions, np.exp(values) if is_ratio else values, names, level, above=int(is_ratio))


def slopes_table(
    draws: Draws, variable: str, by: Names | None, at: At | None, weights: str, level: float
) -> dict[str, Column]:
    """Tabulate slopes, each with the probability of being positive."""
    functions = slopes_as_functions(draws.estimate, variable, by, at, weights)
    return _table(functions, _drawn(draws, functions), {"term": [variable] * len(functions)}, level, above=0)


def _drawn(draws: Draws, functions: LinearFunctions) -> Vector:
    """Return linear functions in every draw (functions x draws), NaN where the data do not determine them."""
    kept, known = estimated_functions(draws.estimate, functions.matrix)
    return np.asarray(np.where(known, draws.beta @ kept.T + functions.constant, np.nan).T)


def _on_scale(draws: Draws, values: Vector, scale: str) -> Vector:
    """Turn linear predictors back."""
    if scale == "link":
        return values
    require_one_predictor(draws.estimate, scale)
    return response_scale(draws.estimate, scale).median(values)


def _combined(values: Vector, weights: Sequence[Vector]) -> Vector:
    """Return combinations of every so many rows as the next of the weights has columns."""
    ends = np.cumsum([part.shape[1] for part in weights])[:-1]
    return np.concatenate([part @ own for part, own in zip(weights, np.split(values, ends), strict=True)])


def _table(
    functions: LinearFunctions, values: Vector, names: Mapping[str, Column], level: float, *, above: int | None = None
) -> dict[str, Column]:
    """Summarize functions of the draws, each with the probability of being above a number."""
    numbers = moments(list(values), level)
    if above is not None:
        known = ~np.isnan(values).any(axis=1)
        numbers["above_one" if above else "above_zero"] = np.where(known, (values > above).mean(axis=1), np.nan)
    first = aside(functions.columns, {*names, *numbers})
    return {**names, **first, **numbers} if "term" in names else {**first, **names, **numbers}
