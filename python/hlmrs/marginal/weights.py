"""Contrasts by name: for the labels of k means, named rows of k weights that sum to zero."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, OptionError, choose
from ..frame import by_name

Vector = NDArray[np.float64]
Named = dict[str, Vector]
Method = "str | Mapping[str, Any]"

_POLYNOMIALS = ("linear", "quadratic", "cubic", "quartic")
_HIGHEST_DEGREE = 6


def chosen_method(method: Any) -> Any:
    """Return the method that a name means, or weights as they are."""
    if isinstance(method, Mapping):
        return method
    if not isinstance(method, str):
        raise ArgumentError(f"method={method!r}: give a name, or a dictionary of weights")
    turned = "; 'pairwise' has the same differences with the other sign" if method == "revpairwise" else ""
    return choose("method", method, _MAKERS, {"pairs": "pairwise"}, f", or give a dictionary of weights{turned}")


def contrast_weights(
    method: "str | Mapping[str, Any]", labels: Sequence[str], reference: str | None = None, *, ratios: bool = False
) -> Named:
    """Return the contrasts of a method, named as differences or `ratios`; a mapping gives weights by its own names."""
    if isinstance(method, Mapping):
        return {str(name): _own(str(name), weights, labels) for name, weights in method.items()}
    name = chosen_method(method)
    if reference is not None and name not in ("reference", "trt.vs.ctrl"):
        raise OptionError(f"reference={reference!r} belongs to method='reference', not to {name!r}")
    if len(labels) < 2:
        raise OptionError(f"method={name!r} compares means, and there is but one: {labels[0]}")
    return _MAKERS[name](labels, reference, " / " if ratios else " - ")


def _pairwise(labels: Sequence[str], _: str | None, sign: str) -> Named:
    n = len(labels)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    return {_two(labels[i], labels[j], sign): _row(n, {i: 1.0, j: -1.0}) for i, j in pairs}


def _reference(labels: Sequence[str], reference: str | None, sign: str) -> Named:
    if reference is not None:
        reference = choose("reference", reference, labels)
    base = 0 if reference is None else list(labels).index(reference)
    others = [i for i in range(len(labels)) if i != base]
    return {_two(labels[i], labels[base], sign): _row(len(labels), {i: 1.0, base: -1.0}) for i in others}


def _consecutive(labels: Sequence[str], _: str | None, sign: str) -> Named:
    n = len(labels)
    return {_two(labels[i + 1], labels[i], sign): _row(n, {i + 1: 1.0, i: -1.0}) for i in range(n - 1)}


def _effects(labels: Sequence[str], *_: str | None) -> Named:
    n = len(labels)
    return {f"{label} effect": np.eye(n)[i] - 1 / n for i, label in enumerate(labels)}


def _helmert(labels: Sequence[str], _: str | None, sign: str) -> Named:
    """Every mean but the first against the mean of those before it; of logarithms that is the geometric one."""
    n, mean = len(labels), "geometric mean" if sign == " / " else "mean"
    rows = {}
    for i in range(1, n):
        before = _in(labels[0], sign) if i == 1 else f"{mean}({', '.join(labels[:i])})"
        rows[f"{_in(labels[i], sign)}{sign}{before}"] = _row(n, {i: 1.0} | dict.fromkeys(range(i), -1 / i))
    return rows


def _polynomial(labels: Sequence[str], *_: str | None) -> Named:
    """Orthogonal polynomials on equally spaced places, as the smallest whole numbers."""
    n = len(labels)
    degrees = range(1, min(n - 1, _HIGHEST_DEGREE) + 1)
    names = [_POLYNOMIALS[d - 1] if d <= len(_POLYNOMIALS) else f"degree {d}" for d in degrees]
    basis: list[list[Fraction]] = [[Fraction(1)] * n]
    for degree in degrees:
        powers = [Fraction(x) ** degree for x in range(n)]
        for other in basis:
            slope = _dot(powers, other) / _dot(other, other)
            powers = [p - slope * o for p, o in zip(powers, other, strict=True)]
        basis.append(powers)
    return {name: _whole(row) for name, row in zip(names, basis[1:], strict=True)}


_MAKERS: Mapping[str, Callable[[Sequence[str], str | None, str], Named]] = {
    "pairwise": _pairwise,
    "reference": _reference,
    "trt.vs.ctrl": _reference,
    "consecutive": _consecutive,
    "poly": _polynomial,
    "eff": _effects,
    "helmert": _helmert,
}


def _own(name: str, weights: Any, labels: Sequence[str]) -> Vector:
    """Read weights that the user gave."""
    if isinstance(weights, Mapping):
        unknown = [label for label in weights if str(label) not in labels]
        if unknown:
            raise OptionError(f"contrast {name!r}: there is no mean {unknown[0]!r}, but {', '.join(map(repr, labels))}")
        by_label = {str(label): weight for label, weight in weights.items()}
        weights = [by_label.get(label, 0.0) for label in labels]
    row = np.asarray(by_name(f"contrast {name!r}", weights, labels), dtype=float)
    if row.shape != (len(labels),):
        raise OptionError(f"contrast {name!r} has {row.size} weights for {len(labels)} means: {', '.join(labels)}")
    return row


def _row(n: int, entries: Mapping[int, float]) -> Vector:
    row = np.zeros(n)
    row[list(entries)] = list(entries.values())
    return row


def _two(one: str, other: str, sign: str) -> str:
    return f"{_in(one, sign)}{sign}{_in(other, sign)}"


def _in(label: str, sign: str) -> str:
    return f"({label})" if " - " in label or sign in label else label


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def _whole(row: Sequence[Fraction]) -> Vector:
    scale = math.lcm(*(value.denominator for value in row))
    whole = [int(value * scale) for value in row]
    return np.array(whole, dtype=float) / math.gcd(*whole)
