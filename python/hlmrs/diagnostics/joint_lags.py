"""Correlations of all lags together: their level, and their trend over the logarithm of the lag.

Structures that are wrong leave correlations that go over from one lag to the next, each of them within chance.  Two
directions have most of that: what all lags have in common, and what changes from the near to the far ones.  By a model
without random effects the correlations of normalized residuals are independent, and the test is a chi-square one; else
their covariance is that of what groups give to them, and the test is Hotelling's.  Tests of single lags by standard
errors of few groups reject too often where there are many lags; Hotelling's does not.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._core import chi_square_tail, f_tail
from .lags import Lags

Vector = NDArray[np.float64]
_DIRECTIONS = 2


@dataclass(frozen=True, slots=True)
class JointTest:
    """The p value of level and trend, and the correlation by them where it is largest.

    ``by_groups``: the covariance of the correlations is that of what groups give to them.
    """

    p_value: float
    largest: float
    by_groups: bool


def joint_test(lags: Lags) -> JointTest | None:
    """Test level and trend of the correlations of normalized residuals; none with one lag, or too few groups."""
    n, groups = len(lags.lag), len(lags.by_group)
    is_independent = bool(np.isinf(lags.df).all())
    if n < _DIRECTIONS or not np.isfinite(lags.correlation).all() or (not is_independent and groups <= 2 * _DIRECTIONS):
        return None
    weighted = _directions(lags.pairs)
    sums = weighted @ lags.correlation
    if is_independent:
        covariance = (weighted * lags.std_error**2) @ weighted.T
    else:
        of_groups = lags.by_group @ weighted.T
        covariance = of_groups.T @ of_groups * groups / (groups - 1)
    if np.linalg.matrix_rank(covariance) < _DIRECTIONS:
        return None
    squares = float(sums @ np.linalg.solve(covariance, sums))
    return JointTest(_tail(squares, groups, is_independent), _largest(lags, sums), not is_independent)


def _directions(pairs: NDArray[np.int64]) -> Vector:
    """Return the weights of the lags (columns) in level and trend (rows), which are orthogonal by numbers of pairs."""
    share = pairs / pairs.sum()
    place = np.log(np.arange(len(pairs)) + 1.0)
    trend = place - share @ place
    return np.array([share, share * trend / math.sqrt(share @ trend**2)])


def _largest(lags: Lags, sums: Vector) -> float:
    """Return the correlation by level and trend where it is farthest from zero."""
    by_lag = (_directions(lags.pairs) / (lags.pairs / lags.pairs.sum())).T @ sums
    return float(by_lag[np.argmax(np.abs(by_lag))])


def _tail(squares: float, groups: int, is_independent: bool) -> float:
    if is_independent:
        return chi_square_tail(squares, _DIRECTIONS)
    rest = groups - _DIRECTIONS
    return f_tail(squares * rest / (_DIRECTIONS * (groups - 1)), _DIRECTIONS, rest)
