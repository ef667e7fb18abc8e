"""Two-sided tails and quantiles of Student's t; infinite degrees of freedom are the normal distribution."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import student_quantiles, student_tails

Vector = NDArray[np.float64]


def two_sided_p(statistic: float, df: float) -> float:
    """P(|T| > |statistic|).

    >>> round(two_sided_p(2.0, 10.0), 12)
    0.073388034771
    """
    return float(two_sided_ps(statistic, df)[0])


def two_sided_ps(statistics: ArrayLike, df: ArrayLike) -> Vector:
    """Return the same for many statistics, each with its own degrees of freedom."""
    pairs = np.broadcast_arrays(np.atleast_1d(np.asarray(statistics, float)), np.asarray(df, float))
    return student_tails(*(np.ascontiguousarray(values) for values in pairs))


def two_sided_quantile(level: float, df: float) -> float:
    """Return the t with P(|T| <= t) = level.

    >>> round(two_sided_quantile(0.95, 17.0), 12)
    2.109815577833
    """
    return float(two_sided_quantiles(level, df)[0])


def two_sided_quantiles(level: float, df: ArrayLike) -> Vector:
    """Return the same for many degrees of freedom."""
    return student_quantiles(level, np.ascontiguousarray(np.atleast_1d(np.asarray(df, float))))
