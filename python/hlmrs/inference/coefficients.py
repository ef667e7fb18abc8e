"""The Wald table of the fixed effects."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .distributions import two_sided_ps, two_sided_quantiles

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoefficientTable:
    """Estimates and tests of the fixed effects; all arrays have one entry per term."""

    term: list[str]
    estimate: Vector
    std_error: Vector
    statistic: Vector
    df: Vector
    p_value: Vector
    conf_low: Vector
    conf_high: Vector


def coefficient_table(
    names: Sequence[str], beta: Vector, std_error: Vector, df: Vector, *, level: float, dropped: Sequence[str] = ()
) -> CoefficientTable:
    """Compute Wald statistics; the `dropped` columns, which depend on others, follow as NaN."""
    check_level(level)
    statistic = beta / std_error
    p_value = two_sided_ps(statistic, df)
    margin = two_sided_quantiles(level, df) * std_error
    rows = (beta, std_error, statistic, df, p_value, beta - margin, beta + margin)
    unknown = np.full(len(dropped), math.nan)
    return CoefficientTable([*names, *dropped], *(np.concatenate([row, unknown]) for row in rows))


def check_level(level: float) -> None:
    """Refuse a confidence level that is no probability."""
    if not 0 < level < 1:
        raise OptionError(f"level={level!r}: give a number between 0 and 1, such as 0.95")
