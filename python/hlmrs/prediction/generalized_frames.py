"""Predictions of generalized models for data frames: arrays, or a LazyFrame with further columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column, Frame, PolarsLazyFrame, open_frame
from ..options import NewLevels
from .family_expression import finished
from .generalized import check_kind, predict_generalized, predict_marginal
from .lazy_prediction import lazy_prediction
from .prediction import Choice

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GeneralizedChoice:
    """How to predict."""

    random_effects: bool | str | Sequence[str]
    new_levels: NewLevels
    kind: str
    offset: Vector | None
    marginal: bool


def predict_generalized_frame(estimate: GeneralizedEstimate, frame: Frame | None, how: GeneralizedChoice) -> Any:
    """Predict for the rows of the fit or of a frame; of a LazyFrame make one with further columns."""
    if isinstance(frame, PolarsLazyFrame):
        return _predict_lazily(estimate, frame, how)
    if how.marginal:
        return predict_marginal(estimate, frame, how.kind, how.offset)
    return predict_generalized(estimate, frame, how.random_effects, how.new_levels, how.kind, how.offset)


def _predict_lazily(estimate: GeneralizedEstimate, frame: PolarsLazyFrame, how: GeneralizedChoice) -> Any:
    """Make a query of it; what is no query is computed batch by batch, or from all rows if a row needs the others."""
    check_kind(estimate, how.kind)
    if how.kind == "class":
        raise OptionError("type='class' is text, which a LazyFrame is not given; choose 'prob', or collect the frame")
    names = ["prediction"]
    if how.kind == "prob":
        names = [f"prediction_{category}" for category in estimate.categories]

    def predicted(rows: Frame, how: GeneralizedChoice) -> dict[str, Column]:
        found = np.asarray(predict_generalized_frame(estimate, rows, how))
        return dict(zip(names, [found] if found.ndim == 1 else found.T.copy(), strict=True))

    if names == ["prediction"] and not how.marginal and how.offset is None:
        choice = Choice(how.random_effects, how.new_levels, None, 0.95, None)
        plan = lazy_prediction(
            estimate,
            frame.query,
            choice,
            lambda rows: predicted(open_frame(rows), how),
            lambda eta, schema: finished(estimate, how.kind, eta, schema),
        )
        if plan is not None:
            return plan
    by_row = how.offset is None and not estimate.request.spec.takes_group_means
    return frame.extend(names, lambda rows: predicted(rows, how), by_row=by_row)
