"""Marginal means, contrasts and slopes on draws: linear functions of the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..frame import Column, aside
from ..inference.degrees_of_freedom.functions import estimated_functions
from ..marginal import (
    At,
    ContrastChoice,
    LinearFunctions,
    contrasts_as_functions,
    means_as_functions,
    slopes_as_functions,
)
from .draws import Draws
from .summary import moments

Names = str | Sequence[str]


def means_table(draws: Draws, specs: Names, by: Names | None, at: At | None, weights: str) -> dict[str, Column]:
    """Tabulate marginal means."""
    return _table(draws, means_as_functions(draws.estimate, specs, by, at, weights), {})


def contrasts_table(
    draws: Draws, specs: Names, by: Names | None, at: At | None, weights: str, choice: ContrastChoice
) -> dict[str, Column]:
    """Tabulate contrasts of marginal means, each with the probability of being positive."""
    names, functions = contrasts_as_functions(draws.estimate, specs, by, at, weights, choice)
    return _table(draws, functions, {"contrast": names}, signed=True)


def slopes_table(draws: Draws, variable: str, by: Names | None, at: At | None, weights: str) -> dict[str, Column]:
    """Tabulate slopes, each with the probability of being positive."""
    functions = slopes_as_functions(draws.estimate, variable, by, at, weights)
    return _table(draws, functions, {"term": [variable] * len(functions)}, signed=True)


def _table(
    draws: Draws, functions: LinearFunctions, names: Mapping[str, Column], *, signed: bool = False
) -> dict[str, Column]:
    """Summarize linear functions; those that the data do not determine are missing."""
    kept, known = estimated_functions(draws.estimate, functions.matrix)
    values = np.where(known, draws.beta @ kept.T + functions.constant, np.nan).T
    numbers = moments({str(k): own for k, own in enumerate(values)})
    if signed:
        numbers["above_zero"] = np.where(known, (values > 0).mean(axis=1), np.nan)
    first = aside(functions.columns, {*names, *numbers})
    return {**names, **first, **numbers} if "term" in names else {**first, **names, **numbers}
