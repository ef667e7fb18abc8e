"""Whether the residual variance is the same everywhere: in all groups, and at all fitted values.

Raudenbush and Bryk (2002), Hierarchical Linear Models, pp. 263-265 (H); Brown and Forsythe (1974), J. Am. Stat. Assoc.
69, 364-367; Koenker (1981), J. Econometrics 17, 107-112; DerSimonian and Laird (1986) for the size of heterogeneity.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..estimation import Estimate
from ..frame import Column
from ..inference import chi_square_tail, f_tail
from ..prediction import residuals
from .deletion_sets import group_index
from .finding import FINE, LOOK, Check, p_text, worst
from .groups import regressions

Vector = NDArray[np.float64]

_FEWEST_DF = 10
"""Degrees of freedom of a group from which ln S² is near enough to normal."""
_FEWEST_ROWS = 5
_SPREAD = 0.1
"""A standard deviation of the groups' log standard deviations: smaller ones change no conclusion."""
_RATIO = 1.5


def check_homogeneity(estimate: Estimate, group: str | None) -> Check:
    """Test the residual variance across the groups of a factor and against fitted values."""
    g = group_index(estimate, group)
    name = estimate.layout.groups[g].name
    found = regressions(estimate, g)
    h, df, p_h, spread, used = group_statistic(found["rss"], found["df"])
    resid = residuals(estimate, "studentized")
    f, num, den = brown_forsythe(resid, estimate.rows.group_codes(g).astype(np.int64))
    lm, p_fitted, ratio = against_fitted(resid, estimate.values.fitted)
    p_levene = f_tail(f, num, den)
    table: dict[str, Column] = {
        "test": ["H (Raudenbush-Bryk)", "Brown-Forsythe", "Koenker"],
        "across": [name, name, "fitted values"],
        "statistic": np.array([h, f, lm]),
        "num_df": np.array([df, num, 1.0]),
        "den_df": np.array([math.inf, den, math.inf]),
        "p_value": np.array([p_h, p_levene, p_fitted]),
    }
    judged = [
        _groups_text(name, used, len(found["df"]), (h, df, p_h), spread, p_levene),
        _fitted_text(p_fitted, ratio),
    ]
    caveat = (
        f"H takes groups with {_FEWEST_DF} residual degrees of freedom or more and is sensitive to residuals that are "
        f"not normal; Brown-Forsythe, from {_FEWEST_ROWS} rows, is not. Both have little power with small groups."
    )
    if len(estimate.layout.groups) > 1:
        caveat += " Random effects of the other grouping factors were subtracted as predicted, which is approximate."
    verdict = worst([verdict for verdict, _ in judged])
    return Check("homogeneity", verdict, " ".join(text for _, text in judged), caveat, table, estimate.kind)


def group_statistic(rss: Vector, df: Vector) -> tuple[float, float, float, float, int]:
    """Return H, its degrees of freedom and p value, the groups' spread of log standard deviations, and groups used."""
    used = (df >= _FEWEST_DF) & (rss > 0)
    count = int(used.sum())
    if count < 2:
        return math.nan, math.nan, math.nan, math.nan, count
    f, logs = df[used], np.log(rss[used] / df[used])
    d = (logs - np.sum(f * logs) / f.sum()) / np.sqrt(2 / f)
    h = float(np.sum(d**2))
    weights = f / 2
    excess = (h - (count - 1)) / (weights.sum() - np.sum(weights**2) / weights.sum())
    return h, count - 1.0, chi_square_tail(h, count - 1.0), math.sqrt(max(excess, 0.0)) / 2, count


def brown_forsythe(resid: Vector, codes: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return F and its degrees of freedom, for deviations from the groups' medians."""
    # of two residuals the deviations are equal, of three one is always zero
    known = np.isfinite(resid)
    known &= np.bincount(codes, known)[codes] >= _FEWEST_ROWS
    resid, codes = resid[known], codes[known]
    order = np.lexsort((resid, codes))
    resid, codes = resid[order], codes[order]
    levels, start, sizes = np.unique(codes, return_index=True, return_counts=True)
    middle = (resid[start + (sizes - 1) // 2] + resid[start + sizes // 2]) / 2
    place = np.repeat(np.arange(len(levels)), sizes)
    deviation = np.abs(resid - middle[place])
    means = np.bincount(place, deviation) / sizes
    between = float(np.sum(sizes * (means - deviation.mean()) ** 2))
    within = float(np.sum((deviation - means[place]) ** 2))
    num, den = len(levels) - 1, len(resid) - len(levels)
    if num < 1 or den < 1 or within == 0:
        return math.nan, math.nan, math.nan
    return between / num / (within / den), float(num), float(den)


def against_fitted(resid: Vector, fitted: Vector) -> tuple[float, float, float]:
    """Return n R² of squares on fitted values, its p value, and the SD in the highest over that in the lowest third."""
    known = np.isfinite(resid)
    squares, fitted = resid[known] ** 2, fitted[known]
    if len(fitted) < 3 or np.ptp(fitted) == 0 or np.ptp(squares) == 0:
        return math.nan, math.nan, math.nan
    r = float(np.corrcoef(squares, fitted)[0, 1])
    order, third = np.argsort(fitted, kind="stable"), max(len(fitted) // 3, 1)
    ratio = math.sqrt(float(squares[order[-third:]].mean() / squares[order[:third]].mean()))
    statistic = len(fitted) * r * r
    return statistic, chi_square_tail(statistic, 1.0), ratio


def _groups_text(
    name: str, used: int, groups: int, h: tuple[float, float, float], spread: float, p_levene: float
) -> tuple[str, str]:
    if math.isnan(h[0]):
        if math.isnan(p_levene):
            return FINE, f"Groups of {name} are too small to compare their residual variances."
        verdict = LOOK if p_levene < 0.05 else FINE
        return verdict, f"Groups of {name} are too small for H; Brown-Forsythe: {p_text(p_levene)}."
    tests = f"H = {h[0]:.1f} on {h[1]:.0f} df, {p_text(h[2])}; Brown-Forsythe {p_text(p_levene)}"
    which = f"{used} of {groups} groups of {name}" if used < groups else f"all {groups} groups of {name}"
    size = f"log standard deviations vary by about {spread:.2f}"
    if min(h[2], p_levene) >= 0.05:
        return FINE, f"Residual variances of {which} do not differ more than by chance ({tests})."
    if spread < _SPREAD:
        return FINE, f"Residual variances of {which} differ ({tests}), but little: their {size}."
    doubt = "" if p_levene < 0.05 else ", which Brown-Forsythe does not confirm: outliers may be behind it"
    return LOOK, f"Residual variances of {which} differ ({tests}); their {size}{doubt}."


def _fitted_text(p: float, ratio: float) -> tuple[str, str]:
    if math.isnan(p):
        return FINE, "Fitted values do not vary."
    size = f"in the highest third of the fitted values the standard deviation is {ratio:.2f} times that in the lowest"
    if p >= 0.05:
        return FINE, f"It does not change with the fitted values ({p_text(p)})."
    verdict = LOOK if max(ratio, 1 / ratio) > _RATIO else FINE
    return verdict, f"It changes with the fitted values ({p_text(p)}): {size}."
