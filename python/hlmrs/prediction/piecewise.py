"""Splines written as what they are between knots: polynomials."""

from itertools import pairwise
from typing import Any

from ..splines import Piece, SplineBasis


def spline_columns(x: Any, basis: SplineBasis) -> list[Any]:
    """Write the columns of a spline of `x`."""
    import polars as pl

    pieces = basis.pieces()
    columns = []
    for k in range(pieces[0].coefficients.shape[1]):
        column = pl.when(x < pieces[1].start).then(_polynomial(x, pieces[0], k))
        for piece, after in pairwise(pieces[1:]):
            column = column.when(x < after.start).then(_polynomial(x, piece, k))
        columns.append(column.when(x.is_not_null()).then(_polynomial(x, pieces[-1], k)))
    return columns


def _polynomial(x: Any, piece: Piece, column: int) -> Any:
    """Write one column by Horner's rule."""
    t = (x - piece.center) / piece.scale
    *lower, highest = piece.coefficients[:, column].tolist()
    total = 0.0 * t + highest
    for coefficient in reversed(lower):
        total = total * t + coefficient
    return total
