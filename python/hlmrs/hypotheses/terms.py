"""Hypothesis matrices of terms: sequential (type 1), each after what does not contain it (2), marginal (3).

SAS/STAT User's Guide, "The Four Types of Estimable Functions"; Searle (1987), Linear Models for Unbalanced Data.
Types 2 and 3 do not depend on the coding of factors.
"""

from collections.abc import Callable
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
    rows = _KINDS[type_number(kind)](design)
    return {name: own[:, design.implied :] for name, own in rows.items()}


def type_number(kind: Any) -> int:
    """Return the type of hypotheses that is meant: 3 for ``"III"``."""
    number = _WRITTEN.get(kind.strip().upper()) if isinstance(kind, str) else kind
    if isinstance(number, bool) or not isinstance(number, int | float | np.number) or number not in _KINDS:
        raise OptionError(f"type={kind!r}: choose 1, 2 or 3")
    return int(number)


def contained_in(design: CellDesign, term: CellTerm) -> list[CellTerm]:
    """Return the terms that contain a term."""
    return [other for other in design.terms if other.contains(term)]


def tested(design: CellDesign) -> list[CellTerm]:
    """Return the terms but the intercept."""
    return [term for term in design.terms if term.name != INTERCEPT]


def _sequential(design: CellDesign) -> dict[str, Vector]:
    """Type 1: the rows of R in X = QR, in the order of the terms."""
    kept = list(design.kept)
    xx = design.xx[np.ix_(kept, kept)]
    scale = np.sqrt(np.diag(xx))
    rows = np.linalg.cholesky(xx / np.outer(scale, scale)).T * scale
    return {term.name: rows[_positions(design, term)] for term in tested(design)}


def _hierarchical(design: CellDesign) -> dict[str, Vector]:
    """Type 2: the same, with each term after all terms that do not contain it.

    Of R only the term's own rows are needed.  X'X without the part that the terms before explain is the inverse of a
    block of (X'X)^-1: that of the term and those that contain it.
    """
    kept = list(design.kept)
    xx = design.xx[np.ix_(kept, kept)]
    scale = np.sqrt(np.diag(xx))
    inverse = np.linalg.inv(xx / np.outer(scale, scale))
    out = {}
    for term in tested(design):
        own = _positions(design, term)
        after = [*own, *(k for other in contained_in(design, term) for k in _positions(design, other))]
        left = np.linalg.inv(inverse[np.ix_(after, after)])[: len(own)]
        rows = np.zeros((len(own), len(kept)))
        rows[:, after] = np.linalg.solve(np.linalg.cholesky(left[:, : len(own)]), left)
        out[term.name] = rows * scale
    return out


def _marginal(design: CellDesign) -> dict[str, Vector]:
    """Type 3: functions of a term and those that contain it alone, orthogonal to all functions of the latter alone."""
    length = np.sqrt(np.diag(design.crossproduct))
    scale, nothing = _numeric_scale(design, length), _null_space(design, length)
    return {term.name: _marginal_rows(design, nothing, length > 0, scale, term) for term in tested(design)}


_KINDS: dict[int, Callable[[CellDesign], dict[str, Vector]]] = {1: _sequential, 2: _hierarchical, 3: _marginal}


def _positions(design: CellDesign, term: CellTerm) -> list[int]:
    """Return where a term's coefficients are among those kept."""
    return [k for k, column in enumerate(design.kept) if column in term.coefficients]


def _null_space(design: CellDesign, length: Vector) -> Vector:
    """Return an orthonormal basis, as rows, of what the columns of the cells have no use for: Z times it is zero.

    A function of the cells is determined by the data if it is orthogonal to all of it.  Cells without rows have zeros.
    """
    used = length > 0
    if not design.kept or not used.any():
        return np.zeros((0, len(length)))
    scaled = design.crossproduct[np.ix_(used, used)] / np.outer(length[used], length[used])
    values, vectors = np.linalg.eigh(scaled)
    n_null = len(values) - len(design.kept)
    if np.sum(values > 1e-12 * values[-1]) > len(design.kept):
        raise DesignError(
            "tests of type 3 need contrasts that span all levels of a factor, and some have fewer columns; "
            "use type=1 or type=2, or test the coefficients by name"
        )
    basis = np.zeros((n_null, len(length)))
    basis[:, used] = vectors[:, :n_null].T * (_numeric_scale(design, length) / np.where(used, length, 1.0))[used]
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


def _marginal_rows(
    design: CellDesign, nothing: Vector, used: NDArray[np.bool_], scale: Vector, term: CellTerm
) -> Vector:
    containing = contained_in(design, term)
    cells = [k for part in [term, *containing] for k in range(part.cells.start, part.cells.stop) if used[k]]
    above = np.array([not term.cells.start <= k < term.cells.stop for k in cells], dtype=bool)
    own = _orthogonal_to(nothing[:, cells])
    higher = np.zeros((int(above.sum()), len(cells)))
    higher[:, above] = np.eye(len(higher))
    higher = _orthogonal_to(nothing[:, np.array(cells, dtype=int)[above]]) @ higher
    rows = _orthonormal(own - own @ higher.T @ higher, len(own) - len(higher))
    return np.asarray((rows * scale[cells]) @ design.mapping[np.ix_(cells, list(design.kept))])


def _orthogonal_to(rows: Vector) -> Vector:
    """Return an orthonormal basis of all that is orthogonal to some rows."""
    if not rows.size:
        return np.eye(rows.shape[1])
    _, values, right = np.linalg.svd(np.linalg.qr(rows, mode="r"), full_matrices=True)
    return np.asarray(right[int(np.sum(values > _ZERO)) :])


def _orthonormal(rows: Vector, rank: int) -> Vector:
    """Return an orthonormal basis of the space of some rows, of known dimension."""
    return np.asarray(np.linalg.svd(rows, full_matrices=False)[2][:rank])
