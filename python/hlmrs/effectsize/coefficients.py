"""Standardized coefficients, design effects, and the reduction of variance components against a null model."""

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, listed
from ..estimation import Estimate, null_model
from ..frame import Column
from ..inference import TestOptions, interval, uncertainty, variance_components
from .correlated_residuals import why_not_known, with_correlated_rows
from .shares import variance_parts

Vector = NDArray[np.float64]


def standardized_table(estimate: Estimate, options: TestOptions) -> dict[str, Column]:
    """Tabulate β sd(x) / sd(y), for every column of X but the constant one."""
    x = estimate.rows.model_matrix()[:, list(estimate.layout.kept)]
    sd_x, sd_y = x.std(axis=0, ddof=1), float(estimate.values.response.std(ddof=1))
    varies = sd_x > 1e-12 * np.abs(x).max(axis=0, initial=0.0)
    _, std_error, df = uncertainty(estimate, options).rows(np.eye(x.shape[1]))
    scale = (sd_x / sd_y)[varies]
    value, std_error, df = estimate.core.beta[varies] * scale, std_error[varies] * scale, df[varies]
    low, high = interval(value, std_error, df, options.level)
    return {
        "term": [name for name, keep in zip(estimate.layout.coef_names, varies, strict=True) if keep],
        "estimate": value,
        "std_error": std_error,
        "df": df,
        "conf_low": low,
        "conf_high": high,
    }


def note_on_two_values(estimate: Estimate) -> str:
    """Say what a standard deviation of columns of two values is; nothing where there are none."""
    x = estimate.rows.model_matrix()
    names = [estimate.layout.columns[k] for k in estimate.layout.kept if len(np.unique(x[:, k])) == 2]
    if not names:
        return ""
    sd = float(estimate.values.response.std(ddof=1))
    return (
        f"{listed(names)}: columns of two values, whose standard deviation says how rows are spread over them and is "
        f"no step that a level can take. Contrasts of levels over {sd:.4g}, the standard deviation of "
        f"{estimate.layout.response}, do not depend on that."
    )


def design_effect_table(estimate: Estimate) -> dict[str, Column]:
    """Tabulate Kish's design effect of every grouping factor: 1 + (m - 1) ICC, m = Σ n_j² / n."""
    layout, parts = estimate.layout, variance_parts(estimate)
    within = parts.of_groups + parts.residual
    sizes = [np.bincount(estimate.rows.group_codes(g)) for g in range(len(layout.groups))]
    n = layout.n_rows
    size = np.array([float(np.sum(s.astype(float) ** 2)) / n for s in sizes])
    mixed = with_correlated_rows(estimate)
    icc = np.array([parts.random[name] / within if name not in mixed else np.nan for name in layout.group_names])
    effect = 1 + (size - 1) * icc
    return {
        "group": [group.name for group in layout.groups],
        "n_groups": np.array([len(s) for s in sizes]),
        "group_size": size,
        "icc": icc,
        "design_effect": effect,
        "effective_n": n / effect,
    }


def note_on_correlated_rows(estimate: Estimate) -> list[str]:
    """Say which design effects are not known since residuals are correlated; nothing where all are."""
    note = why_not_known(estimate, with_correlated_rows(estimate))
    return [note] if note else []


def reduction_table(estimate: Estimate, null: Estimate | None) -> dict[str, Column]:
    """Tabulate (τ_null - τ) / τ_null for every variance that both models have."""
    null = null_model(estimate) if null is None else null
    if not np.array_equal(null.values.response, estimate.values.response):
        raise DataError("the null model was fitted to another response or to other rows")
    before = {(row.group, row.term1): row.variance for row in variance_components(null) if row.term2 is None}
    after = [row for row in variance_components(estimate) if row.term2 is None and (row.group, row.term1) in before]
    old = np.array([before[row.group, row.term1] for row in after])
    new = np.array([row.variance for row in after])
    with np.errstate(invalid="ignore", divide="ignore"):
        reduction = np.where(old > 0, (old - new) / old, np.nan)
    return {
        "group": [row.group for row in after],
        "term": [row.term1 for row in after],
        "variance_null": old,
        "variance": new,
        "reduction": reduction,
    }
