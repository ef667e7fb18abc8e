"""Rubin's rules: m estimates Q_l with covariances U_l of the same quantities become one.

Q = mean Q_l, U = mean U_l, B = the variance of the Q_l, T = U + (1 + 1/m) B (Rubin 1987, eqs. 3.1.2 to 3.1.5).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_FEWEST = 4.0
"""Degrees of freedom k (m - 1) above which the approximations of the F test hold."""


@dataclass(frozen=True, slots=True, eq=False)
class PooledNumbers:
    """Pooled estimates, an entry each.

    Attributes
    ----------
    estimate, std_error, df : array
        Mean, square root of the total variance, degrees of freedom of Barnard and Rubin (1999).
    riv : array
        Relative increase of the variance by what is missing.
    fmi : array
        Fraction of missing information (Barnard and Rubin 1999, eq. 9).
    """

    estimate: Vector
    std_error: Vector
    df: Vector
    riv: Vector
    fmi: Vector


def pool_numbers(estimates: Vector, variances: Vector, df_complete: Vector) -> PooledNumbers:
    """Pool numbers one by one; a row for each data set, `df_complete` of each number if nothing were missing."""
    m = len(estimates)
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        riv, share = added / within, added / total
        df = degrees_of_freedom(share, m, df_complete)
        fmi = (riv + 2 / (df + 3)) / (riv + 1)
    return PooledNumbers(estimates.mean(axis=0), np.sqrt(total), df, riv, fmi)


def degrees_of_freedom(share: Vector, m: int, df_complete: Vector) -> Vector:
    """Return those of Barnard and Rubin (1999), eq. 3; `share` is that of (1 + 1/m) B in T.

    1 / df = 1 / df_m + 1 / df_observed, with df_m = (m - 1) / share² of Rubin (1987) and
    df_observed = (1 - share) nu (nu + 1) / (nu + 3), nu those of complete data.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        of_draws = (m - 1) / share**2
        shrunken = np.where(np.isinf(df_complete), np.inf, (df_complete + 1) / (df_complete + 3) * df_complete)
        observed = shrunken * (1 - share)
        return np.asarray(1 / (1 / of_draws + 1 / observed))


@dataclass(frozen=True, slots=True)
class PooledTest:
    """An F test of several numbers at once."""

    num_df: float
    den_df: float
    statistic: float
    riv: float


def pool_test(estimates: Vector, covariances: Vector, origin: Vector, df_complete: float) -> PooledTest:
    """Test that k numbers are `origin`: D1 of Li, Raghunathan and Rubin (1991), eqs. 1.17 to 1.19.

    D1 = (Q - Q0)' U⁻¹ (Q - Q0) / (k (1 + r)), r = (1 + 1/m) tr(B U⁻¹) / k, with Reiter's (2007) degrees of freedom
    for complete data that have `df_complete`.
    """
    m, k = estimates.shape
    mean, within = estimates.mean(axis=0) - origin, covariances.mean(axis=0)
    between = np.atleast_2d(np.cov(estimates.T))
    r = float((1 + 1 / m) * np.trace(np.linalg.solve(within, between)) / k)
    statistic = float(mean @ np.linalg.solve(within, mean)) / (k * (1 + r))
    return PooledTest(float(k), _df_of_test(r, k * (m - 1.0), k, df_complete), statistic, r)


def _df_of_test(r: float, t: float, k: int, df_complete: float) -> float:
    """Return the denominator's degrees of freedom; few draws of few numbers have those of complete data at most."""
    if r <= 0:
        return _shrunken(df_complete)
    if t <= _FEWEST:
        return min(t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2, _shrunken(df_complete))
    large = _FEWEST + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    return large if np.isinf(df_complete) else _reiter(r, t, _shrunken(df_complete), large)


def _shrunken(df: float) -> float:
    return df if np.isinf(df) else (df + 1) / (df + 3) * df


def _reiter(r: float, t: float, nu: float, large: float) -> float:
    """Return Reiter's (2007), eq. 10; where complete data have too few for it the smaller of both limits."""
    a = r * t / (t - 2)
    c0, c1, c2 = 1 / (t - 4), nu - 2 * (1 + a), nu - 4 * (1 + a)
    if c2 <= 0:
        return min(nu, large)
    z = 1 / c2 + c0 * (
        a**2 * c1 / ((1 + a) ** 2 * c2)
        + 8 * a**2 * c1 / ((1 + a) * c2**2)
        + 4 * a**2 / ((1 + a) * c2)
        + 4 * a**2 / (c2 * c1)
        + 16 * a**2 * c1 / c2**3
        + 8 * a**2 / c2**2
    )
    return 4 + 1 / z
