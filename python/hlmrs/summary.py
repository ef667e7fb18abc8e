"""The report of a fit: what it states, taken from its tables."""

import numpy as np

from .display import Report
from .estimation import Estimate
from .inference import RESIDUAL, coefficients, variance_shares
from .report import CoefficientRow, GroupSize, ModelFacts, VarianceRow, mixed_model_report

_PLACES = {
    "satterthwaite": "Satterthwaite's degrees of freedom",
    "kenward-roger": "Kenward and Roger's degrees of freedom and standard errors",
    "containment": "containment degrees of freedom",
    "between-within": "between-within degrees of freedom",
    "residual": "residual degrees of freedom",
    "normal": "normal distribution",
}


def summarize(estimate: Estimate, ddf: str, level: float) -> Report:
    """Collect what the report states."""
    request, layout, core = estimate.request, estimate.layout, estimate.core
    criterion, n_params = core.criterion, core.n_params
    facts = ModelFacts(
        title=f"Linear mixed model, fitted by {'REML' if request.reml else 'maximum likelihood'}",
        formula=request.spec.formula.strip(),
        n_rows=layout.n_rows,
        n_rows_input=layout.n_rows_input,
        dropped=layout.dropped_rows,
        groups=[GroupSize(group.name, len(group.levels), group.smallest, group.largest) for group in layout.groups],
        weights=_source(request.weights),
        offset=_source(request.offset),
        criterion_name="REML criterion" if request.reml else "-2 log-likelihood",
        criterion=criterion,
        criterion_std_error=core.criterion_std_error,
        loglik=-criterion / 2,
        aic=criterion + 2 * n_params,
        bic=criterion + n_params * float(np.log(layout.n_rows)),
        n_params=n_params,
        verdict=str(estimate.verdict),
        variances=_variance_rows(estimate),
        coefficients=_coefficient_rows(estimate, ddf, level),
        df_method=_PLACES[ddf],
        level=level,
        reference_levels=layout.reference_levels,
        notes=_notes(estimate),
    )
    return mixed_model_report(facts)


def _variance_rows(estimate: Estimate) -> list[VarianceRow]:
    layout, core = estimate.layout, estimate.core
    *shares, residual = variance_shares(estimate)
    rows = []
    for term, covariance, share in zip(layout.random, core.covariances(), shares, strict=True):
        sd = np.sqrt(np.diag(covariance))
        group = layout.groups[term.group].name
        for k, name in enumerate(term.columns):
            corr = [float(covariance[k, j] / (sd[k] * sd[j])) if sd[k] * sd[j] > 0 else np.nan for j in range(k)]
            shown = () if term.structure == "diag" else corr
            rows.append(VarianceRow(group, name, float(covariance[k, k]), float(sd[k]), shown, float(share[k])))
    return [*rows, VarianceRow(RESIDUAL, "", core.sigma**2, core.sigma, (), float(residual[0]))]


def _coefficient_rows(estimate: Estimate, ddf: str, level: float) -> list[CoefficientRow]:
    table = coefficients(estimate, ddf, level)
    numbers = (
        table.estimate,
        table.std_error,
        table.statistic,
        table.df,
        table.p_value,
        table.conf_low,
        table.conf_high,
    )
    return [CoefficientRow(term, *map(float, row)) for term, *row in zip(table.term, *numbers, strict=True)]


def _notes(estimate: Estimate) -> list[str]:
    dropped = estimate.layout.dropped_columns
    depends = (
        "depend on columns before them and are not estimated"
        if len(dropped) > 1
        else ("depends on columns before it and is not estimated")
    )
    reason = estimate.core.problem.reason
    return [
        *([f"{', '.join(dropped)} {depends}."] if dropped else []),
        *([reason] if reason else []),
        *estimate.verdict.advice,
    ]


def _source(name: str | None) -> str | None:
    return "an array" if name is not None and name.startswith("(") else name
