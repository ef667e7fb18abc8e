"""Whether the residual variance is the same everywhere: in all groups, at all visits, and at all fitted values.

Raudenbush and Bryk (2002), Hierarchical Linear Models, pp. 263-265 (H); Koenker (1981), J. Econometrics
17, 107-112; DerSimonian and Laird (1986) for the size of heterogeneity.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimation import Estimate
from ..frame import Column
from ..inference import chi_square_tail, f_tail
from .brown_forsythe import FEWEST_ROWS, brown_forsythe
from .deletion_sets import group_index
from .finding import FINE, LOOK, Check, p_text, worst
from .groups import regressions
from .series import series_of
from .spread import (
    Visits,
    VisitTest,
    across_visits,
    by_mean_to_try,
    by_visit_to_try,
    even_residuals,
    goes_with_mean,
    visits_of,
)

Vector = NDArray[np.float64]
Test = tuple[str, str, float, float, float, float]
"""A row of the table."""

_FEWEST_DF = 10
"""Degrees of freedom of a group from which ln S² is near enough to normal."""
_SPREAD = 0.1
"""A standard deviation of the groups' log standard deviations: smaller ones change no conclusion."""
_RATIO = 1.5
_ADVISED = 0.025
"""A p value of one of two tests, across visits and against fitted values, below which a model is named."""


def check_homogeneity(estimate: Estimate, group: str | None, order: str | ArrayLike | None = None) -> Check:
    """Test the residual variance across the groups of a factor, across visits and against fitted values."""
    resid = even_residuals(estimate)
    rows: list[Test] = []
    judged: list[tuple[str, str]] = []
    if group is not None or _has_groups(estimate):
        found, text = _across_groups(estimate, group, resid)
        rows += found
        judged.append(text)
    visits = visits_of(estimate, order)
    test = None if visits is None else across_visits(resid, visits)
    if visits is not None and test is not None:
        rows.append(("Brown-Forsythe", visits.name, test.f, test.num_df, test.den_df, test.p))
        judged.append(_visits_text(visits, test))
    lm, p_fitted, ratio = against_fitted(resid, estimate.values.fitted)
    rows.append(("Koenker", "fitted values", lm, 1.0, math.inf, p_fitted))
    judged.append(_fitted_text(p_fitted, ratio))
    advice = _to_try(estimate, resid, visits, test, (p_fitted, ratio))
    texts = [text for _, text in judged] + ([advice] if advice else [])
    verdict = worst([verdict for verdict, _ in judged])
    return Check("homogeneity", verdict, " ".join(texts), _caveat(estimate), _table(rows), estimate.kind)


def _has_groups(estimate: Estimate) -> bool:
    residual = estimate.request.residual
    return residual is None or residual.term is not None or bool(estimate.layout.groups)


def _table(rows: list[Test]) -> dict[str, Column]:
    names = ("test", "across", "statistic", "num_df", "den_df", "p_value")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return {name: list(v) if name in names[:2] else np.array(v, dtype=float) for name, v in columns.items()}


def _caveat(estimate: Estimate) -> str:
    text = f"Brown-Forsythe takes groups from {FEWEST_ROWS} rows and has little power with small ones."
    if estimate.request.residual is None:
        text = (
            f"H takes groups with {_FEWEST_DF} residual degrees of freedom or more and is sensitive to residuals that "
            f"are not normal; Brown-Forsythe, from {FEWEST_ROWS} rows, is not. Both have little power with small "
            "groups."
        )
    if len(estimate.layout.groups) > 1:
        text += " Random effects of the other grouping factors were subtracted as predicted, which is approximate."
    return text


def _across_groups(estimate: Estimate, group: str | None, resid: Vector) -> tuple[list[Test], tuple[str, str]]:
    """Compare the groups of a factor: by H and Brown and Forsythe's test, normalized residuals by the latter alone."""
    if estimate.request.residual is not None:
        series = series_of(estimate, group, None)
        f, num, den = brown_forsythe(resid, series.codes)
        p = f_tail(f, num, den)
        return [("Brown-Forsythe", series.group, f, num, den, p)], _levene_text(series.group, p)
    g = group_index(estimate, group)
    name = estimate.layout.groups[g].name
    found = regressions(estimate, g)
    h, df, p_h, spread, used = group_statistic(found["rss"], found["df"])
    f, num, den = brown_forsythe(resid, estimate.rows.group_codes(g).astype(np.int64))
    p_levene = f_tail(f, num, den)
    rows: list[Test] = [
        ("H (Raudenbush-Bryk)", name, h, df, math.inf, p_h),
        ("Brown-Forsythe", name, f, num, den, p_levene),
    ]
    return rows, _groups_text(name, used, len(found["df"]), (h, df, p_h), spread, p_levene)


def group_statistic(rss: Vector, df: Vector) -> tuple[float, float, float, float, int]:
    """Return H, its degrees of freedom and p value, the groups' spread of log standard deviations, and groups used."""
    every = group_deviations(rss, df)
    used = np.isfinite(every)
    count = int(used.sum())
    if count < 2:
        return math.nan, math.nan, math.nan, math.nan, count
    f, d = df[used], every[used]
    h = float(np.sum(d**2))
    weights = f / 2
    excess = (h - (count - 1)) / (weights.sum() - np.sum(weights**2) / weights.sum())
    return h, count - 1.0, chi_square_tail(h, count - 1.0), math.sqrt(max(excess, 0.0)) / 2, count


def group_deviations(rss: Vector, df: Vector) -> Vector:
    """Return ln s² of every group less their mean, over its standard error √(2 / df); NaN where there are too few rows.

    Raudenbush and Bryk (2002), Hierarchical Linear Models, p. 263.
    """
    out, used = np.full(len(df), math.nan), (df >= _FEWEST_DF) & (rss > 0)
    f, logs = df[used], np.log(rss[used] / df[used])
    if len(f):
        out[used] = (logs - np.sum(f * logs) / f.sum()) / np.sqrt(2 / f)
    return out


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
        verdict, text = _levene_text(name, p_levene)
        return verdict, text if math.isnan(p_levene) else f"Groups of {name} are too small for H. {text}"
    tests = f"H = {h[0]:.1f} on {h[1]:.0f} df, {p_text(h[2])}; Brown-Forsythe {p_text(p_levene)}"
    which = f"{used} of {groups} groups of {name}" if used < groups else f"all {groups} groups of {name}"
    size = f"log standard deviations vary by about {spread:.2f}"
    if min(h[2], p_levene) >= 0.05:
        return FINE, f"Residual variances of {which} do not differ more than by chance ({tests})."
    if spread < _SPREAD:
        return FINE, f"Residual variances of {which} differ ({tests}), but little: their {size}."
    doubt = "" if p_levene < 0.05 else ", which Brown-Forsythe does not confirm: outliers may be behind it"
    return LOOK, f"Residual variances of {which} differ ({tests}); their {size}{doubt}."


def _levene_text(name: str, p: float) -> tuple[str, str]:
    if math.isnan(p):
        return FINE, f"Groups of {name} are too small to compare their residual variances."
    if p >= 0.05:
        return FINE, f"Residual variances of groups of {name} do not differ more than by chance ({p_text(p)})."
    return LOOK, f"Residual variances of groups of {name} differ (Brown-Forsythe: {p_text(p)})."


def _visits_text(visits: Visits, test: VisitTest) -> tuple[str, str]:
    where = f"{'bins of ' if visits.in_bins else ''}{visits.name}"
    if math.isnan(test.p):
        return FINE, f"Too few rows have the same {visits.name} to compare standard deviations."
    if test.p >= 0.05:
        return FINE, f"Standard deviations do not differ by {where} more than by chance ({p_text(test.p)})."
    size = f"the largest is {test.ratio:.2f} times the smallest, {p_text(test.p)}"
    if test.spread < _SPREAD:
        return FINE, f"Standard deviations differ by {where}, but little ({size})."
    return LOOK, f"Standard deviations differ by {where} ({size})."


def _to_try(
    estimate: Estimate, resid: Vector, visits: Visits | None, test: VisitTest | None, mean: tuple[float, float]
) -> str:
    """Name the model of the standard deviations that has what was found."""
    fitted = estimate.values.fitted
    p_fitted, ratio = mean
    differ = test is not None and test.p < _ADVISED and test.spread >= _SPREAD
    grows = p_fitted < _ADVISED and ratio > _RATIO
    by_mean = by_mean_to_try(estimate, fitted) if grows else ""
    if visits is not None and differ and not (by_mean and goes_with_mean(resid, fitted, visits)):
        return f"Try {by_visit_to_try(estimate, visits)}."
    return f"It grows with the mean: try {by_mean}." if by_mean else ""


def _fitted_text(p: float, ratio: float) -> tuple[str, str]:
    if math.isnan(p):
        return FINE, "Fitted values do not vary."
    size = f"in the highest third of the fitted values the standard deviation is {ratio:.2f} times that in the lowest"
    if p >= 0.05:
        return FINE, f"The standard deviation does not change with the fitted values ({p_text(p)})."
    verdict = LOOK if max(ratio, 1 / ratio) > _RATIO else FINE
    return verdict, f"The standard deviation changes with the fitted values ({p_text(p)}): {size}."
