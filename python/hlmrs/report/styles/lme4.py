"""The summary as lme4 and lmerTest print it."""

import numpy as np

from ...display import DisplayColumn, Facts, Notes, Report, Section, Table
from ...display.numbers import decimals_of, plural, write_column, write_df, write_fixed, write_p
from ...estimation import Estimate
from ...inference import DDF_WORDS, TestOptions, coefficients, covariance_matrix, ddf_of
from ..sections import random_effects

_QUANTILES = {"Min": 0.0, "1Q": 0.25, "Median": 0.5, "3Q": 0.75, "Max": 1.0}


def as_lme4(estimate: Estimate, options: TestOptions) -> Report:
    """Return formula, criterion, scaled residuals, random effects, fixed effects and their correlation."""
    layout, core = estimate.layout, estimate.core
    method = "REML" if estimate.request.reml else "maximum likelihood"
    criterion = "REML criterion at convergence" if estimate.request.reml else "deviance"
    facts = [("Formula", estimate.request.spec.formula.strip()), (criterion, write_fixed(core.criterion, 1))]
    groups = "; ".join(f"{group.name}, {len(group.levels):,}" for group in layout.groups)
    sizes = Notes([f"Number of obs: {layout.n_rows:,}, groups: {groups}"])
    sections = [Section("", Facts(facts)), *_residuals(estimate), *_without_shares(estimate), Section("", sizes)]
    if layout.coef_names:
        sections += [_fixed(estimate, options), *_correlation(estimate, options)]
    title = f"Linear mixed model fit by {method}. t-tests use {DDF_WORDS[ddf_of(estimate, options)]}"
    return Report(title, [*sections, Section("", Notes(list(estimate.verdict.advice)))])


def _residuals(estimate: Estimate) -> list[Section]:
    if not estimate.has_values:
        return []
    values = estimate.values
    weights = 1.0 if values.weights is None else np.sqrt(values.weights)
    scaled = (values.response - values.fitted) * weights / estimate.sigma
    columns = [DisplayColumn(name, [write_fixed(float(np.quantile(scaled, q)), 4)]) for name, q in _QUANTILES.items()]
    return [Section("Scaled residuals", Table(columns))]


def _without_shares(estimate: Estimate) -> list[Section]:
    """Return the table of random effects with the columns that lme4 has."""
    found = []
    for section in random_effects(estimate):
        content = section.content
        if isinstance(content, Table):
            names = {"group": "Groups", "term": "Name", "variance": "Variance", "sd": "Std.Dev.", "correlation": "Corr"}
            kept = [
                DisplayColumn(names.get(c.name, c.name), c.cells, c.numeric)
                for c in content.columns
                if c.name != "share"
            ]
            content = Table(kept)
        found.append(Section(section.title, content))
    return found


def _fixed(estimate: Estimate, options: TestOptions) -> Section:
    names, tests = coefficients(estimate, options)
    decimals = decimals_of(tests.std_error)
    columns = [
        DisplayColumn("", names, False),
        DisplayColumn("Estimate", write_column(tests.estimate, decimals)),
        DisplayColumn("Std. Error", write_column(tests.std_error, decimals)),
        DisplayColumn("df", [write_df(df) for df in tests.df]),
        DisplayColumn("t value", [write_fixed(value, 3) for value in tests.statistic]),
        DisplayColumn("Pr(>|t|)", [write_p(p) for p in tests.p_value]),
    ]
    return Section("Fixed effects", Table(columns))


def _correlation(estimate: Estimate, options: TestOptions) -> list[Section]:
    names = estimate.layout.coef_names
    if not 1 < len(names) <= 12:
        return []
    covariance = covariance_matrix(estimate, options.vcov, options.cluster)
    sd = np.sqrt(np.diag(covariance))
    corr = covariance / np.outer(sd, sd)
    columns = [DisplayColumn("", names[1:], False)]
    for j, name in enumerate(names[:-1]):
        cells = [write_fixed(float(corr[k, j]), 3) if k > j else "" for k in range(1, len(names))]
        columns.append(DisplayColumn(name[:11], cells))
    return [Section(f"Correlation of {plural(len(names), 'fixed effect')}", Table(columns))]
