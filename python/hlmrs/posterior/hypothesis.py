"""Probabilities of inequalities: ``"cses > 0"``, ``"a - b > 2"``, ``"sd(cses | school) < 1"``, ``"0 < a < 1"``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..frame import Column
from ..hypotheses.equations import NotLinearError, read_inequalities
from .draws import Draws
from .summary import tails

Vector = NDArray[np.float64]


def hypothesis_table(draws: Draws, hypotheses: str | Sequence[str], level: float) -> dict[str, Column]:
    """Tabulate the probability of every hypothesis, and what is compared: left side less right side.

    Of two inequalities in one it is the smaller of both gaps, which is negative where the hypothesis does not hold.
    """
    texts = _texts(hypotheses)
    found = [_compared(draws, text) for text in texts]
    holds = [np.logical_and.reduce([gap > 0 for gap in gaps]).astype(float) for gaps, _ in found]
    shown = [sign * gaps[0] if len(gaps) == 1 else np.minimum.reduce(gaps) for gaps, sign in found]
    probability = np.array([own.mean() for own in holds])
    with np.errstate(divide="ignore"):
        odds = probability / (1 - probability)
    low, high = np.array([np.quantile(own, tails(level)) for own in shown]).T
    return {
        "hypothesis": [text.strip() for text in texts],
        "difference": np.array([own.mean() for own in shown]),
        "conf_low": low,
        "conf_high": high,
        "probability": probability,
        "mcse": np.array([draws.mcse(own) for own in holds]),
        "odds": odds,
    }


def _texts(hypotheses: Any) -> list[str]:
    texts = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    if not isinstance(texts, Iterable) or not (found := list(texts)) or not all(isinstance(own, str) for own in found):
        raise ArgumentError(f"hypothesis({hypotheses!r}): give a text such as 'x > 0', or a list of them")
    return found


def endless_odds(columns: Mapping[str, Column], n: int) -> list[str]:
    """Return a note of odds that are infinite, where a hypothesis holds in every draw: a bound from below."""
    if n < 2 or not np.isinf(np.asarray(columns["odds"], dtype=np.float64)).any():
        return []
    return [f"Odds of ∞: it holds in all {n:,} draws, so that the odds are > {n - 1:,}, as far as these can tell."]


def _compared(draws: Draws, text: str) -> tuple[list[Vector], float]:
    """Return what is positive where the hypothesis holds, and the sign that makes it left less right."""
    sides, signs = _sides(draws, text)
    ways = [1.0 if ">" in sign else -1.0 for sign in signs]
    return [way * (left - right) for (left, right), way in zip(pairwise(sides), ways, strict=True)], ways[0]


def _sides(draws: Draws, text: str) -> tuple[list[Vector], list[str]]:
    """Return all sides in every draw: of what is not linear the tangent at a draw touches there."""
    names, values = list(draws.values), np.column_stack(list(draws.values.values()))
    try:
        sides, signs = read_inequalities(text, names)
        return [values @ side.weights + side.constant for side in sides], signs
    except NotLinearError:
        read = [read_inequalities(text, names, own) for own in values]
    own = [[side.at(beta) for side in sides] for (sides, _), beta in zip(read, values, strict=True)]
    return list(np.array(own).T), read[0][1]
