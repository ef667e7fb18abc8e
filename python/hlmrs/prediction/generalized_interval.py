"""Intervals of means of generalized models: at random effects of zero, or over the population.

Where the mean follows from its linear predictor alone the interval is that of the predictor, turned back.  What rests
on several parts, or on the variances of random effects, has its standard error by the delta method over all
parameters, with slopes by central differences, and an interval of its logarithm or logit.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .._core import two_sided_quantiles
from ..errors import OptionError, choose
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.moved import directions, moved
from ..frame import Frame
from ..inference.degrees_of_freedom import contrast_rows
from ..inference.wald import check_level, interval
from .generalized import predict_at_zero, predict_generalized, predict_marginal
from .ranges import range_of
from .response_scale import response_scale

Vector = NDArray[np.float64]
Table = dict[str, Vector]

_TYPES = ("response", "link", "conditional", "zprob", "disp")
_STEP = 1e-4
"""Of the differences, in standard deviations of the estimates."""


def predict_interval(
    estimate: GeneralizedEstimate,
    frame: Frame | None,
    kind: str,
    offset: Vector | None,
    level: float,
    *,
    marginal: bool = False,
) -> Table:
    """Tabulate means with standard errors and intervals."""
    if kind not in _TYPES:
        raise OptionError(f"type={kind!r}: intervals are of {', '.join(map(repr, _TYPES))}")
    check_level(level)
    if marginal:
        return _by_parameters(estimate, kind, level, lambda at: predict_marginal(at, frame, kind, offset))
    if kind != "link" and rests_on_parts(estimate, kind):
        return _by_parameters(estimate, kind, level, lambda at: predict_at_zero(at, frame, kind, offset))
    return _of_predictor(estimate, frame, kind, offset, level)


def rests_on_parts(estimate: GeneralizedEstimate, kind: str) -> bool:
    """Whether a prediction depends on other parameters than those of the mean's linear predictor."""
    family, of_whole = estimate.family.name, kind == "response"
    if kind in ("zprob", "disp") or (of_whole and (family == "cumulative" or "zero_inflation" in estimate.parts)):
        return True
    beyond = family == "lognormal" or family.startswith("truncated_") or (family == "ordbeta" and of_whole)
    return kind in ("response", "conditional") and beyond and "dispersion" in estimate.parts


def _of_predictor(
    estimate: GeneralizedEstimate, frame: Frame | None, kind: str, offset: Vector | None, level: float
) -> Table:
    eta = predict_generalized(estimate, frame, False, "population", "link", offset)
    design = estimate.designs["conditional"]
    new = design.data.bound() if frame is None else design.encoding.bind(design.read(frame), new_groups=True)
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


def _by_parameters(
    estimate: GeneralizedEstimate, kind: str, level: float, predict: Callable[[GeneralizedEstimate], Vector]
) -> Table:
    """Return what follows from all parameters: its variance is the sum of its squared slopes in their directions."""
    value = predict(estimate)
    variance = np.zeros(value.shape)
    for own in directions(estimate, f"the standard error of type={kind!r}").T:
        slope = predict(moved(estimate, _STEP * own)) - predict(moved(estimate, -_STEP * own))
        variance += (slope / (2 * _STEP)) ** 2
    std_error = np.sqrt(variance)
    quantile = float(two_sided_quantiles(level, np.array([np.inf]))[0])
    low, high = range_of(estimate, kind).interval(value, std_error, quantile)
    return {"prediction": value, "std_error": std_error, "conf_low": low, "conf_high": high}


def require_interval(asked: object, random_effects: object, *, marginal: bool) -> str:
    """Return the interval that is asked for; refuse one that there is not."""
    which = choose("interval", asked, ("confidence", "prediction"))
    if which == "confidence" and not marginal and random_effects is not False:
        raise OptionError(
            "interval='confidence' is of the mean at random effects of zero, random_effects=False, or over the "
            "population, marginal=True; predictions of groups have none here: bootstrap() gives intervals of any "
            "number, and interval='prediction' has new responses of groups"
        )
    return which
