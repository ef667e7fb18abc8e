"""How numbers are written: aligned by column, with the digits that matter."""

import math
from collections.abc import Collection

DIGITS = 4
"""Significant digits of the smallest number in a column."""

_MOST_DECIMALS = 8

ABSENT = ""


def decimals_of(values: Collection[float], digits: int = DIGITS) -> int | None:
    """Return how many decimals show the smallest number; None where there is none, or sizes differ so much.

    >>> decimals_of([6.825, 1.546, float("nan")])
    3
    """
    sizes = [abs(value) for value in values if math.isfinite(value) and value != 0]
    if not sizes:
        return None
    smallest, largest = (math.floor(math.log10(size)) for size in (min(sizes), max(sizes)))
    decimals = max(0, digits - 1 - smallest)
    return decimals if largest - smallest <= digits and decimals <= _MOST_DECIMALS and largest < 12 else None


def write_column(values: Collection[float], decimals: int | None = None) -> list[str]:
    """Write a column with as many decimals as its smallest number needs, or in scientific form where sizes differ much.

    >>> write_column([251.4051, 10.46729, float("nan")])
    ['251.41', '10.47', '']
    >>> write_column([1.5e-9, 2.0e4])
    ['1.5e-09', '2e+04']
    """
    if decimals is None:
        decimals = decimals_of(values)
    if decimals is None:
        return [f"{value:.{DIGITS}g}" if math.isfinite(value) else write_fixed(value, 0) for value in values]
    return [write_fixed(value, decimals) for value in values]


def write_fixed(value: float, decimals: int) -> str:
    """Write a number with a given number of decimals; absent if it is NaN.

    >>> write_fixed(0.98765, 2), write_fixed(float("nan"), 2)
    ('0.99', '')
    """
    if math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:z.{decimals}f}"  # a zero has no sign


def write_p(value: float) -> str:
    """Write a p-value.

    >>> write_p(0.01234), write_p(3e-9)
    ('0.0123', '<0.0001')
    """
    return "<0.0001" if value < 0.0001 else write_fixed(value, 4)


def write_df(value: float) -> str:
    """Write degrees of freedom; infinite ones belong to the normal distribution."""
    return write_fixed(value, 0 if not math.isfinite(value) or value == round(value) else 2)


def plural(count: int, noun: str) -> str:
    """Write a count and what is counted.

    >>> plural(1, "row"), plural(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def short(value: float) -> str:
    """Write a number with three digits.

    >>> short(0.012345), short(12345.6), short(-2.0)
    ('0.0123', '12,346', '-2')
    """
    if not math.isfinite(value):
        return "not known" if math.isnan(value) else "∞"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"
