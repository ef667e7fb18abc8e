"""Generalized models of many responses, fitted one after the other, and their table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..errors import HlmrsError
from ..estimation import Request
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.generalized_many import fit_each, many_request
from ..estimation.parts import RESPONSE
from ..families import Family
from ..frame import Column, columns_of
from ..inference import variance_components, wald
from ..resources import Progress

Matrix = NDArray[np.float64]


def generalized_table(
    request: Request, family: Family, kind: str, columns: Columns, values: Matrix, names: list[str], level: float
) -> dict[str, Column]:
    """Fit generalized models and tabulate them; of a response that cannot be fitted there is one row."""
    asked = many_request(replace(request, arrays=_without_response(request)), family)
    for name, array in asked.mean.arrays.items():
        columns.add_numeric(name, array)
    parts: list[tuple[Any, ...]] = []
    estimates: list[NDArray[np.float64]] = []
    with Progress("responses", len(names)) as progress:
        for k, found in enumerate(fit_each(asked, kind, columns, values, names)):
            for row, numbers in _rows_of_fit(found):
                parts.append((names[k], *row))
                estimates.append(numbers)
            progress.reach(k + 1)
    estimate, std_error = np.array(estimates).T
    tests = wald(estimate, std_error, np.where(np.isnan(std_error), np.nan, np.inf), level)
    text = columns_of(("response", "effect", "group", "term"), [part[:4] for part in parts], _TEXT)
    rest = columns_of(("n_obs", "criterion", "status", "reason"), [part[4:] for part in parts], _TEXT)
    return {**text, **tests.columns(), **rest}


_TEXT = ("response", "effect", "group", "term", "status", "reason")


def _without_response(request: Request) -> dict[str, NDArray[np.float64]]:
    return {name: array for name, array in request.arrays.items() if name != RESPONSE}


def _rows_of_fit(found: GeneralizedEstimate | HlmrsError) -> Iterator[tuple[tuple[Any, ...], NDArray[np.float64]]]:
    """Yield what a response has estimates of, and each estimate with its standard error."""
    nothing = np.array([np.nan, np.nan])
    if isinstance(found, HlmrsError):
        yield ("fixed", None, None, np.nan, np.nan, "failed", str(found)), nothing
        return
    end = (float(found.layout.n_rows), found.core.criterion, found.verdict.status, found.verdict.reason)
    for part in sorted(found.parts, key=lambda name: name != "conditional"):
        own, se = found.parts[part], np.sqrt(np.diag(found.own.covariance_of(part)))
        for name, pair in zip(own.names, zip(found.own.coefficients_of(part), se, strict=True), strict=True):
            yield ("fixed" if part == "conditional" else part, None, name, *end), np.array(pair)
        if part == "conditional":
            for name in own.dropped:
                yield ("fixed", None, name, *end), nothing
    for group, term1, term2, _, sd, corr in variance_components(found):
        effect, term, value = ("sd", term1, sd) if term2 is None else ("cor", f"{term1}, {term2}", corr)
        yield (effect, group, term, *end), np.array([value, np.nan])
