"""Planned rows as kinds of independent parts: the cross-products of each, and how many parts there are of it.

Rows that share no level of any grouping factor, directly or through others, are independent: schools with all that is
in them, or one part where all is crossed.  Parts of the same rows are of one kind, so that a balanced design of a
thousand schools costs as much as one of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..resources import require_memory
from .planned_model import PlannedModel, PlannedTerm

Matrix = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Kind:
    """Parts with the same rows.

    Columns of Z are those of the first term, level after level, then those of the next; `levels` counts the levels of
    each term.
    """

    count: int
    n_rows: int
    levels: Sequence[int]
    zz: Matrix
    zx: Matrix
    xx: Matrix


def kinds_of(model: PlannedModel, weights: Matrix | None = None) -> list[Kind]:
    """Sum every kind of independent parts once; `weights` are of the rows."""
    scale = np.ones(len(model.x)) if weights is None else np.sqrt(weights)
    x = model.x * scale[:, None]
    terms = [(term.codes, term.z * scale[:, None]) for term in model.random]
    found: dict[bytes, Kind] = {}
    for rows in _parts(model.random, len(x)):
        local = [_numbered(codes[rows]) for codes, _ in terms]
        z, own = [values[rows] for _, values in terms], x[rows]
        key = b"".join(np.ascontiguousarray(array).tobytes() for array in (*local, *z, own))
        known = found.get(key)
        found[key] = _summed(local, z, own) if known is None else replace(known, count=known.count + 1)
    return list(found.values())


def _parts(terms: Sequence[PlannedTerm], n: int) -> list[Codes]:
    """Return the rows of every independent part."""
    part = np.arange(n)
    while True:
        before = part
        for term in terms:
            least = np.full(int(term.codes.max(initial=-1)) + 1, n)
            np.minimum.at(least, term.codes, part)
            part = least[term.codes]
        if np.array_equal(part, before):
            break
    order = np.argsort(part, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(part[order])) + 1)


def _numbered(codes: Codes) -> Codes:
    """Return levels, numbered by their first rows."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.ravel()])


def _summed(local: Sequence[Codes], z: Sequence[Matrix], x: Matrix) -> Kind:
    """Compute the cross-products of one part."""
    levels = [int(codes.max()) + 1 for codes in local]
    widths = [values.shape[1] for values in z]
    q = sum(n * r for n, r in zip(levels, widths, strict=True))
    require_memory(8.0 * q * (len(x) + 4 * q), "the power of this design needs", "plan fewer levels that are crossed")
    whole, start, rows = np.zeros((len(x), q)), 0, np.arange(len(x))
    for codes, values, n, r in zip(local, z, levels, widths, strict=True):
        for k in range(r):
            whole[rows, start + codes * r + k] = values[:, k]
        start += n * r
    return Kind(1, len(x), levels, whole.T @ whole, whole.T @ x, x.T @ x)
