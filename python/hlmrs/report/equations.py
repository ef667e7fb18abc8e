"""The summary of a marginal model."""

import numpy as np

from ..display import DisplayColumn, Notes, Report, Section, Table
from ..display.numbers import write_fixed
from ..estimation.marginal import EquationsEstimate, few_groups
from ..inference import EquationOptions, coefficients, quasi_criteria
from .sections import (
    group_of,
    of_coding,
    rows_used,
    source_of,
    stated,
    success_and_failure,
    table_of_tests,
)

_COVARIANCES = {
    "robust": "robust standard errors",
    "naive": "standard errors of the working correlation",
    "kauermann-carroll": "robust standard errors, corrected by Kauermann and Carroll",
    "mancl-derouen": "robust standard errors, corrected by Mancl and DeRouen",
}
_CORRECTED = ("kauermann-carroll", "mancl-derouen")
_MOST_SHOWN = 8
"""Times whose correlations are shown."""


def summarize_equations(estimate: EquationsEstimate, options: EquationOptions) -> Report:
    """Put the sections together."""
    family = estimate.family
    law = f"{family.name.replace('_', ' ')} ({family.link} link)"
    title = f"Marginal model, {law}, by generalized estimating equations with {estimate.asked.correlation} correlation"
    sections = [_facts(estimate), *_correlations(estimate), _coefficients(estimate, options), _notes(estimate, options)]
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
        ("Response", success_and_failure(estimate.layout.response, estimate.levels)),
        ("Size", "" if np.isnan(fit.size) else f"{fit.size:.4g}{_how(asked.size)}"),
        ("Scale", f"{fit.scale:.4g}{_how(asked.scale)}"),
        ("Correlation", f"{fit.correlation_parameters[0]:.4f}" if one else ""),
        ("Fit", f"QIC {write_fixed(found.qic, 2)}, QICu {write_fixed(found.qicu, 2)}, CIC {write_fixed(found.cic, 2)}"),
        ("Verdict", str(estimate.verdict)),
    ]
    return stated(facts)


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
    law = "normal distribution" if options.ddf == "normal" else "t, groups less coefficients"
    title = f"Coefficients of the population's mean ({_COVARIANCES[options.vcov]}, {law})"
    return Section(title, table_of_tests(names, tests, options.level))


def _notes(estimate: EquationsEstimate, options: EquationOptions) -> Section:
    """Say what to know of the result; what is advised on robust standard errors is left out where it was done."""
    layout = estimate.layout
    done = [few_groups(estimate.n_groups)] if options.vcov in _CORRECTED else []
    advice = [text for text in estimate.verdict.advice if text not in done]
    lines = [*of_coding(layout.reference_levels, layout.dropped_columns), *advice]
    return Section("", Notes([line for line in lines if line]))
