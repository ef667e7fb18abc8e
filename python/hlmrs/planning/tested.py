"""What will be tested, a coefficient, a term or hypotheses in words; and the coefficients thought to be true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, OptionError, listed, mapping_in, suggestion
from ..formula.names import find_name
from ..hypotheses.equations import read_hypotheses
from .numbers import number

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """L beta = value: one row is tested by t, several by F."""

    name: str
    rows: Matrix
    value: Vector

    def effect(self, beta: Vector) -> Vector:
        """Return how far the coefficients are from the hypothesis."""
        return np.asarray(self.rows @ beta - self.value)


def named_effects(effects: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, float]:
    """Return coefficients by their names in the model, however they were written.

    >>> named_effects({"sector:treat": 0.2}, ["(Intercept)", "treat", "treat:sector"])
    {'treat:sector': 0.2}
    """
    read: dict[str, float] = {}
    for name, value in mapping_in("effects", effects, "{'treat': 0.3}").items():
        found = find_name(str(name), names)
        if found is None:
            raise OptionError(
                f"effects: the model has no coefficient {name!r}{suggestion(str(name), names)}; it has {listed(names)}"
            )
        if found in read:
            raise OptionError(f"effects: {name!r} is given twice, as the coefficient {found!r}; give it once")
        read[found] = number(f"effects of {name!r}", value)
    return read


def read_effects(effects: Mapping[str, Any] | None, names: Sequence[str]) -> Vector:
    """Return all coefficients; those of which nothing is said are zero."""
    read = named_effects(effects, names)
    return np.array([read.get(name, 0.0) for name in names])


def read_tests(
    test: Any, beta: Vector, names: Sequence[str], column_terms: Sequence[int], terms: Sequence[str]
) -> list[Hypotheses]:
    """Return what is tested, by default every coefficient that is not zero, but for the intercept."""
    if test is None:
        chosen = [name for name, value in zip(names, beta, strict=True) if value and name != "(Intercept)"]
        if not chosen:
            raise OptionError("test: all effects are zero; say what is tested, such as test='treat'")
        test = chosen
    texts = [test] if isinstance(test, str) else list(test) if isinstance(test, Sequence) else []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ArgumentError(f"test={test!r}: give a coefficient, a term or a hypothesis, or a list of them")
    return [_tested(text, names, column_terms, terms) for text in texts]


def _tested(text: str, names: Sequence[str], column_terms: Sequence[int], terms: Sequence[str]) -> Hypotheses:
    found = find_name(text, names)
    if found is not None:
        return Hypotheses(found, np.eye(len(names))[[list(names).index(found)]], np.zeros(1))
    term = find_name(text, terms)
    if term is not None:
        number = list(terms).index(term) + 1
        own = [k for k, of in enumerate(column_terms) if of == number]
        return Hypotheses(term, np.eye(len(names))[own], np.zeros(len(own)))
    hypotheses = read_hypotheses(text, names)
    rows = np.stack([hypothesis.weights for hypothesis in hypotheses])
    if np.linalg.matrix_rank(rows) < len(rows):
        raise OptionError(f"test={text!r}: one of these hypotheses follows from the others; leave it out")
    return Hypotheses(text, rows, np.array([hypothesis.value for hypothesis in hypotheses]))
