"""The caller's data with what a generalized model says of each row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimation.generalized import GeneralizedEstimate
from ..estimation.parts import read_response
from ..frame import Column, Frame
from .generalized import predict_generalized
from .residuals import require_same_rows, spread

Vector = NDArray[np.float64]
COLUMNS = (".fitted", ".resid", ".fixed", ".link")
_OF_NEW = (".fitted", ".fixed", ".link")


def augment_generalized(estimate: GeneralizedEstimate, residuals: Vector) -> Any:
    """Return the frame of the fit with fitted means, residuals, means at random effects of zero and predictors."""
    kept = estimate.values.kept
    fixed = predict_generalized(estimate, None, False, "error", "response", None)
    link = predict_generalized(estimate, None, True, "error", "link", None)
    columns = [spread(column, kept) for column in (estimate.values.fitted, residuals, fixed, link)]

    def compute(rows: Frame) -> dict[str, Column]:
        _, again = read_response(estimate.generalized, rows)
        y = again.y if kept is None else again.y[kept] if len(kept) == len(again.y) else again.y[:0]
        require_same_rows(y, estimate.response.y)
        return dict(zip(COLUMNS, columns, strict=True))

    return estimate.frame.extend(COLUMNS, compute)


def augment_new(estimate: GeneralizedEstimate, frame: Frame) -> Any:
    """Return new rows with their means, with random effects where the level is known and at zero, and predictors."""

    def compute(rows: Frame) -> dict[str, Column]:
        def of(random_effects: bool, kind: str) -> Vector:
            return np.asarray(predict_generalized(estimate, rows, random_effects, "population", kind, None))

        return dict(zip(_OF_NEW, (of(True, "response"), of(False, "response"), of(True, "link")), strict=True))

    return frame.extend(_OF_NEW, compute, by_row=not estimate.request.spec.takes_group_means)
