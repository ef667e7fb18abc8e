"""Back from the scale on which a response was modelled, ``log(y)``, to that of the response itself.

The response's median is what the inverse makes of the prediction.  Its mean is larger where the scale is a logarithm or
a root, as what the prediction leaves to chance is turned back as well: E h(η + e), e normal, by Gauss-Hermite
quadrature, which is exact for squares and, to rounding, for exponentials.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .._core import family_means, family_predictors
from ..errors import OptionError, choose
from ..estimation import Estimate, cached, evaluate
from ..estimation.family_spec import link_means
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..families import Family
from ..formula import Call, ColumnName, Expression, Number
from ..options import PredictionScale

Vector = NDArray[np.float64]
Function = Callable[[Vector], Vector]

SCALES: tuple[PredictionScale, ...] = get_args(PredictionScale)
_NODES = 80
_OF_RATIOS = ("log", "logit")
"""Links of which differences are logarithms of ratios, of means or of odds."""
_LOGARITHMS = {"log": math.e, "log1p": math.e, "log2": 2.0, "log10": 10.0}


@dataclass(frozen=True, slots=True)
class Step:
    """The inverse of one operation, its derivative, and from where on it is defined.

    `averages`: whether a mean of it exists for all normal numbers.  `factor` and `constant` are those of a line, `rate`
    that of an exponential without a constant.
    """

    inverse: Function
    slope: Function
    least: float = -math.inf
    averages: bool = True
    factor: float | None = None
    constant: float = 0.0
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class ResponseScale:
    """The way back to the response, step by step."""

    steps: Sequence[Step]

    def median(self, eta: Vector) -> Vector:
        """Turn predictions back; below the least that the transform gives they are that."""
        with np.errstate(divide="ignore"):
            for step in self.steps:
                eta = step.inverse(np.maximum(eta, step.least))
        return eta

    def slope(self, eta: Vector) -> Vector:
        """Return the derivative of the response by the prediction."""
        slope = np.ones_like(eta)
        with np.errstate(divide="ignore", invalid="ignore"):
            for step in self.steps:
                inside = np.maximum(eta, step.least)
                slope, eta = slope * np.where(eta < step.least, 0.0, step.slope(inside)), step.inverse(inside)
        return slope

    def mean(self, eta: Vector, variance: Vector) -> Vector:
        """Return the mean response where a normal error of this variance is added to the prediction."""
        return self._average(eta, variance, lambda points: self._whole(points)[0])

    def mean_slope(self, eta: Vector, variance: Vector) -> Vector:
        """Return the derivative of the mean response by the prediction."""
        return self._average(eta, variance, lambda points: self._whole(points)[1])

    def differences(self) -> tuple[float, bool] | None:
        """Return what turns differences back, and whether they then are logarithms of ratios; None if neither."""
        factor, is_ratio = 1.0, False
        for step in self.steps:
            if step.factor is not None and not is_ratio:
                factor *= step.factor
            elif step.rate is not None and not is_ratio:
                factor, is_ratio = factor * step.rate, True
            elif step.factor is None or step.constant != 0:
                return None
        return factor, is_ratio

    def table(
        self, scale: str, eta: Vector, std_error: Vector, bounds: Sequence[Vector], variance: Vector
    ) -> list[Vector]:
        """Turn predictions, standard errors (by the delta method) and the bounds of intervals back."""
        if scale == "mean":
            low, high = (self.mean(bound, variance) for bound in bounds)
            value, slope = self.mean(eta, variance), self.mean_slope(eta, variance)
        else:
            low, high = map(self.median, bounds)
            value, slope = self.median(eta), self.slope(eta)
        return [value, np.abs(slope) * std_error, np.minimum(low, high), np.maximum(low, high)]

    def _whole(self, eta: Vector) -> tuple[Vector, Vector]:
        slope = np.ones_like(eta)
        for step in self.steps:
            slope, eta = slope * step.slope(eta), step.inverse(eta)
        return eta, slope

    def _average(self, eta: Vector, variance: Vector, function: Function) -> Vector:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        total = np.zeros(np.broadcast_shapes(eta.shape, np.shape(variance)))
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += weight * function(eta + np.sqrt(variance) * node)
        return total


def chosen_scale(scale: str) -> PredictionScale:
    """Return the scale that a name means."""
    return choose("type", scale, SCALES)


def response_scale(estimate: Estimate, scale: str) -> ResponseScale:
    """Return the way back from the scale of a fit's response."""
    if isinstance(estimate, GeneralizedEstimate | EquationsEstimate):
        return _mean_of_family(estimate, scale)
    if scale == "conditional":
        raise OptionError("type='conditional' is of generalized models; of linear ones there is 'response'")
    found = _way_back(estimate)
    if scale == "mean" and not all(step.averages for step in found.steps):
        raise OptionError(
            f"type='mean': {estimate.request.spec.response.name} has no mean that follows from the model; "
            "there is one for log, log2, log10, log1p and sqrt, with what is added and multiplied; "
            "type='response' gives the median"
        )
    return found


def _mean_of_family(estimate: GeneralizedEstimate | EquationsEstimate, scale: str) -> ResponseScale:
    """Return means from linear predictors: those that ``predict`` gives for the same type."""
    family = estimate.family
    if scale == "mean":
        raise OptionError(
            "type='mean' is of transformed responses; type='response' is the mean at random effects of zero"
        )
    if family.name == "cumulative":
        raise OptionError(
            f"type={scale!r}: an ordered response has probabilities of categories instead of a mean; compare on the "
            "scale of the model, type='link', and see predict(type='prob')"
        )
    if isinstance(estimate, GeneralizedEstimate):
        if scale == "response" and "zero_inflation" in estimate.parts:
            raise OptionError(
                "type='response' of a model with a zero part depends on both parts: predict(type='response') has it "
                "for rows; type='conditional' is the mean without the zero part"
            )
        beyond = family.name == "lognormal" or family.name.startswith("truncated_")
        if beyond or (family.name == "ordbeta" and scale == "response"):
            return _beyond_link(estimate, scale)
    factor, rate = 1.0 if family.link == "identity" else None, 1.0 if family.link in _OF_RATIOS else None
    mean, slope = (partial(_of_link, family, k) for k in (0, 1))
    return ResponseScale([Step(mean, slope, factor=factor, rate=rate)])


def _of_link(family: Family, k: int, eta: Vector) -> Vector:
    return link_means(family, eta)[k]


def _beyond_link(estimate: GeneralizedEstimate, scale: str) -> ResponseScale:
    """Return means that depend on the dispersion, which is held at its estimate."""
    if "dispersion" in estimate.designs:
        raise OptionError(
            f"type={scale!r}: the mean depends on the dispersion, which has a model of its own; "
            f"predict(type={scale!r}) has it for rows"
        )
    names = family_predictors(estimate.family_spec)[1:]
    others = [float(estimate.own.coefficients_of(name)[0]) for name in names]

    def means(eta: Vector) -> tuple[Vector, Vector]:
        flat = np.ascontiguousarray(eta, dtype=np.float64).ravel()
        predictors = [flat, *(np.full_like(flat, one) for one in others)]
        mean, slopes = family_means(estimate.family_spec, predictors, scale == "conditional")
        return mean.reshape(np.shape(eta)), slopes[:, 0].reshape(np.shape(eta))

    rate = 1.0 if estimate.family.name == "lognormal" else None
    return ResponseScale([Step(lambda eta: means(eta)[0], lambda eta: means(eta)[1], rate=rate)])


@cached
def _way_back(estimate: Estimate) -> ResponseScale:
    response, steps = estimate.request.spec.response, []
    expression, learned = response.expression, iter(estimate.encoding.response_scales)
    while not isinstance(expression, ColumnName):
        step, inner = _undone(estimate, expression, learned)
        if step is None or inner is None:
            raise OptionError(
                f"type='response': {response.name} cannot be turned back into one column; "
                "type='link' gives predictions of it as it stands"
            )
        steps.append(step)
        expression = inner
    return ResponseScale(steps)


def _undone(
    estimate: Estimate, expression: Expression, learned: Iterator[tuple[float, float]]
) -> tuple[Step | None, Expression | None]:
    """Return the inverse of the outermost operation, and what it was applied to; None where there is none.

    `learned` are the center and scale of each call of ``scale()`` and ``center()``, outer ones first.
    """
    if not isinstance(expression, Call):
        return None, None
    name, args = expression.name, expression.args
    if name in ("scale", "center"):
        center, scale = next(learned)
        return _line(scale, center), args[0]
    if len(args) == 2:
        constants = [_constant(argument) for argument in args]
        if constants[1] is not None:
            return _right(estimate, args[0], name, constants[1]), args[0]
        return (None if constants[0] is None else _left(name, constants[0])), args[1]
    return _function(expression), args[0]


def _constant(expression: Expression) -> float | None:
    """Return the value of a number, which may have a sign; None for what depends on columns."""
    if isinstance(expression, Call) and expression.name == "neg":
        inner = _constant(expression.args[0])
        return None if inner is None else -inner
    return expression.value if isinstance(expression, Number) else None


def _function(call: Call) -> Step | None:
    if call.name in _LOGARITHMS:
        base = call.options().get("base", Number(_LOGARITHMS[call.name]))
        return _exponential(base.value, float(call.name == "log1p")) if isinstance(base, Number) else None
    match call.name:
        case "I" | "+":
            return _line(1.0, 0.0)
        case "neg" | "-":
            return _line(-1.0, 0.0)
        case "sqrt":
            return _power(2.0)
        case "exp":
            return Step(np.log, lambda z: 1 / z, 0.0, averages=False)
    return None


def _right(estimate: Estimate, inner: Expression, operator: str, constant: float) -> Step | None:
    """Undo ``inner operator constant``."""
    match operator:
        case "+" | "-":
            return _line(1.0, -constant if operator == "+" else constant)
        case "*" | "/" if constant != 0:
            return _line(1 / constant if operator == "*" else constant, 0.0)
        case "^" if constant != 0 and (constant == 1 or np.nanmin(evaluate(estimate.data.columns, inner)) >= 0):
            return _power(1 / constant)
    return None


def _left(operator: str, constant: float) -> Step | None:
    """Undo ``constant operator inner``."""
    match operator:
        case "+":
            return _line(1.0, -constant)
        case "-":
            return _line(-1.0, constant)
        case "*" if constant != 0:
            return _line(1 / constant, 0.0)
        case "/" if constant != 0:
            return Step(lambda z: constant / z, lambda z: -constant / z**2, averages=False)
        case "^" if constant > 0 and constant != 1:
            scale = 1 / math.log(constant)
            return Step(lambda z: np.log(z) * scale, lambda z: scale / z, 0.0, averages=False)
    return None


def _line(factor: float, constant: float) -> Step:
    return Step(lambda z: factor * z + constant, lambda z: np.full_like(z, factor), factor=factor, constant=constant)


def _exponential(base: float, less: float) -> Step:
    rate = math.log(base)
    own = None if less else rate
    return Step(lambda z: np.exp(rate * z) - less, lambda z: rate * np.exp(rate * z), rate=own)


def _power(exponent: float) -> Step:
    whole = exponent == int(exponent) and exponent > 0

    def raised(z: Vector, power: float) -> Vector:
        return np.asarray(z ** int(power) if whole else z**power)

    return Step(lambda z: raised(z, exponent), lambda z: exponent * raised(z, exponent - 1), 0.0, averages=whole)
