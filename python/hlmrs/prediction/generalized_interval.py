"""Intervals of the means of generalized models at random effects of zero: of the linear predictor, turned back."""

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Frame
from ..inference.degrees_of_freedom import contrast_rows
from ..inference.wald import check_level, interval
from .generalized import predict_generalized
from .response_scale import response_scale

Vector = NDArray[np.float64]
_TYPES = ("response", "link", "conditional")


def predict_interval(
    estimate: GeneralizedEstimate, frame: Frame | None, kind: str, offset: Vector | None, level: float
) -> dict[str, Vector]:
    """Tabulate predictions at random effects of zero with standard errors (delta method) and intervals."""
    if kind not in _TYPES:
        raise OptionError(f"type={kind!r}: intervals are of {', '.join(map(repr, _TYPES))}")
    check_level(level)
    eta = predict_generalized(estimate, frame, False, "population", "link", offset)
    design = estimate.designs["conditional"]
    new = design.encoding.bind(design.data.columns if frame is None else design.read(frame), new_groups=True)
    x = new.model_matrix()[:, list(estimate.layout.kept)]
    if frame is None and estimate.rows.kept is not None:
        x = x[estimate.rows.kept]
    _, std_error, df = contrast_rows(estimate, np.ascontiguousarray(x), "normal")
    std_error = np.where(np.isnan(eta), np.nan, std_error)
    low, high = interval(eta, std_error, df, level)
    if kind != "link":
        way = response_scale(estimate, kind)
        eta, std_error, low, high = way.table(kind, eta, std_error, (low, high), np.zeros(1))
    return {"prediction": eta, "std_error": std_error, "conf_low": low, "conf_high": high}


def require_interval(asked: object, random_effects: object, *, marginal: bool) -> None:
    """Refuse intervals that there are none of."""
    if asked == "prediction":
        raise OptionError(
            "interval='prediction': new responses of a generalized model are not normal about their mean; quantiles of "
            "simulate() are those of new responses"
        )
    choose("interval", asked, ("confidence",))
    if marginal or random_effects is not False:
        raise OptionError(
            "interval='confidence' is of the mean at random effects of zero: ask for random_effects=False; predictions "
            "of groups or of the population have no standard errors here, bootstrap() gives intervals of any number"
        )
