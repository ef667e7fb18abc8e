"""Rows and groups that the model did not expect, counting how many were looked at.

Rows by externally studentized residuals (Cook and Weisberg 1982, section 2.2.2), groups by the Mahalanobis distance of
their random effects; both by Bonferroni.
"""

import numpy as np

from ..estimation import Estimate
from ..frame import columns_of
from ..inference import chi_square_tail, two_sided_p
from ..prediction import residuals
from .finding import FINE, LOOK, Check, p_text
from .groups import group_residuals

_LEVEL = 0.05
_SHOWN = 5
_LARGE = 3.0


def check_outliers(estimate: Estimate) -> Check:
    """Find rows and groups whose residual is too large to be the largest of so many."""
    resid = residuals(estimate, "externally-studentized")
    n = int(np.isfinite(resid).sum())
    df = max(estimate.layout.n_rows - len(estimate.core.beta) - 1, 1)
    labels = estimate.row_labels()
    rows: list[tuple[str, str, float, float]] = []
    for k in map(int, np.flatnonzero(np.abs(np.nan_to_num(resid)) > _LARGE)):
        p = n * two_sided_p(float(resid[k]), float(df))
        if p < _LEVEL:
            rows.append(("row", labels[k], float(resid[k]), p))
    n_rows = len(rows)
    for g in range(len(estimate.layout.groups)):
        found = group_residuals(estimate, g)
        for k, distance in enumerate(found.distance):
            p = len(found.levels) * chi_square_tail(float(distance), float(found.rank)) if found.rank else 1.0
            if p < _LEVEL:
                rows.append((found.group, found.levels[k], float(distance), p))
    rows.sort(key=lambda row: row[-1])
    table = columns_of(("kind", "level", "statistic", "p_value"), rows, ("kind", "level"))
    caveat = (
        "Tests are by Bonferroni, for normal errors; several outliers together can hide each other. What an outlier "
        "changes is told by influence(), and it is no reason by itself to leave rows out."
    )
    count = f"{n:,} rows and {sum(len(g.levels) for g in estimate.layout.groups):,} groups"
    if not rows:
        finding = f"Of {count} none is further off than the largest of so many may be."
        return Check("outliers", FINE, finding, caveat, table, estimate.kind)
    shown = ", ".join(f"{kind} {level} ({p_text(p)})" for kind, level, _, p in rows[:_SHOWN])
    more = f", and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    found_here = f"{_counted(n_rows, 'row')} and {_counted(len(rows) - n_rows, 'group')}"
    finding = f"Of {count}, {found_here} are outliers: {shown}{more}."
    return Check("outliers", LOOK, finding, caveat, table, estimate.kind)


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
