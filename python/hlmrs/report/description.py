"""The report on grouped data: levels, units, how factors meet, variables by level, what to mind."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..display import DisplayColumn, Drawing, Notes, Report, Section, Table, sections_of
from ..display.numbers import plural
from ..grouping import Description, Level, Pairing, Spread, diagram


def describe_data(description: Description) -> Report:
    """Put the sections together."""
    names = ", ".join(level.grouping.name for level in description.levels)
    title = f"{plural(description.n_rows, 'row')}, grouped by {names}"
    return Report(
        title,
        [
            Section("Levels, the highest on top", Drawing(diagram(description.levels, description.n_rows))),
            Section("Rows of a unit", _units(description.levels)),
            Section("", Notes([_meeting(pair, description) for pair in description.pairings])),
            *_variables(description),
            *_numbers(description),
            Section("", Notes(list(_notes(description)))),
        ],
    )


def _units(levels: Sequence[Level]) -> Table:
    sizes = [level.sizes for level in levels]
    return Table(
        [
            DisplayColumn("factor", [level.grouping.name for level in levels], False),
            DisplayColumn("units", [f"{level.grouping.n_units:,}" for level in levels]),
            DisplayColumn("min", [f"{int(size.min(initial=size.max(initial=0))):,}" for size in sizes]),
            DisplayColumn("median", [_number(_median(size.tolist())) for size in sizes]),
            DisplayColumn("max", [f"{int(size.max(initial=0)):,}" for size in sizes]),
            DisplayColumn("of one row", [f"{int((size == 1).sum()):,}" for size in sizes]),
            DisplayColumn("balanced", ["yes" if len({*size.tolist()}) <= 1 else "no" for size in sizes], False),
        ]
    )


def _median(values: list[int]) -> float:
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2 if n else math.nan


def _meeting(pair: Pairing, description: Description) -> str:
    """Say how two factors meet that are not nested."""
    if pair.is_complete:
        return f"{pair.first} and {pair.second} are crossed in full: each unit of one has rows with each of the other."
    units = {level.grouping.name: level.grouping.n_units for level in description.levels}
    possible = units[pair.first] * units[pair.second]
    return (
        f"{pair.first} and {pair.second} are crossed in part: {pair.n_pairs:,} of {possible:,} pairs have rows "
        f"({100 * pair.share:.2g} %); a unit of {pair.first} meets {_range(pair.first_meets)} of {pair.second}, one of "
        f"{pair.second} {_range(pair.second_meets)} of {pair.first}."
    )


def _range(ends: tuple[int, int]) -> str:
    low, high = ends
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _variables(description: Description) -> list[Section]:
    found = description.variables
    if not found:
        return []
    columns = [
        DisplayColumn("variable", [v.name for v in found], False),
        DisplayColumn("level", [v.level for v in found], False),
        DisplayColumn("kind", [_kind(v) for v in found], False),
        DisplayColumn("missing", [f"{v.n_missing:,}" if v.n_missing else "" for v in found]),
        DisplayColumn("label", [description.labels.get(v.name, "") for v in found], False),
    ]
    return _titled("Variables: the level at which each varies", columns)


def _kind(variable: Spread) -> str:
    return variable.kind if variable.n_levels is None else plural(variable.n_levels, "level")


def _numbers(description: Description) -> list[Section]:
    """Return tables of the values of numeric variables and of their intraclass correlations."""
    found = [v for v in description.variables if v.kind == "number" and not math.isnan(v.minimum)]
    if not found:
        return []
    names = DisplayColumn("variable", [v.name for v in found], False)
    values = [
        DisplayColumn(name, [_number(getattr(v, field)) for v in found])
        for name, field in (("mean", "mean"), ("sd", "sd"), ("min", "minimum"), ("max", "maximum"))
    ]
    factors = [level.grouping.name for level in description.levels]
    between = [v for v in found if v.icc]
    shared = DisplayColumn("variable", [v.name for v in between], False)
    shares = [DisplayColumn(name, [_share(v.icc.get(name, math.nan)) for v in between]) for name in factors]
    method = Section(
        "",
        Notes(
            [
                "Means and deviations are over the units of a variable's own level. Intraclass correlation: share of "
                "the variance between the units of one factor, by one-way analysis of variance, of rows or of the "
                "units of the variable's own level; below zero where units differ less than by chance."
            ]
        ),
    )
    tables = _titled("Numbers", [names, *values])
    if between:
        tables += _titled("Intraclass correlation", [shared, *shares])
    return [*tables, method]


def _titled(title: str, columns: Sequence[DisplayColumn]) -> list[Section]:
    """Return a table under a title, broken into several where it is wide."""
    first, *others = sections_of(columns)
    return [replace(first, title=title), *others]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _notes(description: Description) -> Iterator[str]:
    """Say what is to be minded before a model is written."""
    for level in description.levels:
        name, n_without = level.grouping.name, int((level.grouping.codes < 0).sum())
        if n_without:
            yield f"{plural(n_without, 'row')} without a value of {name}: a model with this factor leaves them out."
        single = int((level.sizes == 1).sum())
        if single:
            yield f"{plural(single, 'unit')} of {name} of one row: nothing can be seen of differences within."
    for inner, outer in description.reused:
        yield (
            f"The labels of {inner.name} begin anew in every unit of {outer.name}. If {inner.labels[0]!r} of one is "
            f"not {inner.labels[0]!r} of another, the units are those of {outer.name}/{inner.name}."
        )
    units = {level.grouping.name: level.grouping.n_units for level in description.levels}
    if description.variables and not any(v.n_missing for v in description.variables):
        yield "No value is missing."
    for v in description.variables:
        if v.level in units and v.n_units_missing:
            yield f"{v.name} is missing in {v.n_units_missing:,} of {units[v.level]:,} units of {v.level}."
        if v.level in units and v.n_partly:
            units_partly = plural(v.n_partly, "unit")
            yield f"{v.name} is missing in some rows of {units_partly} of {v.level}, whose others have it."
