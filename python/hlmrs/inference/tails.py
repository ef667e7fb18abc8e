"""Upper tails and quantiles of the F and chi-square distributions; infinite degrees of freedom are the limit.

The incomplete gamma function by its series and, by Lentz's method, its continued fraction (DLMF 8.11.4, 8.9.2).
"""

import math

from .._core import incomplete_beta

_TINY = 1e-300
_TERMS = 100_000
_PRECISION = 1e-16


def f_tail(statistic: float, num_df: float, den_df: float) -> float:
    """P(F > statistic).

    >>> round(f_tail(3.0, 2.0, 10.0), 12)
    0.095367431641
    """
    if any(map(math.isnan, (statistic, num_df, den_df))):
        return math.nan
    if statistic <= 0:
        return 1.0
    if math.isinf(statistic):
        return 0.0
    if math.isinf(den_df):
        return chi_square_tail(statistic * num_df, num_df)
    total = den_df + num_df * statistic
    return incomplete_beta(den_df / 2, num_df / 2, den_df / total, num_df * statistic / total)


def f_quantile(probability: float, num_df: float, den_df: float) -> float:
    """Return the value that F exceeds with `probability`.

    >>> round(f_quantile(0.05, 2.0, 10.0), 10)
    4.1028210151
    """
    if math.isnan(num_df) or math.isnan(den_df):
        return math.nan
    low, high = 0.0, 1.0
    while f_tail(high, num_df, den_df) > probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if f_tail(middle, num_df, den_df) > probability else (low, middle)
    return (low + high) / 2


def chi_square_tail(statistic: float, df: float) -> float:
    """P(X > statistic); no degrees of freedom are a point at zero.

    >>> round(chi_square_tail(3.841458820694124, 1.0), 12)
    0.05
    """
    if math.isnan(statistic) or math.isnan(df):
        return math.nan
    if statistic <= 0:
        return 1.0
    if df == 0:
        return 0.0
    return _upper_gamma(df / 2, statistic / 2)


def _upper_gamma(a: float, x: float) -> float:
    """Q(a, x)."""
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        return 1 - front * _gamma_series(a, x)
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for k in range(1, _TERMS):
        numerator = -k * (k - a)
        b += 2
        d = 1 / _away_from_zero(b + numerator * d)
        c = _away_from_zero(b + numerator / c)
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return front * value


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    for k in range(1, _TERMS):
        term *= x / (a + k)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _away_from_zero(value: float) -> float:
    """Return a value that may be divided by."""
    return value if abs(value) > _TINY else _TINY
