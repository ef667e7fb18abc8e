"""Probabilities of inequalities: ``"cses > 0"``, ``"a - b > 2"``, ``"sd(cses | school) < 1"``, ``"0 < a < 1"``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, FormulaError
from ..frame import Column
from ..hypotheses.equations import read_hypotheses
from .draws import Draws

Vector = NDArray[np.float64]

_SIGNS = re.compile(r"`(?:[^`\\]|\\.)*`|(<=|>=|<|>|==|=)")


def hypothesis_table(draws: Draws, hypotheses: str | Sequence[str]) -> dict[str, Column]:
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
    low, high = np.array([np.quantile(own, (0.05, 0.95)) for own in shown]).T
    return {
        "hypothesis": [text.strip() for text in texts],
        "difference": np.array([own.mean() for own in shown]),
        "q5": low,
        "q95": high,
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
    marks = [match for match in _SIGNS.finditer(text) if match[1]]
    if not marks or any(match[1] in ("=", "==") for match in marks):
        raise FormulaError(
            "expected an inequality, such as 'x > 0': a single value of a parameter has no probability", text, 0
        )
    ends = [0, *(match.end() for match in marks)]
    sides = [text[start : match.start()] for start, match in zip(ends, marks, strict=False)] + [text[ends[-1] :]]
    signs = [1.0 if ">" in match[1] else -1.0 for match in marks]
    gaps = [sign * _difference(draws, left, right) for (left, right), sign in zip(pairwise(sides), signs, strict=True)]
    return gaps, signs[0]


def _difference(draws: Draws, left: str, right: str) -> Vector:
    """Return left side less right side in every draw."""
    if not left.strip() or not right.strip():
        raise FormulaError("expected something on both sides", f"{left} ? {right}", 0)
    names, values = list(draws.values), np.column_stack(list(draws.values.values()))
    text = f"{left} = {right}"
    try:
        (linear,) = read_hypotheses(text, names)
        return np.asarray(values @ linear.weights - linear.value)
    except FormulaError as error:
        if "is not linear" not in str(error):
            raise
    return np.array([_at(text, names, own) for own in values])


def _at(text: str, names: Sequence[str], own: Vector) -> float:
    """Return left side less right side at one draw: a tangent touches there."""
    (tangent,) = read_hypotheses(text, names, own)
    return float(tangent.weights @ own) + tangent.rest - tangent.value
