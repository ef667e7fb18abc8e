"""The sections of reports, a function each: what is stated of an estimate, and in which words."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..diagnostics import reused_labels
from ..display import DisplayColumn, Facts, Notes, Section, Table
from ..display.numbers import decimals_of, plural, write_column, write_df, write_fixed, write_p
from ..estimation import Estimate, RandomPart, random_parts
from ..estimation.generalized import GeneralizedEstimate
from ..formula import STRUCTURES
from ..inference import (
    RESIDUAL,
    VCOV_TYPES,
    TestOptions,
    Wald,
    coefficients,
    ddf_of,
    information_criteria,
    part_table,
    variance_shares,
)
from ..priors import described

_DDF = {
    "satterthwaite": "Satterthwaite's degrees of freedom",
    "kenward-roger": "Kenward and Roger's degrees of freedom and standard errors",
    "containment": "containment degrees of freedom",
    "between-within": "between-within degrees of freedom",
    "residual": "residual degrees of freedom",
    "normal": "normal distribution",
}


_METHODS = {
    "laplace": "maximum likelihood (Laplace's approximation)",
    "expected": "maximum likelihood (Laplace's approximation, expected information)",
    "restricted": "restricted maximum likelihood (Laplace's approximation)",
    "penalized": "penalized likelihood (nagq=0), not by Laplace's approximation",
}


def model_facts(estimate: Estimate) -> Section:
    """State formula, rows and groups, and how the fit ended."""
    request, layout = estimate.request, estimate.layout
    groups = [group_of(group.name, len(group.levels), group.smallest, group.largest) for group in layout.groups]
    facts = [
        ("Formula", request.spec.formula.strip()),
        *part_formulas(estimate),
        ("Response", _levels_of_response(estimate)),
        ("Rows", rows_used(estimate)),
        *(("" if k else "Groups", group) for k, group in enumerate([*groups, *_groups_of_parts(estimate)])),
        ("Weights", source_of(request.weights)),
        ("Offset", source_of(request.offset)),
        ("Method", _method(estimate)),
        ("Fit", _criteria(estimate)),
        ("Prior", _prior(estimate)),
        ("Parameters", str(estimate.core.n_params)),
        ("Verdict", str(estimate.verdict)),
    ]
    return stated(facts)


def stated(facts: Sequence[tuple[str, str]]) -> Section:
    """State the facts that there are."""
    return Section("", Facts([(label, value) for label, value in facts if value]))


_FORMULAS = {"zero_inflation": "Zero part", "dispersion": "Dispersion", "thresholds": "Nominal", "scale": "Scale"}


def part_formulas(estimate: Estimate) -> list[tuple[str, str]]:
    """Name the parts of a generalized model beside the mean's that have a formula, and state these."""
    if not isinstance(estimate, GeneralizedEstimate):
        return []
    return [(_FORMULAS[name], part.spec.formula.strip()) for name, part in estimate.generalized.others.items()]


def _groups_of_parts(estimate: Estimate) -> list[str]:
    """State the grouping factors that the mean does not have."""
    known, found = set(estimate.layout.group_names), []
    for name, part in random_parts(estimate).items():
        own = [group for group in part.layout.groups if group.name not in known]
        found += [f"{g.name}: {plural(len(g.levels), 'group')}, of the {_FORMULAS[name].lower()}" for g in own]
        known |= set(part.layout.group_names)
    return found


def random_effects(estimate: Estimate) -> list[Section]:
    """Tabulate the variance components of every part, with correlations to the terms before each on the same group."""
    own = [_with_residual(estimate)] if estimate.has_residual else []
    parts = {name: part for name, part in random_parts(estimate).items() if not part.has_residual}
    return own + [_without_residual(part, _RANDOM[name]) for name, part in parts.items()]


_RANDOM = {
    "conditional": "Random effects",
    "zero_inflation": "Random effects of the zero part",
    "dispersion": "Random effects of the dispersion",
    "scale": "Random effects of the scale",
}


def _with_residual(estimate: Estimate) -> Section:
    layout, core = estimate.layout, estimate.core
    groups = [layout.groups[term.group].name for term in layout.random for _ in term.columns]
    groups = [*groups, RESIDUAL]
    variance, sd = [], []
    correlations: list[list[float]] = []
    for term, covariance in zip(layout.random, core.covariances(), strict=True):
        variance += np.diag(covariance).tolist()
        sd += np.sqrt(np.diag(covariance)).tolist()
        correlations += (
            _correlations(covariance) if STRUCTURES[term.structure].correlated else [[] for _ in term.columns]
        )
    shares = list(variance_shares(estimate).values())
    factors = [term.group for term in layout.random for _ in term.columns] + [len(layout.groups)]
    of_rows = [shares[k] if k not in factors[:row] else np.nan for row, k in enumerate(factors)]
    columns = [
        _once(groups),
        DisplayColumn("term", [name for term in layout.random for name in term.columns] + [""], False),
        DisplayColumn("variance", write_column([*variance, estimate.residual_variance])),
        DisplayColumn("sd", write_column([*sd, estimate.sigma])),
    ]
    if not np.isnan(shares).all():
        columns.append(DisplayColumn("share", [_percent(share) for share in of_rows]))
    return Section("Random effects", Table([*columns, *_correlation_columns([*correlations, []])]))


def _without_residual(estimate: Estimate | RandomPart, title: str) -> Section:
    """Tabulate variances of random effects that no residual stands beside."""
    layout, covariances = estimate.layout, estimate.core.covariances()
    groups = [layout.groups[term.group].name for term in layout.random for _ in term.columns]
    variance = np.concatenate([np.diag(covariance) for covariance in covariances])
    correlations = [own for covariance in covariances for own in _correlations(covariance)]
    columns = [
        _once(groups),
        DisplayColumn("term", [name for term in layout.random for name in term.columns], False),
        DisplayColumn("variance", write_column(variance)),
        DisplayColumn("sd", write_column(np.sqrt(variance))),
    ]
    return Section(title, Table([*columns, *_correlation_columns(correlations)]))


def _once(groups: Sequence[str]) -> DisplayColumn:
    """Name a group in the first of its rows."""
    return DisplayColumn("group", [name if name != before else "" for before, name in pairwise(["", *groups])], False)


def _correlation_columns(correlations: Sequence[Sequence[float]]) -> list[DisplayColumn]:
    """Lay out correlations with the effects before, a list for each row."""
    columns = []
    for k in range(max(map(len, correlations), default=0)):
        cells = [write_fixed(corr[k], 3) if k < len(corr) else "" for corr in correlations]
        columns.append(DisplayColumn("" if k else "correlation", cells))
    return columns


def fixed_effects(estimate: Estimate, options: TestOptions) -> Section:
    """Tabulate the fixed effects with their tests; columns that could not be estimated come last, blank."""
    names, tests = coefficients(estimate, options)
    robust = "" if options.vcov in VCOV_TYPES else f"{options.vcov} standard errors, "
    ddf = "normal" if isinstance(estimate, GeneralizedEstimate) else ddf_of(options)
    return Section(f"Fixed effects ({robust}{_DDF[ddf]})", table_of_tests(names, tests, options.level))


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


_PARTS = {
    "zero_inflation": "Zero part (logit of its probability)",
    "dispersion": "Dispersion (log scale)",
    "thresholds": "Thresholds",
    "scale": "Scale (log scale)",
    "shape": "Shape (on a scale without bounds)",
    "shape2": "Second shape",
}


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


def notes(estimate: Estimate) -> Section:
    """Say how factors are coded, what was left out, and what to know of the result."""
    layout, reason = estimate.layout, estimate.core.model.reason
    lines = [
        *of_coding(reference_levels(estimate), estimate.dropped_columns),
        "Share: of a grouping factor, all its effects together, in the variance of a row, averaged over the rows."
        if estimate.has_residual and layout.random and not np.isnan(list(variance_shares(estimate).values())).all()
        else "",
        reason or "",
        *estimate.verdict.advice,
        *reused_labels(estimate),
    ]
    return Section("", Notes([line for line in lines if line]))


def of_coding(reference: Mapping[str, str], dropped: Sequence[str]) -> list[str]:
    """Say how factors are coded, and which columns were left out."""
    depend = "depend on columns before them and are" if len(dropped) > 1 else "depends on columns before it and is"
    return [
        "Reference levels: " + ", ".join(f"{name} = {level}" for name, level in reference.items()) if reference else "",
        f"{', '.join(dropped)} {depend} not estimated." if dropped else "",
    ]


def reference_levels(estimate: Estimate) -> dict[str, str]:
    """Return the reference level of every factor, of all parts."""
    found = dict(estimate.layout.reference_levels)
    if isinstance(estimate, GeneralizedEstimate):
        for design in estimate.designs.values():
            found = design.encoding.layout()["reference_levels"] | found
    return found


def _levels_of_response(estimate: Estimate) -> str:
    """Say which level is success, or in which order categories are."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    name, categories = estimate.layout.response, estimate.categories
    ordered = f"{name}: {' < '.join(categories)}" if categories else ""
    return success_and_failure(name, estimate.levels) or ordered


def success_and_failure(name: str, levels: tuple[str, str] | None) -> str:
    """Say which level of a response is success."""
    return f"{name}: {levels[1]} is success, {levels[0]} failure" if levels else ""


def rows_used(estimate: Estimate) -> str:
    """Count the rows used, and those dropped."""
    layout = estimate.layout
    used, given = layout.n_rows, layout.n_rows_input
    if used == given:
        return f"{used:,}"
    missing = ", ".join(f"{column}: {count:,}" for column, count in layout.dropped_rows.items())
    dropped = f"{given - used:,} dropped for missing values; {missing}"
    return f"{used:,} of {given:,} ({dropped})"


def group_of(name: str, n_levels: int, smallest: int, largest: int) -> str:
    """Say how many groups there are, and their rows."""
    sizes = "" if smallest == largest else f"{smallest:,} to "
    return f"{name}: {plural(n_levels, 'group')} of {sizes}{plural(largest, 'row')}"


def _correlations(covariance: NDArray[np.float64]) -> list[list[float]]:
    """Return each effect's correlations with the effects before it; NaN where one of the two has no variance."""
    sd = np.sqrt(np.diag(covariance))
    return [
        [float(covariance[k, j] / (sd[k] * sd[j])) if sd[k] * sd[j] > 0 else np.nan for j in range(k)]
        for k in range(len(sd))
    ]


def source_of(name: str | None) -> str:
    """Name a column; weights or offsets that were given as numbers have no name."""
    return "an array" if name is not None and name.startswith("(") else name or ""


def _method(estimate: Estimate) -> str:
    """Say by what a generalized model is fitted; the title says it of a linear one."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    how = estimate.generalized.approximation
    if isinstance(how, dict):
        return f"maximum likelihood (quadrature, {how['quadrature']} points)"
    return _METHODS[how]


def _criteria(estimate: Estimate) -> str:
    core, n_rows = estimate.core, estimate.layout.n_rows
    name = "REML criterion" if estimate.request.reml else "-2 log-likelihood"
    error = core.criterion_std_error
    estimated = f" (estimated, standard error {error:.1g})" if error > 0.0 else ""
    found = information_criteria(core.criterion, core.n_params, n_rows)
    return (
        f"{name} {write_fixed(core.criterion, 3)}{estimated}, log-likelihood {write_fixed(found.loglik, 3)}, "
        f"AIC {write_fixed(found.aic, 2)}, BIC {write_fixed(found.bic, 2)}"
    )


def _prior(estimate: Estimate) -> str:
    """Say what prior there is, and the log-likelihood with it."""
    if not isinstance(estimate, GeneralizedEstimate) or estimate.generalized.prior is None:
        return ""
    log_prior = estimate.own.fit.log_prior or 0.0
    both = write_fixed(log_prior - estimate.core.criterion / 2, 3)
    return f"{described(estimate.generalized.prior)}; log-likelihood plus log-prior {both}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share == share else ""
