"""Posteriors of linear models of many responses, one after the other, and their table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns
from ..control import count, seed_or_new
from ..errors import ArgumentError, DesignError, HlmrsError, OptionError
from ..estimation import Request, columns_estimate
from ..estimation.parts import RESPONSE
from ..frame import Column, rows_of
from ..posterior import Draws, draw_posterior, verdict_of
from ..resources import Progress
from .linear import parameters_of_rows

Matrix = NDArray[np.float64]
Kind = tuple[str, str | None, str | None]
_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "effective")


@dataclass(frozen=True, slots=True)
class PosteriorOptions:
    """What is drawn of every response."""

    priors: Any
    draws: int
    seed: int


def posterior_options(priors: Any, draws: Any, seed: Any) -> PosteriorOptions:
    """Check the options."""
    return PosteriorOptions(priors, count("draws", draws), seed_or_new(seed))


def posterior_table(
    request: Request, options: PosteriorOptions, columns: Columns, values: Matrix, names: list[str], level: float
) -> dict[str, Column]:
    """Draw from the posterior of every response, and tabulate means, standard deviations and quantiles."""
    parts: list[dict[str, Any]] = []
    with Progress("responses", len(names)) as progress:
        for k, (name, y) in enumerate(zip(names, values, strict=True)):
            try:
                parts.append(
                    _rows(name, _drawn(request, replace(options, seed=(options.seed + k) % 2**64), columns, y), level)
                )
            except (ArgumentError, OptionError):
                raise  # what was asked for suits no response
            except HlmrsError as error:
                parts.append(_failed(name, str(error).split("\n")[0]))
            progress.reach(k + 1)
    return {
        column: np.concatenate([part[column] for part in parts])
        if column in (*_NUMBERS, "n_obs")
        else [value for part in parts for value in part[column]]
        for column in parts[0]
    }


def _drawn(request: Request, options: PosteriorOptions, columns: Columns, y: Matrix) -> Draws:
    """Fit one response to the rows that it has, and draw from its posterior."""
    known = np.flatnonzero(~np.isnan(y))
    arrays = {**{name: own[known] for name, own in request.arrays.items()}, RESPONSE: y[known]}
    estimate = columns_estimate(replace(request, arrays=arrays), rows_of(columns, known), "dict")
    return draw_posterior(estimate, options.priors, options.draws, options.seed, "auto")


def _rows(name: str, draws: Draws, level: float) -> dict[str, Any]:
    fixed: list[Kind] = [("fixed", None, name) for name in draws.estimate.layout.coef_names]
    random = [kind for kind in parameters_of_rows(draws.estimate.rows) if kind[0] != "fixed"]
    kinds = [*fixed, *random, ("sd", "Residual", None)]
    named = [f"{name}" if effect == "fixed" else f"{effect}({name} | {group}" for effect, group, name in fixed + random]
    drawn_names = list(draws.values)
    pairs = zip(drawn_names, [*named, "sigma"], strict=False)
    if len(kinds) != len(drawn_names) or not all(own.startswith(name) for own, name in pairs):
        raise DesignError(
            "posteriors of many responses are of random terms without a structure, and of independent residuals"
        )
    drawn, n = np.array(list(draws.values.values())), len(kinds)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=1)
    verdict = verdict_of(draws)
    return {
        "response": [name] * n,
        **{part: [kind[k] for kind in kinds] for k, part in enumerate(("effect", "group", "term"))},
        "estimate": drawn.mean(axis=1),
        "std_error": drawn.std(axis=1, ddof=1),
        "conf_low": low,
        "conf_high": high,
        "effective": np.array([draws.worth(own) for own in drawn]),
        "n_obs": np.full(n, draws.estimate.layout.n_rows),
        "status": ["trusted" if verdict.trusted else "not trusted"] * n,
        "reason": [None if verdict.trusted else verdict.explain().split("\n")[0]] * n,
    }


def _failed(name: str, reason: str) -> dict[str, Any]:
    return {
        "response": [name],
        "effect": ["fixed"],
        "group": [None],
        "term": [None],
        **{column: np.array([np.nan]) for column in _NUMBERS},
        "n_obs": np.array([0]),
        "status": ["failed"],
        "reason": [reason],
    }
