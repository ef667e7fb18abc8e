"""A fit that meets new rows: fitted again from its optimum, or only its random effects brought up to date."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..._core import FinishedStatistics, Fit, Model, Statistics
from ...errors import DesignError, OptionError
from ...frame import open_frame
from .. import Estimate, estimate_of_statistics
from ..fixed_parameters import with_fixed
from ..penalty import require_no_covariance_prior
from .sums import BatchSums


def appended(estimate: Estimate, data: Any) -> Estimate:
    """Fit the model to the rows of the fit and further ones, from its optimum."""
    require_no_covariance_prior(
        estimate, "append", "sums of rows are fitted without; fit old rows and new ones together"
    )
    finished, model = _grown(estimate, data)
    start = replace(estimate.request.control, start=tuple(estimate.core.theta))
    core = Fit(model, replace(estimate.request, control=start).settings())
    return estimate_of_statistics(estimate.request, core, finished, model, estimate.kind, estimate.splines)


def adapted(estimate: Estimate, data: Any) -> Estimate:
    """Add rows at the parameters of the fit: random effects change, nothing else."""
    finished, model = _grown(estimate, data)
    core = estimate.core.adapt(model)
    new = estimate_of_statistics(
        estimate.request, core, finished, model, estimate.kind, estimate.splines, estimate.fitted
    )
    new.verdict = estimate.verdict
    return new


def _grown(estimate: Estimate, data: Any) -> tuple[FinishedStatistics, Model]:
    """Add further rows to what a fit kept of its rows, in its own basis; return the sums and their model."""
    request, layout = estimate.request, estimate.layout
    if request.residual is not None:
        raise DesignError(
            "append and adapt add rows to sums in which each has its weight for good, which fits of gls(), of "
            "residual= and of dispersion= do not keep: fit the old rows and the new ones together"
        )
    if request.offset is not None or request.arrays or (request.weights or "").startswith("("):
        raise OptionError(
            "weights given as an array, and an offset that was an argument, belong to the rows of the fit; give "
            "weights as a column, and write offset(x) in the formula"
        )
    core = Statistics.of_fit(
        estimate.core,
        estimate.encoding,
        request.options(),
        layout.n_rows_input,
        layout.dropped_rows,
        [counts.tolist() for counts in estimate.group_rows],
        [] if request.weights is None else [np.ravel(moments).tolist() for moments in estimate.moments],
    )
    sums = BatchSums(request.spec.formula, kind=estimate.kind, request=request, core=core, splines=estimate.splines)
    sums.update(open_frame(data))
    finished = core.take_finished()
    return finished, with_fixed(finished.model(request.reml, request.sigma), finished, request)
