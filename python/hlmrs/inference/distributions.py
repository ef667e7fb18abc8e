"""Two-sided tails and quantiles of Student's t; infinite degrees of freedom are the normal distribution."""

import math

_TINY = 1e-300
_STIRLING = 1e3
_TERMS = 100_000


def two_sided_p(statistic: float, df: float) -> float:
    """P(|T| > |statistic|).

    >>> round(two_sided_p(2.0, 10.0), 12)
    0.073388034771
    """
    if math.isnan(statistic) or math.isnan(df):
        return math.nan
    if math.isinf(statistic):
        return 0.0
    if math.isinf(df):
        return math.erfc(abs(statistic) / math.sqrt(2))
    square = statistic * statistic
    return _incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square))


def two_sided_quantile(level: float, df: float) -> float:
    """Return the t with P(|T| <= t) = level.

    >>> round(two_sided_quantile(0.95, 17.0), 12)
    2.109815577833
    """
    if math.isnan(df):
        return math.nan
    t = 0.0
    for _ in range(200):  # Newton's steps rise to the root: the tail is convex in t > 0
        step = (two_sided_p(t, df) - (1 - level)) / (2 * _density(t, df))
        t += step
        if abs(step) <= 1e-15 * (1 + t):
            break
    return t


def _density(t: float, df: float) -> float:
    if math.isinf(df):
        return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    return math.exp(_log_gamma_ratio(df / 2) - (df + 1) / 2 * math.log1p(t * t / df)) / math.sqrt(math.pi * df)


def _log_gamma_ratio(a: float) -> float:
    """Return log Γ(a + 1/2) - log Γ(a), without cancellation for large a."""
    if a < _STIRLING:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    return 0.5 * math.log(a) - 1 / (8 * a) + 1 / (192 * a**3)


def _incomplete_beta(a: float, b: float, x: float, complement: float) -> float:
    """I_x(a, b) where b or a is 1/2, by its continued fraction on the side where that converges fast."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, complement, x)
    if x == 0:
        return 0.0
    half, other = (b, a) if b == 0.5 else (a, b)
    log_beta = math.lgamma(half) - _log_gamma_ratio(other)
    front = math.exp(a * math.log(x) + b * math.log(complement) - log_beta) / a
    return front * beta_fraction(a, b, x)


def beta_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22)."""
    c, d = 1.0, away_from_zero(1 - (a + b) * x / (a + 1))
    d = 1 / d
    value = d
    for m in range(1, _TERMS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / away_from_zero(1 + numerator * d)
            c = away_from_zero(1 + numerator / c)
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def away_from_zero(value: float) -> float:
    """Return a value that may be divided by."""
    return value if abs(value) > _TINY else _TINY
