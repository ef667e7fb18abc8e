"""The summary of a marginal model."""

import numpy as np

from ..display import DisplayColumn, Facts, Notes, Report, Section, Table
from ..display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ..estimation.marginal import EquationsEstimate
from ..inference import EquationOptions, coefficients, quasi_criteria
from .sections import group_of, rows_used, source_of

_COVARIANCES = {
    "robust": "robust standard errors",
    "naive": "standard errors of the working correlation",
    "kauermann-carroll": "robust standard errors, corrected by Kauermann and Carroll",
    "mancl-derouen": "robust standard errors, corrected by Mancl and DeRouen",
}
_MOST_SHOWN = 8
"""Times whose correlations are shown."""


def summarize_equations(estimate: EquationsEstimate, options: EquationOptions) -> Report:
    """Put the sections together."""
    family = estimate.family
    law = f"{family.name.replace('_', ' ')} ({family.link} link)"
    title = f"Marginal model, {law}, by generalized estimating equations with {estimate.asked.correlation} correlation"
    sections = [_facts(estimate), *_correlations(estimate), _coefficients(estimate, options), _notes(estimate)]
    return Report(title, sections)


def _facts(estimate: EquationsEstimate) -> Section:
    request, fit, asked = estimate.request, estimate.own.fit, estimate.asked
    sizes, found = fit.cluster_sizes(), quasi_criteria(estimate, 1.0)
    one = estimate.asked.correlation in ("exchangeable", "ar1")
    facts = [
        ("Formula", request.spec.formula.strip()),
        ("Rows", rows_used(estimate)),
        ("Groups", group_of(asked.groups, len(sizes), int(sizes.min()), int(sizes.max()))),
        ("Time", asked.time or ""),
        ("Weights", source_of(request.weights)),
        ("Offset", source_of(request.offset)),
        ("Response", _levels(estimate)),
        ("Size", "" if np.isnan(fit.size) else f"{fit.size:.4g}{_how(asked.size)}"),
        ("Scale", f"{fit.scale:.4g}{_how(asked.scale)}"),
        ("Correlation", f"{fit.correlation_parameters[0]:.4f}" if one else ""),
        ("Fit", f"QIC {write_fixed(found.qic, 2)}, QICu {write_fixed(found.qicu, 2)}, CIC {write_fixed(found.cic, 2)}"),
        ("Verdict", str(estimate.verdict)),
    ]
    return Section("", Facts([(label, value) for label, value in facts if value]))


def _levels(estimate: EquationsEstimate) -> str:
    levels = estimate.response.levels
    return f"{estimate.layout.response}: {levels[1]} is success, {levels[0]} failure" if levels else ""


def _how(given: float | None) -> str:
    return "" if given is None else " (given)"


def _correlations(estimate: EquationsEstimate) -> list[Section]:
    """Tabulate the correlations of times, where they have one each."""
    fit = estimate.own.fit
    if estimate.asked.correlation != "unstructured" or fit.n_waves > _MOST_SHOWN:
        return []
    matrix = fit.correlation_matrix(fit.n_waves)
    labels = list(estimate.waves.labels) or [str(k + 1) for k in range(fit.n_waves)]
    columns = [DisplayColumn("time", labels, False)]
    for k in range(fit.n_waves - 1):
        cells = [write_fixed(matrix[j, k], 3) if j > k else "" for j in range(fit.n_waves)]
        columns.append(DisplayColumn(labels[k], cells))
    return [Section("Working correlation", Table(columns))]


def _coefficients(estimate: EquationsEstimate, options: EquationOptions) -> Section:
    names, tests = coefficients(estimate, options)
    tail, decimals = 50 * (1 - options.level), decimals_of(tests.std_error)
    columns = [
        DisplayColumn("term", names, False),
        DisplayColumn("estimate", write_column(tests.estimate, decimals)),
        DisplayColumn("std error", write_column(tests.std_error, decimals)),
        DisplayColumn("df", [write_df(df) for df in tests.df]),
        DisplayColumn("statistic", [write_fixed(statistic, 2) for statistic in tests.statistic]),
        DisplayColumn("p", [write_p(p) for p in tests.p_value]),
        DisplayColumn(f"{tail:.3g}%", write_column(tests.conf_low, decimals)),
        DisplayColumn(f"{100 - tail:.4g}%", write_column(tests.conf_high, decimals)),
    ]
    law = "normal distribution" if options.ddf == "normal" else "t, groups less coefficients"
    return Section(f"Coefficients of the population's mean ({_COVARIANCES[options.vcov]}, {law})", Table(columns))


def _notes(estimate: EquationsEstimate) -> Section:
    layout = estimate.layout
    reference, dropped = layout.reference_levels, layout.dropped_columns
    depend = "depend on columns before them and are" if len(dropped) > 1 else "depends on columns before it and is"
    lines = [
        "Reference levels: " + ", ".join(f"{name} = {level}" for name, level in reference.items()) if reference else "",
        f"{', '.join(dropped)} {depend} not estimated." if dropped else "",
        *estimate.verdict.advice,
    ]
    return Section("", Notes([line for line in lines if line]))
