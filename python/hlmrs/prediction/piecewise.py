"""Splines as piecewise polynomials: what a basis is between two knots, read off the basis itself."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..splines import SplineBasis

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """From `start` on, columns are Σ coefficients[k] ((x - center) / scale)^k."""

    start: float
    center: float
    scale: float
    coefficients: Matrix


def spline_columns(x: Any, basis: SplineBasis) -> list[Any]:
    """Write the columns of a spline of `x`."""
    import polars as pl

    pieces = _pieces(basis)
    columns = []
    for k in range(pieces[0].coefficients.shape[1]):
        column = pl.when(x < pieces[1].start).then(_polynomial(x, pieces[0], k))
        for piece, after in pairwise(pieces[1:]):
            column = column.when(x < after.start).then(_polynomial(x, piece, k))
        columns.append(column.when(x.is_not_null()).then(_polynomial(x, pieces[-1], k)))
    return columns


def _pieces(basis: SplineBasis) -> list[Piece]:
    """Interpolate every column between knots, and beyond the outer ones, at as many points as it has coefficients."""
    degree = int(basis.settings.get("degree", 3))
    lower, upper = float(basis.settings["lower_bound"]), float(basis.settings["upper_bound"])
    inner = [float(knot) for knot in basis.settings["knots"] if lower < knot < upper]
    knots = np.unique([lower, *inner, upper])
    ends = np.concatenate([[lower - (upper - lower)], knots, [upper + (upper - lower)]])
    return [
        _piece(basis, degree, first, last, -np.inf if k == 0 else first)
        for k, (first, last) in enumerate(pairwise(ends))
    ]


def _piece(basis: SplineBasis, degree: int, first: float, last: float, start: float) -> Piece:
    center, scale = (first + last) / 2, (last - first) / 2
    # Chebyshev points: no column is evaluated at a knot, where two pieces meet
    t = np.cos(np.pi * (2 * np.arange(degree + 1) + 1) / (2 * degree + 2))
    values = basis.matrix(center + scale * t)
    return Piece(start, center, scale, np.linalg.solve(np.vander(t, increasing=True), values))


def _polynomial(x: Any, piece: Piece, column: int) -> Any:
    """Write one column by Horner's rule."""
    t = (x - piece.center) / piece.scale
    *lower, highest = piece.coefficients[:, column].tolist()
    total = 0.0 * t + highest
    for coefficient in reversed(lower):
        total = total * t + coefficient
    return total
