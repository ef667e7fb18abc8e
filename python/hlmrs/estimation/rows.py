"""A request applied to a frame: columns for the core, with arrays and splines beside them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._core import Columns, Encoding, NewRows, Rows
from ..errors import DataError, DesignError, listed, suggestion
from ..formula import Call, Expression, TermFactor
from ..formula.expressions import as_json, calls_in, row_columns
from ..formula.functions import LEARNED
from ..formula.names import find_name
from ..frame import Frame
from ..resources import require_memory
from ..splines import SplineBasis
from .request import KEPT_ROWS, Request
from .residual_rows import RESIDUAL_ROWS, ResidualRows, read_residual

Splines = Mapping[str, SplineBasis]

_BYTES_OF_NUMBER = 24
"""As it is read, in the rows of the fit, and in these free of their correlations."""


@dataclass(frozen=True, slots=True)
class ModelRows:
    """The rows of a fit: encoded, and the columns that they were encoded from."""

    rows: Rows
    columns: Columns
    splines: Splines
    residual: ResidualRows | None = None

    def bound(self, encoding: Encoding | None = None, *, new_groups: bool = False) -> NewRows:
        """Return all rows of the data as new ones are encoded; of those that the fit does not use nothing is known.

        They may hold levels that the fit has none of.
        """
        return (encoding or self.rows.encoding()).bind(self.columns, new_groups, self.rows.kept)


def model_rows(request: Request, data: Frame | Columns) -> ModelRows:
    """Encode the rows of a frame, or columns read from it; the knots of splines are placed by its values."""
    columns = data if isinstance(data, Columns) else data.read(request.columns(), request.labels())
    known = set(columns.names) if request.arrays else set()
    for name, values in request.arrays.items():
        if name not in known:
            columns.add_numeric(name, values)
    splines = learned_columns(request, columns)
    try:
        rows = encode(request, columns)
    except DataError:
        _refuse_two_levels(request, columns)
        raise
    if request.residual is None:
        return ModelRows(rows, columns, splines)
    residual = read_residual(request.residual, columns, rows, request.missing)
    if residual.n_rows < rows.n_rows_input and (rows.kept is None or residual.n_rows < rows.kept.sum()):
        columns.add_numeric(RESIDUAL_ROWS, np.where(residual.known, 0.0, np.nan))
        rows = encode(request, columns)
    return ModelRows(rows, columns, splines, residual)


def require_memory_of_rows(request: Request, frame: Frame) -> None:
    """Refuse a source of more rows than memory holds, for a model that needs all of them."""
    n_rows = frame.count() if frame.streams else None
    if n_rows is not None:
        instead = (
            "fit a part of the rows, or leave residual= out: sums over batches (rows='stream') are enough without it, "
            "where a dispersion depends on few values"
        )
        n_bytes = n_rows * len(request.columns()) * _BYTES_OF_NUMBER
        require_memory(n_bytes, "a model of the residuals passes over its rows at every step, and needs", instead)


def _refuse_two_levels(request: Request, columns: Columns) -> None:
    """Name the model that a response of two words has."""
    name = request.spec.response.name
    plain = [(codes, levels or []) for _, codes, levels, _ in columns.plain_values(name)]
    used = [level for codes, levels in plain for k, level in enumerate(levels) if (codes == k).any()]
    if len(used) == 2:
        raise DataError(
            f"the response {name!r} has two levels, {listed(used)}, and a linear model needs numbers: "
            f"hlmrs.glmer(..., family='binomial') models the probability of {used[1]!r}"
        )


def encode(request: Request, columns: Columns) -> Rows:
    """Encode the complete rows of columns; they have the bases of splines already."""
    names = columns.names
    marks = [name for name in (RESIDUAL_ROWS, KEPT_ROWS) if name in names]  # the narrower one first
    return Rows(request.spec.to_json(), columns, request.options(**({"kept": marks[0]} if marks else {})))


def learned_columns(request: Request, columns: Columns) -> Splines:
    """Place the knots of splines by the values of columns, and add their bases."""
    splines = {}
    for factor in request.spec.splines():
        call, values = _spline(factor, columns)
        splines[factor.name] = SplineBasis.for_values(call, values)
    _add_splines(columns, request, splines)
    return splines


def batch_columns(request: Request, columns: Columns, splines: Splines) -> Columns:
    """Add the bases of splines whose knots are in place."""
    _add_splines(columns, request, splines)
    return columns


def new_columns(request: Request, frame: Frame, splines: Splines, further: Collection[str | None] = ()) -> Columns:
    """Read what a prediction can use of a frame, which may lack the columns of random terms that are left out.

    `further` names columns that are read if they are there.
    """
    wanted = request.predictors() | {*further}
    names = [name for name in frame.names if name in wanted]
    # a model of an intercept alone uses no column; one of them still says how many rows there are
    columns = frame.read(names or frame.names[:1], request.labels())
    _add_splines(columns, request, splines)
    return columns


def columns_to_predict(
    request: Request, frame: Frame, splines: Splines, further: Collection[str | None] = ()
) -> Columns:
    """Read what a prediction of new data uses, which must have all of the fixed part."""
    _require_fixed(request, frame)
    return new_columns(request, frame, splines, further)


def _require_fixed(request: Request, frame: Frame) -> None:
    """Name a column of the fixed part that a frame lacks, and what it has instead; those of groups may be missing."""
    needed = [*(factor for term in request.spec.terms for factor in term.factors), *request.spec.offsets]
    by_row = [factor.expression for factor in needed if {"between", "within"}.isdisjoint(calls_in(factor.expression))]
    for name in dict.fromkeys(column.name for expression in by_row for column in row_columns(expression)):
        if find_name(name, frame.names) is None:
            hint = suggestion(name, frame.names) or f"; they have {listed(frame.names)}"
            raise DataError(f"the new data have no column {name!r}{hint}")


def for_new_data(request: Request, encoding: Encoding) -> Encoding:
    """Leave out the offset that was an argument, which belongs to the rows of the fit."""
    return encoding if request.offset is None else encoding.without_given_offset()


def evaluate(columns: Columns, expression: Expression) -> NDArray[np.float64]:
    """Compute an expression in every row; NaN where a value is missing."""
    return _core.evaluate(json.dumps(as_json(expression)), columns)


def spline_slopes(
    request: Request, columns: Columns, splines: Splines, by: str
) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the derivatives of the bases' columns by a column of the data, which has no missing values."""
    slopes = []
    fixed = {factor.name: factor for term in request.spec.terms for factor in term.factors if factor.is_spline}
    for factor in fixed.values():
        call, values = _spline(factor, columns)
        inner = _core.evaluate_slope(json.dumps(as_json(call.args[0])), columns, by)
        for k, column in enumerate(splines[factor.name].slopes(values).T):
            slopes.append((f"{factor.name}[{k}]", column * inner))
    return slopes


def _add_splines(columns: Columns, request: Request, splines: Splines) -> None:
    """Add the bases that are not there yet, but for those of random terms whose columns are not there."""
    if not request.spec.splines():
        return
    known = set(columns.names)
    fixed = {factor.name for term in request.spec.terms for factor in term.factors}
    for factor in request.spec.splines():
        there = all(column.name in known for column in factor.columns())
        if f"{factor.name}[0]" in known or not (there or factor.name in fixed):
            continue
        _, values = _spline(factor, columns)
        for k, column in enumerate(splines[factor.name].matrix(values).T):
            columns.add_numeric(f"{factor.name}[{k}]", np.ascontiguousarray(column))


def _spline(factor: TermFactor, columns: Columns) -> tuple[Call, NDArray[np.float64]]:
    """Return the call of a spline and the values it is applied to."""
    call = factor.expression
    assert isinstance(call, Call), "a spline is a call"
    for name in calls_in(call.args[0]) & LEARNED:
        raise DesignError(
            f"{factor.name}: {name}() inside of a spline would be learned anew from every data; leave it out, as "
            "knots scale with their column, or compute the column before the fit"
        )
    return call, evaluate(columns, call.args[0])
