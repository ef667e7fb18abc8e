"""A request applied to a frame: columns for the core, with arrays and splines beside them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._core import Columns, Rows
from ..errors import DesignError
from ..formula import Call, Expression, TermFactor
from ..formula.expressions import as_json
from ..frame import Frame
from ..splines import SplineBasis
from .request import Request

Splines = Mapping[str, SplineBasis]

_LEARNED = {"scale", "center", "between", "within", "poly"}
"""Functions that learn from the rows of a fit."""


@dataclass(frozen=True, slots=True)
class ModelRows:
    """The rows of a fit: encoded, and the columns that they were encoded from."""

    rows: Rows
    columns: Columns
    splines: Splines


def model_rows(request: Request, data: Frame | Columns) -> ModelRows:
    """Encode the rows of a frame, or columns read from it; the knots of splines are placed by its values."""
    columns = data if isinstance(data, Columns) else data.read(request.columns(), request.labels())
    for name, values in request.arrays.items():
        columns.add_numeric(name, values)
    splines = learned_columns(request, columns)
    return ModelRows(Rows(request.spec.to_json(), columns, request.options()), columns, splines)


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


def new_columns(request: Request, frame: Frame, splines: Splines) -> Columns:
    """Read what a prediction can use of a frame, which may lack the columns of random terms that are left out."""
    wanted = request.predictors()
    columns = frame.read([name for name in frame.names if name in wanted], request.labels())
    _add_splines(columns, request, splines)
    return columns


def evaluate(columns: Columns, expression: Expression) -> NDArray[np.float64]:
    """Compute an expression in every row; NaN where a value is missing."""
    return _core.evaluate(json.dumps(as_json(expression)), columns)


def _add_splines(columns: Columns, request: Request, splines: Splines) -> None:
    """Add the bases that are not there yet."""
    known = set(columns.names)
    for factor in request.spec.splines():
        if f"{factor.name}[0]" in known:
            continue
        _, values = _spline(factor, columns)
        for k, column in enumerate(splines[factor.name].matrix(values).T):
            columns.add_numeric(f"{factor.name}[{k}]", np.ascontiguousarray(column))


def _spline(factor: TermFactor, columns: Columns) -> tuple[Call, NDArray[np.float64]]:
    """Return the call of a spline and the values it is applied to."""
    call = factor.expression
    assert isinstance(call, Call), "a spline is a call"
    for name in _calls(call.args[0]) & _LEARNED:
        raise DesignError(
            f"{factor.name}: {name}() inside of a spline would be learned anew from every data; leave it out, as "
            "knots scale with their column, or compute the column before the fit"
        )
    return call, evaluate(columns, call.args[0])


def _calls(expression: Expression) -> set[str]:
    """Return the functions that an expression calls."""
    if not isinstance(expression, Call):
        return set()
    return {expression.name}.union(*map(_calls, expression.args))
