"""Tables under the names that broom gives them, as columns of a frame."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from .._core import Problem
from ..errors import OptionError
from ..estimation import Estimate
from ..frame import Column
from .bootstrap import draw
from .coefficients import CoefficientTable, coefficient_table
from .profiles import profile_intervals
from .random_effects import RESIDUAL, variance_components
from .uncertainty import uncertainty

Table = dict[str, Column]

CONFINT_METHODS = ("wald", "profile", "boot")


def coefficients(
    estimate: Estimate, ddf: str, level: float, vcov: str = "model", cluster: Any = None
) -> CoefficientTable:
    """Compute the Wald table of the fixed effects; columns that cannot be estimated come last, as NaN."""
    layout, core = estimate.layout, estimate.core
    _, std_error, df = uncertainty(estimate, ddf, vcov, cluster).rows(np.eye(len(core.beta)))
    return coefficient_table(layout.coef_names, core.beta, std_error, df, level=level, dropped=layout.dropped_columns)


def fixed_table(estimate: Estimate, ddf: str, level: float, vcov: str = "model", cluster: Any = None) -> Table:
    """Lay the Wald table out."""
    return asdict(coefficients(estimate, ddf, level, vcov, cluster))


def confidence_table(estimate: Estimate, method: str, ddf: str, level: float, n: int, seed: int | None) -> Table:
    """Lay confidence intervals out."""
    if method not in CONFINT_METHODS:
        raise OptionError(f"method={method!r}: choose one of {', '.join(map(repr, CONFINT_METHODS))}")
    if method == "profile":
        return profile_intervals(estimate, level)
    if method == "boot":
        return draw(estimate, n, "parametric", seed, None).intervals("percentile", level)
    table = coefficients(estimate, ddf, level)
    n = len(estimate.core.beta)
    return {"term": table.term[:n], "conf_low": table.conf_low[:n], "conf_high": table.conf_high[:n]}


def variance_table(estimate: Estimate) -> Table:
    """Lay the variance components out."""
    components = variance_components(estimate)
    texts: Table = {name: [getattr(row, name) for row in components] for name in ("group", "term1", "term2")}
    return texts | {name: np.array([getattr(row, name) for row in components]) for name in ("variance", "sd", "corr")}


def random_parameter_table(estimate: Estimate) -> Table:
    """Lay the standard deviations and correlations out, named as broom.mixed names them."""
    group, term, value = [], [], []
    for row in variance_components(estimate):
        group.append(row.group)
        if row.group == RESIDUAL and row.term1 is None:
            term.append("sd__Observation")
        else:
            term.append(f"sd__{row.term1}" if row.term2 is None else f"cor__{row.term1}.{row.term2}")
        value.append(row.sd if row.term2 is None else row.corr)
    return {"group": group, "term": term, "estimate": np.array(value)}


def glance_table(estimate: Estimate) -> Table:
    """Lay the one row of a fit's key figures out."""
    layout, core, verdict = estimate.layout, estimate.core, estimate.verdict
    criterion, n_params = core.criterion, core.n_params
    return {
        "nobs": np.array([layout.n_rows]),
        "n_params": np.array([n_params]),
        "sigma": np.array([core.sigma]),
        "loglik": np.array([-criterion / 2]),
        "aic": np.array([criterion + 2 * n_params]),
        "bic": np.array([criterion + n_params * np.log(layout.n_rows)]),
        "criterion": np.array([criterion]),
        "df_residual": np.array([layout.n_rows - n_params]),
        "converged": np.array([verdict.converged]),
        "singular": np.array([verdict.singular]),
    }


def record(estimate: Estimate, ddf: str) -> dict[str, Any]:
    """Put everything but the random effects into plain dictionaries and lists."""
    layout, verdict = estimate.layout, estimate.verdict
    figures = {name: np.asarray(column).tolist()[0] for name, column in glance_table(estimate).items()}
    return {
        "formula": estimate.request.spec.formula,
        "reml": estimate.request.reml,
        **figures,
        "n_groups": {group.name: len(group.levels) for group in layout.groups},
        "dropped_rows": dict(layout.dropped_rows),
        "verdict": {"status": verdict.status, "evaluations": verdict.evaluations, "explanation": verdict.explain()},
        "fixed": _as_rows(fixed_table(estimate, ddf, 0.95)),
        "varcorr": _as_rows(variance_table(estimate)),
    }


def _as_rows(table: Table) -> list[dict[str, Any]]:
    columns = [column if isinstance(column, list) else np.asarray(column).tolist() for column in table.values()]
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]


def structure_table(problem: Problem, names: Sequence[str]) -> Table:
    """Lay the blocks of the factorization out; `names` are those of the grouping factors."""
    blocks = problem.structure
    table: Table = {"block": [_block_name(block["group"], names) for block in blocks]}
    for key in ("kind", "levels", "width", "size", "entries", "fill"):
        values = [block[key] for block in blocks]
        table[key] = values if key == "kind" else np.array(values)
    return table


def _block_name(group: object, names: Sequence[str]) -> str:
    if isinstance(group, int):
        return names[group]
    if isinstance(group, (tuple, list)):
        return " x ".join(names[k] for k in group)
    return str(group)
