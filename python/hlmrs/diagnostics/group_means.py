"""Whether effects of covariates differ within and between groups, which biases what the model has as one.

The score test of the covariates' group means (Mundlak 1978; Hausman 1978; Raudenbush and Bryk 2002, pp. 135-139), at
the variances of the fit.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .._core import added_columns
from ..estimation import Estimate
from ..frame import Column, columns_of
from ..inference import chi_square_tail
from .finding import FINE, LOOK, Check, p_text

Vector = NDArray[np.float64]

_VARIES = 1e-8


def check_heterogeneity_bias(estimate: Estimate) -> Check:
    """Test the group means of every column that varies within and between the groups of some factor."""
    layout = estimate.layout
    x = estimate.rows.model_matrix()
    rows: list[tuple[str, str, float, float, float, float]] = []
    for g, group in enumerate(layout.groups):
        names, means = _group_means(estimate, g, x)
        if names:
            rows += _tests(estimate, group.name, names, means)
    table = columns_of(("group", "term", "difference", "statistic", "df", "p_value"), rows, ("group", "term"))
    caveat = (
        "A score test at the variances of this fit; few groups give it little power, and what differs between groups "
        "for other reasons shows in it too."
    )
    return _check(rows, caveat, table, estimate.kind)


def _check(
    rows: list[tuple[str, str, float, float, float, float]], caveat: str, table: dict[str, Column], kind: str
) -> Check:
    name = "heterogeneity bias"
    if not rows:
        finding = "No covariate varies both within and between groups."
        return Check(name, FINE, finding, caveat, table, kind)
    joint = [row for row in rows if row[1] == "all"]
    found = [row for row in joint if row[5] * len(joint) < 0.05]
    if not found:
        shown = ", ".join(f"{row[0]}: {p_text(row[5])}" for row in joint)
        return Check(name, FINE, f"Effects within and between groups agree ({shown}).", caveat, table, kind)
    parts = []
    for group, _, _, _, _, p in found:
        single = [row for row in rows if row[0] == group and row[1] != "all" and row[5] < 0.05]
        of = ", ".join(f"{row[1]} (between less within: {row[2]:.3g})" for row in single)
        parts.append(f"{group}, {p_text(p)}" + (f": {of}" if of else ""))
    finding = (
        f"Effects within and between groups differ ({'; '.join(parts)}). Add the group means of these covariates, or "
        "centre them within groups, to have both effects."
    )
    return Check(name, LOOK, finding, caveat, table, kind)


def _group_means(estimate: Estimate, g: int, x: Vector) -> tuple[list[str], Vector]:
    """Return the group means, row by row, of the columns that vary within groups and whose means vary."""
    codes = estimate.rows.group_codes(g)
    sizes = np.bincount(codes)
    names, columns = [], []
    for k in estimate.layout.kept:
        values = x[:, k]
        means = (np.bincount(codes, values) / np.maximum(sizes, 1))[codes]
        total = float(np.var(values))
        if total > 0 and np.var(values - means) > _VARIES * total and np.var(means) > _VARIES * total:
            names.append(estimate.layout.columns[k])
            columns.append(means - means.mean())
    return names, np.array(columns).T


def _tests(
    estimate: Estimate, group: str, names: list[str], means: Vector
) -> list[tuple[str, str, float, float, float, float]]:
    found = added_columns(estimate.core, estimate.rows, np.ascontiguousarray(means))
    information, score = found["information"], found["score"]
    variance = estimate.residual_variance
    rows = []
    known = np.diag(information) > 0
    for k, name in enumerate(names):
        if known[k]:
            statistic = score[k] ** 2 / information[k, k] / variance
            tail = chi_square_tail(float(statistic), 1.0)
            rows.append((group, name, float(score[k] / information[k, k]), float(statistic), 1.0, tail))
    if not rows:
        return []
    information, score = information[np.ix_(known, known)], score[known]
    scale = np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    kept = values > _VARIES * values.max()
    along = vectors.T @ (score / scale)
    statistic = float(np.sum(along[kept] ** 2 / values[kept])) / variance
    df = float(kept.sum())
    return [*rows, (group, "all", math.nan, statistic, df, chi_square_tail(statistic, df))]
