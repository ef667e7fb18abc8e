"""Hypothesis matrices of terms: sequential (type 1), each after what does not contain it (2), marginal (3).

SAS/STAT User's Guide, "The Four Types of Estimable Functions"; Searle (1987), Linear Models for Unbalanced Data.
Types 2 and 3 do not depend on the coding of factors.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError, OptionError
from ..inference import CellDesign, CellTerm

Vector = NDArray[np.float64]

INTERCEPT = "(Intercept)"
_WRITTEN = {"I": 1, "II": 2, "III": 3, "1": 1, "2": 2, "3": 3}
_ZERO = 1e-8


def term_hypotheses(design: CellDesign, kind: Any) -> dict[str, Vector]:
    """Return, by term, L over the coefficients kept, of full row rank; a term may have no rows."""
    number = _WRITTEN.get(kind.strip().upper()) if isinstance(kind, str) else kind
    if isinstance(number, bool) or not isinstance(number, int | float | np.number) or number not in _KINDS:
        raise OptionError(f"type={kind!r}: choose 1, 2 or 3")
    return _KINDS[int(number)](design)


def contained_in(design: CellDesign, term: CellTerm) -> list[CellTerm]:
    """Return the terms that contain a term."""
    return [other for other in design.terms if other.contains(term)]


def tested(design: CellDesign) -> list[CellTerm]:
    """Return the terms but the intercept."""
    return [term for term in design.terms if term.name != INTERCEPT]


def _sequential(design: CellDesign) -> dict[str, Vector]:
    """Type 1: the rows of R in X = QR, in the order of the terms."""
    order = list(range(len(design.kept)))
    rows = _reduced(design, order)
    return {term.name: rows[_positions(design, term)] for term in tested(design)}


def _hierarchical(design: CellDesign) -> dict[str, Vector]:
    """Type 2: the same, with each term after all terms that do not contain it."""
    out = {}
    for term in tested(design):
        containing = [k for other in contained_in(design, term) for k in _positions(design, other)]
        own = _positions(design, term)
        before = [k for k in range(len(design.kept)) if k not in own and k not in containing]
        order = [*before, *own, *containing]
        rows = _reduced(design, order)
        out[term.name] = rows[len(before) : len(before) + len(own)]
    return out


def _marginal(design: CellDesign) -> dict[str, Vector]:
    """Type 3: functions of a term and those that contain it alone, orthogonal to all functions of the latter alone."""
    basis = _row_space(design)
    return {term.name: _marginal_rows(design, basis, term) for term in tested(design)}


_KINDS: dict[int, Callable[[CellDesign], dict[str, Vector]]] = {1: _sequential, 2: _hierarchical, 3: _marginal}


def _positions(design: CellDesign, term: CellTerm) -> list[int]:
    """Return where a term's coefficients are among those kept."""
    return [k for k, column in enumerate(design.kept) if column in term.coefficients]


def _reduced(design: CellDesign, order: Sequence[int]) -> Vector:
    """Return R of X = QR, its columns in `order`, as rows over the coefficients in their own order."""
    kept = np.array(design.kept, dtype=int)[list(order)]
    xx = design.xx[np.ix_(kept, kept)]
    scale = np.sqrt(np.diag(xx))
    upper = np.linalg.cholesky(xx / np.outer(scale, scale)).T * scale
    rows = np.zeros_like(upper)
    rows[:, list(order)] = upper
    return rows


def _row_space(design: CellDesign) -> Vector:
    """Return an orthonormal basis, as rows, of the functions of the cells that the data determine."""
    square = design.crossproduct
    if not design.kept:
        return np.zeros((0, len(square)))
    length = np.sqrt(np.diag(square))
    used = length > 0
    scaled = square[np.ix_(used, used)] / np.outer(length[used], length[used])
    values, vectors = np.linalg.eigh(scaled)
    rank = len(design.kept)
    if np.sum(values > 1e-12 * values[-1]) > rank:
        raise DesignError(
            "tests of type 3 need contrasts that span all levels of a factor, and some have fewer columns; "
            "use type=1 or type=2, or test the coefficients by name"
        )
    basis = np.zeros((rank, len(square)))
    basis[:, used] = vectors[:, -rank:].T * (length / _numeric_scale(design, length))[used]
    return np.asarray(np.linalg.qr(basis.T)[0].T)


def _numeric_scale(design: CellDesign, length: Vector) -> Vector:
    """Return one scale for the columns of terms that share a numeric part, so that no unit of measurement counts."""
    totals: dict[tuple[int, ...], float] = {}
    for term in design.terms:
        totals[term.numeric] = max(totals.get(term.numeric, 0.0), float(np.max(length[term.cells], initial=0.0)))
    scale = np.ones(len(length))
    for term in design.terms:
        scale[term.cells] = totals[term.numeric] or 1.0
    return scale


def _marginal_rows(design: CellDesign, basis: Vector, term: CellTerm) -> Vector:
    containing = contained_in(design, term)
    inside = np.zeros(basis.shape[1], dtype=bool)
    for part in [term, *containing]:
        inside[part.cells] = True
    own = _vanishing(basis, ~inside)
    above = np.zeros(basis.shape[1], dtype=bool)
    above[term.cells] = True
    higher = _vanishing(own, above) if containing else own[:0]
    rows = _orthonormal(own - own @ higher.T @ higher, len(own) - len(higher))
    length = np.sqrt(np.diag(design.crossproduct))
    return np.asarray((rows * _numeric_scale(design, length)) @ design.mapping[:, list(design.kept)])


def _vanishing(basis: Vector, where: NDArray[np.bool_]) -> Vector:
    """Return the part of a space, with an orthonormal basis of rows, that is zero at some coordinates."""
    if not where.any() or not len(basis):
        return basis
    left, values, _ = np.linalg.svd(basis[:, where], full_matrices=True)
    rank = int(np.sum(values > _ZERO))
    return np.asarray(left[:, rank:].T @ basis)


def _orthonormal(rows: Vector, rank: int) -> Vector:
    """Return an orthonormal basis of the space of some rows, of known dimension."""
    return np.asarray(np.linalg.svd(rows, full_matrices=False)[2][:rank])
