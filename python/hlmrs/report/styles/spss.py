"""The summary as SPSS's MIXED prints it: information criteria, F tests, estimates, covariance parameters."""

import math

import numpy as np

from ..._core import two_sided_p
from ...display import DisplayColumn, Notes, Report, Section, Table
from ...display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ...estimation import Estimate
from ...hypotheses import anova_table
from ...inference import TestOptions, coefficients, counted_criteria
from .components import ON_USE, components


def as_spss(estimate: Estimate, options: TestOptions) -> Report:
    """Return what SPSS shows, in its order."""
    sections = [
        _criteria(estimate),
        *_tests(estimate, options),
        _fixed(estimate, options),
        _covariances(estimate, options),
    ]
    kind = "restricted maximum likelihood" if estimate.request.reml else "maximum likelihood"
    title = f"Mixed model analysis, dependent variable {estimate.layout.response}, by {kind}"
    words = (
        "Information criteria count covariance parameters alone under REML, and rows less coefficients, as SPSS does."
    )
    counted = [words] if estimate.request.reml else []
    return Report(title, [*sections, Section("", Notes([*counted, ON_USE, *estimate.verdict.advice]))])


def _criteria(estimate: Estimate) -> Section:
    """Tabulate -2 log-likelihood, AIC, AICC, CAIC and BIC."""
    reml, p = estimate.request.reml, len(estimate.core.beta)
    n = estimate.layout.n_rows - (p if reml else 0)
    k, found = counted_criteria(estimate.core.criterion, estimate.core.n_params, p, n, variances_only=reml)
    values = {
        "-2 restricted log-likelihood" if reml else "-2 log-likelihood": estimate.core.criterion,
        "Akaike's (AIC)": found.aic,
        "Hurvich and Tsai's (AICC)": found.aicc,
        "Bozdogan's (CAIC)": estimate.core.criterion + k * (math.log(n) + 1),
        "Schwarz's (BIC)": found.bic,
    }
    cells = [write_fixed(value, 3) for value in values.values()]
    return Section("Information criteria", Table([DisplayColumn("", list(values), False), DisplayColumn("", cells)]))


def _tests(estimate: Estimate, options: TestOptions) -> list[Section]:
    table = {name: np.asarray(column) for name, column in anova_table(estimate, 3, options).items()}
    if not len(table["term"]):
        return []
    columns = [
        DisplayColumn("Source", [str(term) for term in table["term"]], False),
        DisplayColumn("Numerator df", [write_df(df) for df in table["num_df"]]),
        DisplayColumn("Denominator df", [write_df(df) for df in table["den_df"]]),
        DisplayColumn("F", [write_fixed(value, 3) for value in table["statistic"]]),
        DisplayColumn("Sig.", [write_p(p) for p in table["p_value"]]),
    ]
    return [Section("Type III tests of fixed effects", Table(columns))]


def _name(term: str) -> str:
    return "Intercept" if term == "(Intercept)" else term


def _fixed(estimate: Estimate, options: TestOptions) -> Section:
    names, tests = coefficients(estimate, options)
    decimals = decimals_of(tests.std_error)
    columns = [
        DisplayColumn("Parameter", [_name(name) for name in names], False),
        DisplayColumn("Estimate", write_column(tests.estimate, decimals)),
        DisplayColumn("Std. Error", write_column(tests.std_error, decimals)),
        DisplayColumn("df", [write_df(df) for df in tests.df]),
        DisplayColumn("t", [write_fixed(value, 3) for value in tests.statistic]),
        DisplayColumn("Sig.", [write_p(p) for p in tests.p_value]),
        DisplayColumn("Lower", write_column(tests.conf_low, decimals)),
        DisplayColumn("Upper", write_column(tests.conf_high, decimals)),
    ]
    return Section(f"Estimates of fixed effects ({100 * options.level:g}% intervals)", Table(columns))


def _covariances(estimate: Estimate, options: TestOptions) -> Section:
    *random, residual = components(estimate, options.level)
    found = [residual, *random]
    z = [c.value / c.std_error if c.std_error > 0 else math.nan for c in found]
    labels = ["Residual", *(f"{c.group}: {_name(c.term1 or '')}" + (f", {c.term2}" if c.term2 else "") for c in random)]
    columns = [
        DisplayColumn("Parameter", labels, False),
        DisplayColumn("Estimate", write_column([c.value for c in found])),
        DisplayColumn("Std. Error", write_column([c.std_error for c in found])),
        DisplayColumn("Wald Z", [write_fixed(value, 3) for value in z]),
        DisplayColumn("Sig.", ["" if math.isnan(value) else write_p(two_sided_p(value, math.inf)) for value in z]),
        DisplayColumn("Lower", write_column([c.low for c in found])),
        DisplayColumn("Upper", write_column([c.high for c in found])),
    ]
    return Section("Estimates of covariance parameters", Table(columns))
