"""The summary as Stata's ``mixed`` prints it: z tests unless others are asked for; intervals of variances."""

from dataclasses import replace

import numpy as np

from ..._core import chi_square_tail
from ...display import DisplayColumn, Facts, Notes, Report, Section, Table
from ...display.numbers import decimals_of, write_column, write_fixed, write_p
from ...estimation import Estimate
from ...inference import VCOV_TYPES, TestOptions, coefficients, covariance_matrix
from .components import ON_USE, components


def as_stata(estimate: Estimate, options: TestOptions) -> Report:
    """Return counts, the joint Wald test, coefficients, and variances and covariances."""
    how = replace(options, ddf="normal") if options.ddf is None and options.vcov != "kenward-roger" else options
    kind = "REML" if estimate.request.reml else "ML"
    sections = [_facts(estimate, how), _fixed(estimate, how), _random(estimate, how.level)]
    return Report(
        f"Mixed-effects {kind} regression", [*sections, Section("", Notes([ON_USE, *estimate.verdict.advice]))]
    )


def _facts(estimate: Estimate, how: TestOptions) -> Section:
    layout = estimate.layout
    facts = [("Number of obs", f"{layout.n_rows:,}")]
    for group in layout.groups:
        mean = layout.n_rows / len(group.levels)
        facts.append(
            (
                f"Groups of {group.name}",
                f"{len(group.levels):,}; obs per group: min {group.smallest:,}, avg {mean:.1f}, max {group.largest:,}",
            )
        )
    restricted = "Log restricted-likelihood" if estimate.request.reml else "Log likelihood"
    return Section(
        "", Facts([*facts, *_wald(estimate, how), (restricted, write_fixed(-estimate.core.criterion / 2, 4))])
    )


def _wald(estimate: Estimate, how: TestOptions) -> list[tuple[str, str]]:
    """Test all coefficients but the intercept together."""
    names, beta = estimate.layout.coef_names, estimate.core.beta
    slopes = [k for k, name in enumerate(names) if name != "(Intercept)"]
    if not slopes:
        return []
    covariance = covariance_matrix(estimate, how.vcov, how.cluster)[np.ix_(slopes, slopes)]
    statistic = float(beta[slopes] @ np.linalg.solve(covariance, beta[slopes]))
    p = write_p(chi_square_tail(statistic, len(slopes)))
    return [(f"Wald chi2({len(slopes)})", f"{statistic:.2f}, Prob > chi2 = {p}")]


def _name(term: str) -> str:
    return "_cons" if term == "(Intercept)" else term


def _fixed(estimate: Estimate, how: TestOptions) -> Section:
    names, tests = coefficients(estimate, how)
    order = sorted(range(len(names)), key=lambda k: names[k] == "(Intercept)")
    decimals, letter = decimals_of(tests.std_error), "z" if how.ddf == "normal" else "t"
    low, high = f"[{100 * how.level:g}% conf.", "interval]"
    columns = [
        DisplayColumn(estimate.layout.response, [_name(names[k]) for k in order], False),
        DisplayColumn("Coefficient", write_column(tests.estimate[order], decimals)),
        DisplayColumn("Std. err.", write_column(tests.std_error[order], decimals)),
        DisplayColumn(letter, [write_fixed(value, 2) for value in tests.statistic[order]]),
        DisplayColumn(f"P>|{letter}|", [write_p(p) for p in tests.p_value[order]]),
        DisplayColumn(low, write_column(tests.conf_low[order], decimals)),
        DisplayColumn(high, write_column(tests.conf_high[order], decimals)),
    ]
    robust = "" if how.vcov in VCOV_TYPES else f"Robust standard errors ({how.vcov})"
    return Section(robust, Table(columns))


def _random(estimate: Estimate, level: float) -> Section:
    found = components(estimate, level)
    labels = [
        "var(Residual)" if c.term1 is None
        else f"var({_name(c.term1)})" if c.term2 is None
        else f"cov({_name(c.term1)}, {_name(c.term2)})"
        for c in found
    ]  # fmt: skip
    columns = [
        DisplayColumn("", [c.group for c in found], False),
        DisplayColumn("Random-effects parameters", labels, False),
        DisplayColumn("Estimate", write_column([c.value for c in found])),
        DisplayColumn("Std. err.", write_column([c.std_error for c in found])),
        DisplayColumn(f"[{100 * level:g}% conf.", write_column([c.low for c in found])),
        DisplayColumn("interval]", write_column([c.high for c in found])),
    ]
    return Section("", Table(columns))
