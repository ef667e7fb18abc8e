"""What planned rows will tell: the covariance of the coefficients, and that of the variance parameters by REML.

With P = V⁻¹ - V⁻¹X C X'V⁻¹ and C = (X'V⁻¹X)⁻¹ the expected information of variance parameters is tr(P Vᵢ P Vⱼ) / 2,
where Vᵢ = Z Eᵢ Z' is the slope of V, and the identity for σ².  All of it follows from the cross-products of Z and X:
Z'PZ is block diagonal over independent parts, less one matrix of the rank of X, and traces with σ² follow from PVP = P.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError
from .kinds import Kind

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Codes = NDArray[np.intp]

_SINGULAR = 1e-11


@dataclass(frozen=True, slots=True)
class TermCovariance:
    """The covariance of a random term, whose entries beside the diagonal are parameters if they are free."""

    matrix: Matrix
    is_correlated: bool

    def entries(self) -> list[tuple[int, int]]:
        """Return the entries that are parameters."""
        r = len(self.matrix)
        pairs = [(a, b) for a in range(r) for b in range(a, r)]
        return pairs if self.is_correlated else [(a, a) for a in range(r)]


@dataclass(frozen=True, slots=True)
class Information:
    """The covariance C of the coefficients, its slopes in the variance parameters, and their covariance.

    Where variances are known there are neither slopes nor a covariance.
    """

    covariance: Matrix
    slopes: Matrix
    of_variances: Matrix


@dataclass(frozen=True, slots=True)
class _Part:
    """A kind of parts: Z'V⁻¹Z, Z'V⁻¹X, X'V⁻¹X, and the products of Z'V⁻¹Z with the slopes E."""

    count: int
    b: Matrix
    u: Matrix
    h: Matrix
    places: list[tuple[Codes, Codes]]


def expected_information(kinds: Sequence[Kind], terms: Sequence[TermCovariance], sigma: float) -> Information:
    """Return the expected information of a linear mixed model of these rows, fitted by REML."""
    parts = [_part(kind, terms, sigma) for kind in kinds]
    covariance = _covariance(parts)
    values = np.array([term.matrix[entry] for term in terms for entry in term.entries()])
    inner = [
        sum((part.count * _inner(part, k) for part in parts), np.zeros_like(covariance)) for k in range(len(values))
    ]
    slopes = np.stack([*inner, _inner_sigma(parts, inner, values, sigma)])
    n_rows = sum(kind.count * kind.n_rows for kind in kinds)
    traces = _traces(parts, covariance, inner, values, sigma, n_rows)
    return Information(covariance, covariance @ slopes @ covariance, 2 * _inverse(traces))


def known_variances(kinds: Sequence[Kind], terms: Sequence[TermCovariance], sigma: float) -> Information:
    """Return the information of the coefficients where nothing is asked of variances."""
    covariance = _covariance([_part(kind, terms, sigma) for kind in kinds])
    p = len(covariance)
    return Information(covariance, np.zeros((0, p, p)), np.zeros((0, 0)))


def _covariance(parts: Sequence[_Part]) -> Matrix:
    return np.asarray(np.linalg.inv(sum(part.count * part.h for part in parts)), dtype=np.float64)


def _part(kind: Kind, terms: Sequence[TermCovariance], sigma: float) -> _Part:
    """Compute by V⁻¹ = (I - ZΛ (Λ'Z'ZΛ + σ²I)⁻¹ Λ'Z') / σ²."""
    root = np.zeros_like(kind.zz)
    for at, term in zip(_blocks(kind, terms), terms, strict=True):
        factor = _root(term.matrix)
        for first in at:
            root[first : first + len(factor), first : first + len(factor)] = factor
    s_root = kind.zz @ root
    middle = root.T @ s_root
    middle[np.diag_indices_from(middle)] += sigma**2
    solved = np.linalg.solve(middle, np.hstack([s_root.T, root.T @ kind.zx]))
    q = len(kind.zz)
    b = (kind.zz - s_root @ solved[:, :q]) / sigma**2
    u = (kind.zx - s_root @ solved[:, q:]) / sigma**2
    h = (kind.xx - (root.T @ kind.zx).T @ solved[:, q:]) / sigma**2
    return _Part(kind.count, 0.5 * (b + b.T), u, 0.5 * (h + h.T), list(_places(kind, terms)))


def _blocks(kind: Kind, terms: Sequence[TermCovariance]) -> Iterator[range]:
    """Yield where the levels of every term begin among the columns of Z."""
    start = 0
    for n, term in zip(kind.levels, terms, strict=True):
        r = len(term.matrix)
        yield range(start, start + n * r, r)
        start += n * r


def _places(kind: Kind, terms: Sequence[TermCovariance]) -> Iterator[tuple[Codes, Codes]]:
    """Yield where the slope of every parameter is one: an entry beside the diagonal is there in both its places."""
    for at, term in zip(_blocks(kind, terms), terms, strict=True):
        first = np.array(at, dtype=np.intp)
        for a, b in term.entries():
            both = a != b
            yield (
                np.concatenate([first + a, first + b]) if both else first + a,
                np.concatenate([first + b, first + a]) if both else first + b,
            )


def _root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _inner(part: _Part, k: int) -> Matrix:
    """Return X'V⁻¹ Vₖ V⁻¹X of a part."""
    left, right = part.places[k]
    return part.u[left].T @ part.u[right]


def _inner_sigma(parts: Sequence[_Part], inner: Sequence[Matrix], values: Vector, sigma: float) -> Matrix:
    """Return X'V⁻²X: σ² times it is X'V⁻¹X less what the random effects have of it."""
    whole = sum(part.count * part.h for part in parts)
    return np.asarray((whole - sum(g * m for g, m in zip(values, inner, strict=True))) / sigma**2)


def _traces(
    parts: Sequence[_Part], c: Matrix, inner: Sequence[Matrix], values: Vector, sigma: float, n_rows: int
) -> Matrix:
    """Return tr(P Vᵢ P Vⱼ), σ² last."""
    m = len(values)
    traces, single = np.zeros((m + 1, m + 1)), np.zeros(m)
    for part in parts:
        traces[:m, :m] += part.count * _own_traces(part, c)
        single += part.count * np.array([part.b[left, right].sum() for left, right in part.places])
    around = [c @ slope for slope in inner]
    single -= np.array([np.trace(a) for a in around])
    traces[:m, :m] += np.array([[np.sum(a * b.T) for b in around] for a in around]).reshape(m, m)
    with_sigma = (single - traces[:m, :m] @ values) / sigma**2
    traces[:m, m] = traces[m, :m] = with_sigma
    all_p = (n_rows - len(c) - single @ values) / sigma**2
    traces[m, m] = (all_p - with_sigma @ values) / sigma**2
    return traces


def _own_traces(part: _Part, c: Matrix) -> Matrix:
    """Return tr(B Eᵢ B Eⱼ) - 2 tr(C U'Eᵢ B Eⱼ U)."""
    moved = []
    for left, right in part.places:
        product = np.zeros_like(part.b)
        product[:, right] = part.b[:, left]
        moved.append(product)
    taken = [_slope_times(part.u, left, right) for left, right in part.places]
    m = len(moved)
    out = np.empty((m, m))
    for i in range(m):
        for j in range(i, m):
            crossed = taken[i].T @ part.b @ taken[j]
            out[i, j] = out[j, i] = np.sum(moved[i] * moved[j].T) - 2 * np.sum(c * crossed)
    return out


def _slope_times(u: Matrix, left: Codes, right: Codes) -> Matrix:
    out = np.zeros_like(u)
    out[left] = u[right]
    return out


def _inverse(traces: Matrix) -> Matrix:
    """Return the inverse, of parameters in whatever units."""
    size = np.sqrt(np.maximum(np.diag(traces), 0.0))
    if not (size > 0).all() or np.linalg.eigvalsh(traces / np.outer(size, size))[0] < _SINGULAR:
        raise DesignError(
            "these rows cannot tell the variances of the random effects and of the residuals apart, as where a level "
            "has one row, or few levels several random effects; plan more rows of each, or a simpler random part"
        )
    return np.asarray(np.linalg.inv(traces / np.outer(size, size)) / np.outer(size, size))
