"""What the report of a fitted mixed model contains, and in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..display.numbers import decimals_of, plural, write_column, write_count, write_df, write_fixed, write_p
from ..display.record import Column, Report, Table


@dataclass(frozen=True, slots=True)
class GroupSize:
    """A grouping factor: its levels, and the rows of its smallest and largest level."""

    name: str
    n_levels: int
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class VarianceRow:
    """A variance component, with its correlations to the terms before it on the same group."""

    group: str
    term: str
    variance: float
    sd: float
    correlations: Sequence[float] = ()
    share: float = float("nan")


@dataclass(frozen=True, slots=True)
class CoefficientRow:
    """A line of the Wald table; NaN where a coefficient could not be estimated."""

    term: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """All that the report of a fitted mixed model states."""

    title: str
    formula: str
    n_rows: int
    groups: Sequence[GroupSize]
    criterion_name: str
    criterion: float
    criterion_std_error: float
    loglik: float
    aic: float
    bic: float
    n_params: int
    verdict: str
    variances: Sequence[VarianceRow]
    coefficients: Sequence[CoefficientRow]
    df_method: str
    level: float = 0.95
    n_rows_input: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    reference_levels: Mapping[str, str] = field(default_factory=dict)
    weights: str | None = None
    offset: str | None = None
    notes: Sequence[str] = ()


def mixed_model_report(facts: ModelFacts) -> Report:
    """Compose the report."""
    tables = [_variance_table(facts.variances)]
    if facts.coefficients:
        tables.append(_coefficient_table(facts))
    return Report(facts.title, _lines(facts), tables, [*_coding_notes(facts), *facts.notes])


def _lines(facts: ModelFacts) -> list[tuple[str, str]]:
    lines = [("Formula", facts.formula), ("Rows", _rows(facts))]
    lines += [("" if k else "Groups", _group(group)) for k, group in enumerate(facts.groups)]
    lines += [("Weights", facts.weights)] if facts.weights else []
    lines += [("Offset", facts.offset)] if facts.offset else []
    fit = [
        f"{facts.criterion_name} {write_fixed(facts.criterion, 3)}{_estimated(facts)}",
        f"log-likelihood {write_fixed(facts.loglik, 3)}",
        f"AIC {write_fixed(facts.aic, 2)}",
        f"BIC {write_fixed(facts.bic, 2)}",
    ]
    return [*lines, ("Fit", ", ".join(fit)), ("Parameters", str(facts.n_params)), ("Verdict", facts.verdict)]


def _rows(facts: ModelFacts) -> str:
    if facts.n_rows_input is None or facts.n_rows_input == facts.n_rows:
        return write_count(facts.n_rows)
    missing = ", ".join(f"{column}: {write_count(count)}" for column, count in facts.dropped.items())
    dropped = facts.n_rows_input - facts.n_rows
    return (
        f"{write_count(facts.n_rows)} of {write_count(facts.n_rows_input)} "
        f"({write_count(dropped)} dropped for missing values; {missing})"
    )


def _group(group: GroupSize) -> str:
    counted = f"{group.name}: {plural(group.n_levels, 'group')} of"
    if group.smallest == group.largest:
        return f"{counted} {plural(group.smallest, 'row')}"
    return f"{counted} {write_count(group.smallest)} to {plural(group.largest, 'row')}"


def _variance_table(rows: Sequence[VarianceRow]) -> Table:
    groups = [row.group if k == 0 or rows[k - 1].group != row.group else "" for k, row in enumerate(rows)]
    columns = [
        Column("group", groups, numeric=False),
        Column("term", [row.term for row in rows], numeric=False),
        Column("variance", write_column([row.variance for row in rows])),
        Column("sd", write_column([row.sd for row in rows])),
    ]
    if any(row.share == row.share for row in rows):
        columns.append(Column("share", [_percent(row.share) for row in rows]))
    widest = max((len(row.correlations) for row in rows), default=0)
    for k in range(widest):
        cells = [write_fixed(row.correlations[k], 3) if k < len(row.correlations) else "" for row in rows]
        columns.append(Column("correlation" if k == 0 else "", cells))
    return Table("Random effects", columns)


def _coefficient_table(facts: ModelFacts) -> Table:
    rows = facts.coefficients
    tail = 50 * (1 - facts.level)
    decimals = decimals_of([row.std_error for row in rows])
    low, high = (write_column([getattr(row, end) for row in rows], decimals) for end in ("conf_low", "conf_high"))
    columns = [
        Column("term", [row.term for row in rows], numeric=False),
        Column("estimate", write_column([row.estimate for row in rows], decimals)),
        Column("std error", write_column([row.std_error for row in rows], decimals)),
        Column("df", [write_df(row.df) for row in rows]),
        Column("statistic", [write_fixed(row.statistic, 2) for row in rows]),
        Column("p", [write_p(row.p_value) for row in rows]),
        Column(f"{tail:.3g}%", low),
        Column(f"{100 - tail:.4g}%", high),
    ]
    return Table(f"Fixed effects ({facts.df_method})", columns)


def _coding_notes(facts: ModelFacts) -> list[str]:
    if not facts.reference_levels:
        return []
    return ["Reference levels: " + ", ".join(f"{name} = {level}" for name, level in facts.reference_levels.items())]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share == share else ""


def _estimated(facts: ModelFacts) -> str:
    """Write the standard error of a criterion that is not exact."""
    return f" (estimated, standard error {facts.criterion_std_error:.1g})" if facts.criterion_std_error > 0.0 else ""
