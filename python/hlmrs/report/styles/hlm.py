"""The summary as HLM prints it: fixed effects by level equation, tau with reliabilities, chi-squares of variances."""

import numpy as np
from numpy.typing import NDArray

from ...display import DisplayColumn, Facts, Notes, Report, Section, Table
from ...display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ...effectsize import reliability_table
from ...estimation import Estimate
from ...formula import STRUCTURES
from ...inference import (
    DDF_WORDS,
    TestOptions,
    coefficients,
    component_errors,
    ddf_of,
    variance_chi_squares,
    variance_components,
)
from ...level_equations import LevelLines, level_model_of
from .components import ON_USE

_ON_CHI_SQUARES = (
    "Chi-squares are of the groups' own least squares estimates, from groups whose rows determine all coefficients; "
    "ranova() has likelihood ratios."
)


def as_hlm(estimate: Estimate, options: TestOptions) -> Report:
    """Return the estimates in HLM's order."""
    lines = LevelLines(level_model_of(estimate))
    sections = [_facts(estimate), *_tau(estimate), *_reliabilities(estimate)]
    if estimate.layout.coef_names:
        sections.append(_fixed(estimate, options, lines))
    tested, variances = _variances(estimate, lines)
    notes = [ON_USE, *([_ON_CHI_SQUARES] if tested else []), *estimate.verdict.advice]
    kind = "restricted maximum likelihood" if estimate.request.reml else "full maximum likelihood"
    title = f"Hierarchical linear model of {estimate.layout.response}, method of estimation: {kind}"
    return Report(title, [*sections, variances, Section("", Notes(notes))])


def _of_sigma_squared(estimate: Estimate) -> str:
    return f"standard error {component_errors(estimate)[-1][0, 0]:.5f}"


def _facts(estimate: Estimate) -> Section:
    layout = estimate.layout
    units = [("Level-1 units", f"{layout.n_rows:,}")]
    units += [(f"Units of {group.name}", f"{len(group.levels):,}") for group in layout.groups]
    uncertainty = "fixed" if estimate.request.sigma is not None else _of_sigma_squared(estimate)
    deviance = (
        f"{write_fixed(estimate.core.criterion, 6)} with {estimate.core.n_params} parameters, fixed effects included"
    )
    return Section(
        "",
        Facts(
            [
                ("Formula", estimate.request.spec.formula.strip()),
                *units,
                ("Sigma squared", f"{write_fixed(estimate.residual_variance, 5)} ({uncertainty})"),
                ("Deviance", deviance),
            ]
        ),
    )


def _tau(estimate: Estimate) -> list[Section]:
    """Tabulate tau of every random term: variances and covariances, their standard errors, and correlations."""
    sections = []
    errors = component_errors(estimate)
    for term, tau, error in zip(estimate.layout.random, estimate.core.covariances(), errors[:-1], strict=True):
        structure = STRUCTURES[term.structure]
        if not structure.unrestricted and not structure.independent:
            continue
        sd = np.sqrt(np.diag(tau))
        with np.errstate(divide="ignore", invalid="ignore"):
            corr = tau / np.outer(sd, sd)
        group = estimate.layout.groups[term.group].name
        columns = [DisplayColumn("", list(term.columns), False), *_triangle("tau", tau), *_triangle("std error", error)]
        columns += _triangle("as correlations", corr) if len(tau) > 1 else []
        sections.append(Section(f"Tau ({group})", Table(columns)))
    return sections


def _triangle(name: str, matrix: NDArray[np.float64]) -> list[DisplayColumn]:
    """Write the lower triangle, diagonal included."""
    n = len(matrix)
    return [
        DisplayColumn("" if j else name, [write_fixed(float(matrix[i, j]), 5) if i >= j else "" for i in range(n)])
        for j in range(n)
    ]


def _reliabilities(estimate: Estimate) -> list[Section]:
    table = {name: np.asarray(column) for name, column in reliability_table(estimate, by_group=False).items()}
    columns = [
        DisplayColumn("group", [str(group) for group in table["group"]], False),
        DisplayColumn("random coefficient", [str(term) for term in table["term"]], False),
        DisplayColumn("reliability", [write_fixed(float(value), 3) for value in table["reliability"]]),
        DisplayColumn("groups", [f"{int(n):,}" for n in table["n_groups"]]),
    ]
    return [Section("Reliability estimates", Table(columns))]


def _fixed(estimate: Estimate, options: TestOptions, lines: LevelLines) -> Section:
    """Tabulate the coefficients in the order of the level equations, each under the coefficient of level 1."""
    names, tests = coefficients(estimate, options)
    symbols = [lines.fixed_symbol(term) for term in lines.model.fixed]
    order = sorted(range(len(symbols)), key=lambda k: symbols[k][0])
    firsts = [lines.model.path(lines.model.fixed[k])[0] for k in order]
    slopes = [("Intercept" if not first else ":".join(first)) for first in firsts]
    of = [name if k == 0 or slopes[k - 1] != name else "" for k, name in enumerate(slopes)]
    decimals = decimals_of(tests.std_error)
    columns = [
        DisplayColumn("for", of, False),
        DisplayColumn("term", [names[k] for k in order], False),
        DisplayColumn("", [symbols[k][1] for k in order], False),
        DisplayColumn("coefficient", write_column(tests.estimate[order], decimals)),
        DisplayColumn("std error", write_column(tests.std_error[order], decimals)),
        DisplayColumn("t-ratio", [write_fixed(value, 3) for value in tests.statistic[order]]),
        DisplayColumn("d.f.", [write_df(df) for df in tests.df[order]]),
        DisplayColumn("p-value", [write_p(p) for p in tests.p_value[order]]),
    ]
    how = DDF_WORDS[ddf_of(estimate, options)]
    return Section(f"Final estimation of fixed effects ({how})", Table(columns))


def _variances(estimate: Estimate, lines: LevelLines) -> tuple[bool, Section]:
    """Tabulate standard deviations and variances with HLM's chi-squares, where there are such."""
    *effects, _ = [own for own in variance_components(estimate, full=False) if own.term2 is None]
    names, variances = [str(own.term1) for own in effects], [own.variance for own in effects]
    n_columns = sum(len(term.columns) for term in estimate.layout.random)
    is_each = len(names) == n_columns  # else effects at places have one variance together
    tests = variance_chi_squares(estimate, [lines.n_fixed_of(k) for k in range(n_columns)]) if is_each else []
    symbols = [lines.effect_text(k) for k in range(len(names))]
    values = [*variances, estimate.residual_variance]
    columns = [
        DisplayColumn("random effect", [*names, "level-1"], False),
        DisplayColumn("", [*symbols, lines.residual.letter], False),
        DisplayColumn("sd", [write_fixed(float(np.sqrt(v)), 5) for v in values]),
        DisplayColumn("variance", [write_fixed(v, 5) for v in values]),
    ]
    if tests:
        columns += [
            DisplayColumn("d.f.", [*(str(test.df) for test in tests), ""]),
            DisplayColumn("chi-square", [*(write_fixed(test.statistic, 5) for test in tests), ""]),
            DisplayColumn("p-value", [*(write_p(test.p_value) for test in tests), ""]),
        ]
    return bool(tests), Section("Final estimation of variance components", Table(columns))
