"""Whether residuals of a group are correlated beyond what the model has, and which structure to try.

Independent residuals beside random effects: the score of an autoregression of rows that follow each other.  Residuals
that have parameters, and models without random effects: correlations of normalized residuals, of every lag and of all
together.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from .._core import serial_correlation
from ..estimation import Estimate
from ..frame import Column
from ..inference import two_sided_p
from .deletion_sets import of_codes
from .finding import FINE, LOOK, Check, holm, p_text
from .joint_lags import JointTest, joint_test
from .lags import Lags, lag_correlations
from .series import Series, series_of
from .structure_advice import structure_to_try

_SIZE = 0.1
"""A correlation below this changes no conclusion."""
_SHOWN = 3


def check_autocorrelation(estimate: Estimate, group: str | None, order: str | ArrayLike | None) -> Check:
    """Test whether residuals are correlated within groups beyond what the model has."""
    series = series_of(estimate, group, order)
    if estimate.request.residual is not None:
        return _of_normalized(estimate, series)
    return _by_score(estimate, series)


def _by_score(estimate: Estimate, series: Series) -> Check:
    """Test the score of an autoregression of rows that follow each other in their group."""
    by = np.argsort(series.time, kind="stable")
    codes = series.codes[by]
    labels = [str(k) for k in range(int(codes.max(initial=-1)) + 1)]
    sets = of_codes(series.group, codes, labels)
    members = by[sets.members].astype(np.uint32)
    excess, z, pairs = serial_correlation(estimate.core, estimate.rows, sets.ptr, members, estimate.threads)
    p = two_sided_p(z, math.inf)
    table: dict[str, Column] = {
        "group": [series.group],
        "order": [series.time_name or "rows"],
        "pairs": np.array([pairs]),
        "correlation": np.array([excess]),
        "statistic": np.array([z]),
        "p_value": np.array([p]),
    }
    caveat = (
        f"Rows of a group were taken in {_how(series)}, at equal distances; the score test is for normal residuals and "
        "many rows. An order that means nothing gives a test of nothing."
    )
    verdict, found = _finding(series.group, excess, z, p)
    if verdict == LOOK and excess > 0:
        found = f"{found}{_remedy(estimate, series)}."
    return Check("autocorrelation", verdict, found, caveat, table, estimate.kind)


def _how(series: Series) -> str:
    return "the order of the rows" if series.time_name is None else f"the order of {series.time_name}"


def _finding(name: str, excess: float, z: float, p: float) -> tuple[str, str]:
    """Say what the test found, and whether it is of concern."""
    if math.isnan(z):
        return FINE, f"No group of {name} has two rows whose residuals are free to vary."
    size = f"correlation about {excess:.2f}, z = {z:.1f}, {p_text(p)}"
    if p >= 0.05:
        return FINE, f"Residuals that follow each other within {name} are not alike beyond chance ({size})."
    if abs(excess) < _SIZE:
        return FINE, f"Residuals that follow each other within {name} are alike, but little ({size})."
    if excess < 0:
        return LOOK, f"Residuals that follow each other within {name} are opposed ({size})."
    return LOOK, f"Residuals that follow each other within {name} are alike ({size})"


def _remedy(estimate: Estimate, series: Series) -> str:
    advice = structure_to_try(estimate, series, lag_correlations(estimate, series))
    return f"; {advice}" if advice else ""


def _of_normalized(estimate: Estimate, series: Series) -> Check:
    """Test the correlations of normalized residuals by lag."""
    lags = lag_correlations(estimate, series, normalized=True)
    z = lags.correlation / lags.std_error
    p = np.array([two_sided_p(float(a), float(df)) for a, df in zip(z, lags.df, strict=True)])
    n = len(lags.lag)
    table: dict[str, Column] = {
        "group": [series.group] * n,
        "order": [series.time_name or "rows"] * n,
        "lag": lags.lag,
        "pairs": lags.pairs,
        "correlation": lags.correlation,
        "statistic": z,
        "p_value": p,
    }
    verdict, found, least = _by_lag(estimate, series, lags, p)
    caveat = (
        f"Rows of a group were taken in {_how(series)}. That the parameters of the model are estimated makes the "
        "correlations of normalized residuals smaller, so that the tests find less than there is."
    )
    return Check("autocorrelation", verdict, found, caveat, table, estimate.kind, least)


def _by_lag(estimate: Estimate, series: Series, lags: Lags, p: np.ndarray) -> tuple[str, str, float | None]:
    """Say which correlations are left, of one lag or of all together, and the p value of both, corrected."""
    if not len(p):
        return FINE, f"Too few rows of {series.group} have others in their group to correlate.", None
    what = f"{'Normalized residuals' if _has_parameters(estimate) else 'Residuals'} of the same {series.group}"
    corrected = np.array(holm(np.nan_to_num(p, nan=1.0).tolist()))
    k = int(np.argmin(corrected))
    joint = joint_test(lags)
    least = _of_both(float(corrected[k]), joint)
    if least >= 0.05:
        return FINE, f"{what} show no correlation beyond chance ({_some(lags, joint)}).", least
    if joint is not None and (joint.by_groups or joint.p_value < corrected[k]):
        size, largest = f"all lags together, {p_text(least)}; {_some(lags, None)}", joint.largest
    else:
        size, largest = f"{_at(lags, k)}, {p_text(least)} after correction for several tests", lags.correlation[k]
    if abs(largest) < _SIZE:
        return FINE, f"{what} are correlated, but little ({size}).", least
    advice = structure_to_try(estimate, series, lag_correlations(estimate, series))
    return LOOK, f"{what} are correlated ({size}){f'; {advice}' if advice else ''}.", least


def _of_both(of_lags: float, joint: JointTest | None) -> float:
    """Return the p value of the lags, one by one and together; together alone where errors are those of groups."""
    if joint is None:
        return of_lags
    return joint.p_value if joint.by_groups else min(1.0, 2 * min(of_lags, joint.p_value))


def _some(lags: Lags, joint: JointTest | None) -> str:
    """Write the correlations of the first lags, and the p value of all together."""
    first = ", ".join(_at(lags, m) for m in range(min(_SHOWN, len(lags.lag))))
    return first if joint is None else f"{first}; all lags together, {p_text(joint.p_value)}"


def _has_parameters(estimate: Estimate) -> bool:
    residual = estimate.request.residual
    return residual is not None and bool(residual.texts())


def _at(lags: Lags, k: int) -> str:
    """Write a correlation with its lag: ``"lag 1 0.02"``."""
    about = "lag" if lags.is_exact else "distance about"
    return f"{about} {lags.lag[k]:.3g} {lags.correlation[k]:.2f}"
