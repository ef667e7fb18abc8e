"""A fit that meets new rows: fitted again from its optimum, or only its random effects brought up to date."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..._core import Statistics
from ...control import Control
from ...errors import OptionError
from ...frame import located, numbered, open_frame
from .. import Estimate, estimate_of_statistics
from .sufficient import SufficientStatistics
from .sums import check_columns


def appended(estimate: Estimate, data: Any) -> Estimate:
    """Fit the model to the rows of the fit and further ones, from its optimum."""
    statistics = _grown(estimate, data)
    finished = statistics.core.take_finished()
    model = finished.model(estimate.request.reml)
    control = estimate.request.control
    start = Control(
        optimizer=control.optimizer,
        max_evaluations=control.max_evaluations,
        tolerance=control.tolerance,
        start=tuple(estimate.core.theta),
        n_threads=control.n_threads,
    )
    core = model.fit(replace(estimate.request, control=start).settings())
    return estimate_of_statistics(estimate.request, core, finished, model, statistics)


def adapted(estimate: Estimate, data: Any) -> Estimate:
    """Add rows at the parameters of the fit: random effects change, nothing else."""
    statistics = _grown(estimate, data)
    finished = statistics.core.take_finished()
    model = finished.model(estimate.request.reml)
    new = estimate_of_statistics(
        estimate.request, estimate.core.adapt(model), finished, model, statistics, estimate.fitted
    )
    new.verdict = estimate.verdict
    return new


def _grown(estimate: Estimate, data: Any) -> SufficientStatistics:
    """Return the statistics that a fit kept of its rows, in its own basis, with further rows added."""
    request, layout = estimate.request, estimate.layout
    if request.offset is not None or request.arrays or (request.weights or "").startswith("("):
        raise OptionError(
            "weights given as an array, and an offset that was an argument, belong to the rows of the fit; give "
            "weights as a column, and write offset(x) in the formula"
        )
    frame = open_frame(data)
    check_columns(request, frame)
    rows = estimate.rows_if_kept
    core = Statistics.of_fit(
        estimate.core,
        estimate.encoding,
        request.options(),
        layout.n_rows_input,
        layout.dropped_rows,
        [] if rows is None else [np.bincount(rows.group_codes(g)).tolist() for g in range(len(layout.groups))],
        [] if request.weights is None else [np.ravel(moments).tolist() for moments in estimate.moments],
    )
    statistics = SufficientStatistics.of_core(core, request, estimate.splines, estimate.kind)
    for columns in numbered(frame.batches(request.columns(), request.labels())):
        with located(frame, columns):
            statistics.add(columns)
    return statistics
