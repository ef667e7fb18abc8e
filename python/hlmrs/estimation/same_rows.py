"""The same models again, of the rows that all of them use."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .estimate import Estimate
from .generalized import GeneralizedEstimate, fit_generalized
from .making import estimate
from .marginal import EquationsEstimate, solve_equations
from .request import request_of_rows


def of_same_rows(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Fit models of the same data again that use rows which others miss a value in."""
    used = [_rows_used(own) for own in estimates]
    if len({len(rows) for rows in used}) > 1:
        counts = " and ".join(f"{n:,}" for n in sorted({len(rows) for rows in used}))
        raise DataError(
            f"the models were fitted to data of {counts} rows; same_rows=True takes models of the same data"
        )
    common = np.logical_and.reduce(used)
    return [own if (rows == common).all() else _of_rows(own, common) for own, rows in zip(estimates, used, strict=True)]


def _rows_used(own: Estimate) -> NDArray[np.bool_]:
    kept = own.rows.kept
    return np.ones(own.rows.n_rows_input, dtype=bool) if kept is None else kept


def _of_rows(own: Estimate, kept: NDArray[np.bool_]) -> Estimate:
    if isinstance(own, EquationsEstimate):
        mean = request_of_rows(own.asked.generalized.mean, kept)
        return solve_equations(replace(own.asked, generalized=replace(own.asked.generalized, mean=mean)), own.frame)
    if isinstance(own, GeneralizedEstimate):
        return fit_generalized(replace(own.generalized, mean=request_of_rows(own.generalized.mean, kept)), own.frame)
    return estimate(request_of_rows(own.request, kept), own.frame)
