"""What all styles share: variance components with standard errors and intervals, and words on their use."""

from typing import NamedTuple

import numpy as np

from ..._core import two_sided_quantile
from ...estimation import Estimate
from ...inference import component_errors, variance_components

ON_USE = (
    "Standard errors of variances come from the curvature at the optimum. Variances are far from normal unless there "
    "are very many groups: a variance over its standard error is no test, and its normal interval covers too rarely. "
    "confint(method='profile') and ranova() have intervals and tests."
)


class Component(NamedTuple):
    """A variance or covariance (`term2`) with its standard error; variances have intervals of their logarithms."""

    group: str
    term1: str | None
    term2: str | None
    value: float
    std_error: float
    low: float
    high: float


def components(estimate: Estimate, level: float) -> list[Component]:
    """List variances, and covariances after them, the residual variance last."""
    *blocks, residual = component_errors(estimate)
    errors = []
    for block in blocks:
        errors += [*np.diag(block), *(block[j, i] for j in range(len(block)) for i in range(j + 1, len(block)))]
    errors.append(residual[0, 0])
    z, found = two_sided_quantile(level, np.inf), []
    for (group, term1, term2, value, _, _), error in zip(variance_components(estimate), errors, strict=True):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if term2 is None:
                ratio = np.exp(z * error / np.float64(value))
                low, high = value / ratio, value * ratio
            else:
                low, high = value - z * error, value + z * error
        found.append(Component(group, term1, term2, value, float(error), float(low), float(high)))
    return found
