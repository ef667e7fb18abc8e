"""The tables of coefficients with their tests, and of the parameters of residuals."""

import numpy as np

from ...display import DisplayColumn, Section, Table
from ...display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ...estimation import Estimate
from ...estimation.generalized import GeneralizedEstimate
from ...inference import (
    DDF_WORDS,
    VCOV_TYPES,
    TestOptions,
    Wald,
    coefficients,
    ddf_of,
    dispersion_tests,
    part_table,
    residual_table,
)

_PARTS = {
    "zero_inflation": "Zero part (logit of its probability)",
    "dispersion": "Dispersion (log scale)",
    "thresholds": "Thresholds",
    "scale": "Scale (log scale)",
    "shape": "Shape (on a scale without bounds)",
    "shape2": "Second shape",
}


def fixed_effects(estimate: Estimate, options: TestOptions) -> Section:
    """Tabulate the fixed effects with their tests; columns that could not be estimated come last, blank."""
    names, tests = coefficients(estimate, options)
    robust = "" if options.vcov in VCOV_TYPES else f"{options.vcov} standard errors, "
    ddf = "normal" if isinstance(estimate, GeneralizedEstimate) else ddf_of(estimate, options)
    return Section(f"Fixed effects ({robust}{DDF_WORDS[ddf]})", table_of_tests(names, tests, options.level))


def table_of_tests(names: list[str], tests: Wald, level: float) -> Table:
    """Tabulate estimates with their tests and intervals."""
    tail, decimals = 50 * (1 - level), decimals_of(tests.std_error)
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
    return Table(columns)


def other_parts(estimate: Estimate, options: TestOptions) -> list[Section]:
    """Tabulate the coefficients of a generalized model's further parts."""
    if not isinstance(estimate, GeneralizedEstimate):
        return []
    sections = []
    for name, title in _PARTS.items():
        if name in estimate.parts:
            table = part_table(estimate, name, options)
            numbers = {key: np.asarray(table[key]) for key in ("estimate", "std_error", "statistic", "p_value")}
            decimals = decimals_of(numbers["std_error"])
            columns = [
                DisplayColumn("term", [str(name) for name in np.asarray(table["term"])], False),
                DisplayColumn("estimate", write_column(numbers["estimate"], decimals)),
                DisplayColumn("std error", write_column(numbers["std_error"], decimals)),
                DisplayColumn("statistic", [write_fixed(value, 2) for value in numbers["statistic"]]),
                DisplayColumn("p", [write_p(value) for value in numbers["p_value"]]),
            ]
            sections.append(Section(title, Table(columns)))
    return sections


def residual_parameters(estimate: Estimate, options: TestOptions) -> list[Section]:
    """Tabulate correlations and standard deviations of the residuals, and the model of their logarithm."""
    residual = None if isinstance(estimate, GeneralizedEstimate) else estimate.request.residual
    if residual is None:
        return []
    found = []
    if residual.term is not None:
        table = residual_table(estimate, options.level)
        columns = [DisplayColumn("parameter", [str(name) for name in np.asarray(table["parameter"])], False)]
        names = {"estimate": "estimate", "std_error": "std. error", "conf_low": "conf. low", "conf_high": "conf. high"}
        columns += [DisplayColumn(shown, write_column(np.asarray(table[name]))) for name, shown in names.items()]
        found.append(Section("Residuals", Table(columns)))
    if residual.dispersion is not None:
        terms, tests = dispersion_tests(estimate, options.level)
        title = 'Logarithm of the residual standard deviation (tidy(component="dispersion"))'
        found.append(Section(title, table_of_tests(terms, tests, options.level)))
    return found
