"""Estimates made: of a frame, of columns that a fit has, of sums over rows, of another response."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, FinishedStatistics, Fit, Model
from ..errors import DataError
from ..frame import Frame
from .by_levels import in_levels
from .estimate import Estimate, RowValues
from .fitting import fit_rows
from .layout import layout_of
from .request import Request, numeric_array, request_of_rows, without_idle_contrasts
from .residual_encoding import ResidualEncoding
from .rows import Splines, for_new_data, model_rows, require_memory_of_rows

Vector = NDArray[np.float64]

_SUMMED = (
    "this fit was made from sums over its rows, which were not kept; fit the rows with rows='keep' for what needs them "
    "(summary, tidy, confint, test, profile, varcorr, ranef, coef, predict(newdata), append and adapt do not)"
)
_SUMMED_STRATA = (
    "this fit was made from sums over its rows by the values of dispersion=, and the rows were not kept; fit them with "
    "rows='keep' for what needs them (summary, tidy, confint and test by Wald, varcorr, ranef, coef and "
    "predict(newdata) do not), and old rows and new ones together in the place of append and adapt"
)


def estimate(request: Request, frame: Frame) -> Estimate:
    """Fit a model to a frame."""
    if request.residual is not None:
        require_memory_of_rows(request, frame)
    request, columns = in_levels(request, frame)
    data, core = fit_rows(request, model_rows(request, columns))
    return Estimate(request, core, frame.kind, data.splines, data, frame)


def columns_estimate(request: Request, columns: Columns, kind: str) -> Estimate:
    """Fit a model to columns that were read; `kind` is the library of their frame."""
    request, _ = in_levels(request, columns)
    data, core = fit_rows(request, model_rows(request, columns))
    return Estimate(request, core, kind, data.splines, data)


def estimate_submodel(of: Estimate, request: Request) -> Estimate:
    """Fit a model whose columns are among those of a fit to the same rows."""
    request = without_idle_contrasts(request_of_rows(request, of.rows.kept))
    data, core = fit_rows(request, model_rows(request, of.data.columns.copy()))
    return Estimate(request, core, of.kind, data.splines, data, of._frame, of._why_gone)


def estimate_of_statistics(
    request: Request,
    core: Fit,
    finished: FinishedStatistics,
    model: Model,
    kind: str,
    splines: Splines,
    origin: Estimate | None = None,
    residual_encoding: ResidualEncoding | None = None,
) -> Estimate:
    """Name the numbers of a fit to sums over rows."""
    layout = layout_of(finished, model)
    return Estimate(
        request,
        core,
        kind,
        splines,
        why_gone=_SUMMED if request.residual is None else _SUMMED_STRATA,
        origin=origin,
        layout=layout,
        moments=[finished.moments(k) for k in range(len(layout.random))],
        group_rows=[finished.group_rows(g) for g in range(len(layout.groups))],
        encoding=for_new_data(request, finished.encoding()),
        residual_encoding=residual_encoding,
    )


def reestimate(old: Estimate, response: Vector) -> Estimate:
    """Fit the same model to another response."""
    rows = old.rows
    core = old.core.refit(rows, response)
    kept = (old.data, old._frame, old._why_gone)
    new = Estimate(old.request, core, old.kind, old.splines, *kept, layout=old.layout)
    if "residual_encoding" in old.__dict__:
        new.residual_encoding = old.residual_encoding
    new.values = RowValues(response, new.linear_predictor(), rows.weights(), rows.kept)
    return new


def refit_response(old: Estimate, y: Any) -> Vector:
    """Read another response for the rows of a fit: one value for each row used, or for each row of the data."""
    response = numeric_array("y", old.by_row_used("y", y))
    if response.shape != (old.layout.n_rows,):
        raise DataError(f"y has {response.size} values; the fit used {old.layout.n_rows} rows")
    bad = np.flatnonzero(~np.isfinite(response))
    if len(bad):
        raise DataError(f"y is {response[bad[0]]} at row {bad[0]}; every row used needs a finite value")
    return response
