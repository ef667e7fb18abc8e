"""How the columns of a table of results are written, by their names."""

from collections.abc import Callable, Mapping
from functools import partial
from math import floor, inf, log10

import numpy as np

from ..frame import Column, plain_column
from .numbers import decimals_of, write_column, write_df, write_fixed, write_p
from .record import DisplayColumn

_HEADINGS = {"std_error": "std error", "p_value": "p", "num_df": "num df", "den_df": "den df"}
_BOUNDS = ("conf_low", "conf_high")
_OF_DRAWS = {"mean", "sd"}
_BY_ROW = ("mean", "sd", "conf_low", "median", "conf_high", "mcse")
_MOST_DECIMALS = 8
_OF_ONE_SIZE = ("estimate", "std_error", "detectable", *_BOUNDS)
_THREE_DECIMALS = (
    "weight",
    "reliability",
    "bottom_quarter",
    "top_quarter",
    "share",
    "share_of_level",
    "reduction",
    "power",
    "simulated",
    "assurance",
    "lower_tenth",
    "upper_tenth",
    "lowest",
    "bottom_tenth",
    "top_tenth",
    "highest",
    "probability",
    "above_zero",
    "rhat",
    "k",
)
_TWO_DECIMALS = ("statistic", "chisq", "loglik", "aic", "aicc", "bic", "expected_rank")
_WRITERS: Mapping[str, Callable[[float], str]] = {
    "p_value": write_p,
    **dict.fromkeys(("df", "num_df", "den_df"), write_df),
    **dict.fromkeys(_TWO_DECIMALS, partial(write_fixed, decimals=2)),
    **dict.fromkeys(_THREE_DECIMALS, partial(write_fixed, decimals=3)),
}
"""How numbers are written of which the name says all; others are written as their whole column needs."""


def displayed(columns: Mapping[str, Column], level: float | None = None) -> list[DisplayColumn]:
    """Write the columns out, numbers of one scale with the same decimals; `level` is that of the intervals.

    >>> import numpy as np
    >>> for column in displayed({"term": ["x"], "estimate": np.array([1.23456]), "std_error": np.array([0.5])}):
    ...     print(column.name, *column.cells)
    term x
    estimate 1.2346
    std error 0.5000

    Whole numbers, such as visits, have none:

    >>> displayed({"week": np.array([2.0, 12.0])})[0].cells
    ['2', '12']
    """
    decimals = decimals_of(_numbers(columns["std_error"])) if "std_error" in columns else None
    by_row = [_decimals_beside(sd) for sd in _numbers(columns["sd"])] if {*columns} >= _OF_DRAWS else []
    return [
        DisplayColumn(_heading(name, level), [*map(write_fixed, _numbers(column), by_row)])
        if by_row and name in _BY_ROW
        else _display(name, column, decimals, level)
        for name, column in columns.items()
    ]


def _decimals_beside(sd: float) -> int:
    """Return the decimals of a number whose draws have this standard deviation: three digits of the latter."""
    return min(max(0, 2 - floor(log10(sd))), _MOST_DECIMALS) if 0 < sd < inf else 3


def _display(name: str, column: Column, decimals: int | None, level: float | None) -> DisplayColumn:
    values = np.asarray(plain_column(column))
    heading = _heading(name, level)
    if values.dtype.kind not in "fiu":
        return DisplayColumn(heading, ["" if value is None else str(value) for value in values], False)
    if name in _WRITERS:
        return DisplayColumn(heading, [_WRITERS[name](number) for number in _numbers(column)])
    if values.dtype.kind in "iu":
        return DisplayColumn(heading, [f"{value:,}" for value in values])
    numbers = _numbers(column)
    if name not in _OF_ONE_SIZE and numbers and all(number.is_integer() for number in numbers):
        return DisplayColumn(heading, [f"{number:,.0f}" for number in numbers])
    return DisplayColumn(heading, write_column(numbers, decimals if name in _OF_ONE_SIZE else None))


def _heading(name: str, level: float | None) -> str:
    """Return what stands over a column; over a bound of an interval, what is below it, in percent."""
    if name not in _BOUNDS or level is None:
        return _HEADINGS.get(name, name)
    tail = 50 * (1 - level)
    return f"{tail:.3g}%" if name == "conf_low" else f"{100 - tail:.4g}%"


def _numbers(column: Column) -> list[float]:
    return [float(value) for value in np.asarray(plain_column(column))]
