"""Standardized coefficients, design effects, and the reduction of variance components against a null model."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..estimation import Estimate, estimate_submodel
from ..formula import PLAIN, RandomTerm
from ..frame import Column
from ..inference import TestOptions, interval, uncertainty, variance_components
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


def design_effect_table(estimate: Estimate) -> dict[str, Column]:
    """Tabulate Kish's design effect of every grouping factor: 1 + (m - 1) ICC, m = Σ n_j² / n."""
    parts = variance_parts(estimate)
    within = parts.of_groups + parts.residual
    sizes = [np.bincount(estimate.rows.group_codes(g)) for g in range(len(estimate.layout.groups))]
    n = estimate.layout.n_rows
    size = np.array([float(np.sum(s.astype(float) ** 2)) / n for s in sizes])
    icc = np.array([parts.random[group.name] / within for group in estimate.layout.groups])
    effect = 1 + (size - 1) * icc
    return {
        "group": [group.name for group in estimate.layout.groups],
        "n_groups": np.array([len(s) for s in sizes]),
        "group_size": size,
        "icc": icc,
        "design_effect": effect,
        "effective_n": n / effect,
    }


def reduction_table(estimate: Estimate, null: Estimate | None) -> dict[str, Column]:
    """Tabulate (τ_null - τ) / τ_null for every variance that both models have."""
    null = _null_model(estimate) if null is None else null
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


def _null_model(estimate: Estimate) -> Estimate:
    """Fit an intercept, and a random one for every grouping factor, to the rows of the fit; offsets stay."""
    spec = estimate.request.spec
    groups = {tuple(factor.name for factor in random.group): random.group for random in spec.random}
    intercepts = tuple(RandomTerm(PLAIN, True, (), group, (0, 0)) for group in groups.values())
    null = replace(spec, intercept=True, terms=(), random=intercepts)
    return estimate_submodel(estimate, replace(estimate.request, spec=null, contrasts={}))
