"""Parameters of the residuals: correlations, standard deviations by visit, and the model of their logarithm."""

import math
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from .._core import residual_parameters as core_parameters
from .._core import two_sided_quantile
from ..errors import DesignError
from ..estimation import Estimate, cached
from ..estimation.fixed_parameters import fixed_names
from ..estimation.generalized import GeneralizedEstimate
from ..frame import Column
from .wald import Wald, check_level, wald

if TYPE_CHECKING:
    from .._core import ResidualParameters

Table = dict[str, Column]

_NOT_ESTIMATED = (math.nan, math.nan, math.nan)
"""Standard error and bounds of what is known."""


def has_residual_parameters(estimate: object) -> TypeGuard[Estimate]:
    """Whether it is a linear fit whose residuals have more parameters than sigma."""
    if not isinstance(estimate, Estimate) or isinstance(estimate, GeneralizedEstimate):
        return False
    residual = estimate.request.residual
    return residual is not None and (residual.term is not None or residual.dispersion is not None)


@cached
def residual_parameters(estimate: Estimate) -> "ResidualParameters":
    """Compute them with their covariance."""
    require_residual_parameters(estimate)
    return core_parameters(estimate.core)


def require_residual_parameters(estimate: Estimate) -> None:
    """Refuse a fit whose residuals are independent, with one standard deviation."""
    if estimate.request.residual is None:
        raise DesignError(
            "the residuals of this fit are independent, with one standard deviation, fit.sigma: residual= and "
            "dispersion= give them parameters"
        )


def residual_table(estimate: Estimate, level: float) -> Table:
    """Tabulate correlations and standard deviations on their natural scale."""
    check_level(level)
    found = residual_parameters(estimate)
    quantile, fixed = two_sided_quantile(level, math.inf), fixed_names(estimate.request)
    rows = [
        (name, value, *(_NOT_ESTIMATED if name in fixed else (error, *_bounded(value, error, (low, high), quantile))))
        for name, value, error, low, high in found["correlations"]
    ]
    deviations = _deviations(found, quantile)
    for k, (name, own) in enumerate(deviations):
        is_known = name in fixed or (k == 0 and estimate.request.sigma is not None)
        rows.append((name, own[0], *_NOT_ESTIMATED) if is_known else (name, *own))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    names = ("estimate", "std_error", "conf_low", "conf_high")
    return {"parameter": list(columns[0]), **{n: np.array(c, float) for n, c in zip(names, columns[1:], strict=True)}}


def _deviations(found: "ResidualParameters", quantile: float) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return standard deviations: by visit where these have their own, else sigma."""
    n, covariance = found["n_visits"], found["covariance"]
    visits = [] if n == 0 else [found["first_visit"], *found["names"][:n]]
    names = [f"sd({visit})" for visit in visits] or ["sigma"]
    out = []
    for k, name in enumerate(names):
        slopes = np.zeros(len(covariance))
        slopes[[0, k]] = 1.0  # log sigma, and the visit's log standard deviation over it
        log, error = float(slopes @ found["log_sd"]), math.sqrt(max(float(slopes @ covariance @ slopes), 0.0))
        value = _exp(log)
        bounds = (_exp(log - quantile * error), _exp(log + quantile * error))
        out.append((name, (value, value * error, *bounds)))
    return out


def _bounded(value: float, error: float, bounds: tuple[float, float], quantile: float) -> tuple[float, float]:
    """Return an interval by Wald on the scale on which a parameter has no bounds."""
    low, high = bounds
    if math.isinf(low) and math.isinf(high):
        return value - quantile * error, value + quantile * error
    if math.isinf(high):
        if value <= low:
            return low, high
        width = quantile * error / (value - low)
        return low + (value - low) * _exp(-width), low + (value - low) * _exp(width)
    share = (value - low) / (high - low)
    if not 0 < share < 1:
        return low, high
    centre, width = math.log(share / (1 - share)), quantile * error / ((high - low) * share * (1 - share))
    down, up = (1 / (1 + _exp(-(centre + sign * width))) for sign in (-1, 1))
    return low + (high - low) * down, low + (high - low) * up


def _exp(x: float) -> float:
    """Return exp(x), infinite where it is too large for a number."""
    return float(np.exp(min(x, 709.0))) if x < 709.0 else math.inf  # NaN stays


def residual_values(estimate: Estimate, *, at_zero: bool = False) -> dict[str, float]:
    """Return the parameters by name; `at_zero` with sigma where all variables of a dispersion are zero."""
    table, asked = residual_table(estimate, 0.95), estimate.request.residual
    left_out = not at_zero and asked is not None and asked.dispersion is not None
    found = zip(np.asarray(table["parameter"]).tolist(), np.asarray(table["estimate"], float).tolist(), strict=True)
    return {str(name): value for name, value in found if name != "sigma" or not left_out}


def residual_of_which_rows(estimate: object) -> str:
    """Say of which rows sigma is the standard deviation; nothing where it is that of all."""
    if not has_residual_parameters(estimate):
        return ""
    asked = estimate.request.residual
    if asked is None or asked.has_one_variance:
        return ""
    found = residual_parameters(estimate)
    visit = [f"at {found['first_visit']}"] if found["n_visits"] else []
    return ", ".join([*visit, *(["dispersion at zero"] if asked.dispersion is not None else [])])


def is_deviation(name: str) -> bool:
    """Whether a parameter of the residuals is a standard deviation; others are correlations."""
    return name == "sigma" or name.startswith("sd(")


def coefficients_of_deviations(estimate: Estimate, level: float) -> Table:
    """Tabulate the coefficients of ``dispersion=`` alone: without those of visits, whose deviations have names."""
    names, tests = dispersion_tests(estimate, level)
    n_visits = residual_parameters(estimate)["n_visits"]
    kept = [*range(n_visits + 1, len(names))] if n_visits else [*range(len(names))]
    return {"term": [names[k] for k in kept], **{name: np.asarray(c)[kept] for name, c in tests.columns().items()}}


def dispersion_tests(estimate: Estimate, level: float) -> tuple[list[str], Wald]:
    """Test the coefficients of the logarithm of the residual standard deviation; the intercept is that of sigma."""
    found = residual_parameters(estimate)
    error = np.sqrt(np.diag(found["covariance"]).clip(min=0))
    if estimate.request.sigma is not None:
        error[0] = np.nan
    return ["(Intercept)", *found["names"]], wald(found["log_sd"], error, np.full(len(error), np.inf), level)


def dispersion_table(estimate: Estimate, level: float) -> Table:
    """Tabulate them."""
    names, tests = dispersion_tests(estimate, level)
    return {"term": names, **tests.columns()}
