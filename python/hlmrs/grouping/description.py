"""A description of grouped data: levels, how factors meet, variables by level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..frame import Column, Frame, columns_of
from .reused import is_reused
from .spread import Spread, spread_of
from .units import Grouping, Level, Pairing, is_nested, levels_of, pairing
from .variables import grouping_columns, make_grouping, read_variables


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """What is found in the data.

    ``reused`` are pairs of a factor and the one in which its labels begin anew; ``labels`` what a file says of columns.
    """

    n_rows: int
    levels: Sequence[Level]
    pairings: Sequence[Pairing]
    variables: Sequence[Spread]
    reused: Sequence[tuple[Grouping, Grouping]]
    labels: Mapping[str, str]


def describe_frame(frame: Frame, groups: "str | Sequence[str]", variables: Sequence[str] | None) -> Description:
    """Read the columns that are asked for, and describe them."""
    factors = grouping_columns(groups, frame.names)
    of_groups = list(dict.fromkeys(name for columns in factors for name in columns))
    wanted = [name for name in (frame.names if variables is None else variables) if name not in of_groups]
    read = read_variables(frame, [*of_groups, *wanted], of_groups)
    groupings = [make_grouping(columns, read) for columns in factors]
    levels = levels_of(groupings)
    crossed = _crossed(groupings)
    n_rows = len(next(iter(read.values())).values) if read else 0
    return Description(
        n_rows,
        levels,
        [pairing(first, second) for first, second in crossed],
        [spread_of(read[name], levels) for name in wanted],
        _reused(crossed),
        frame.labels,
    )


def _crossed(groupings: Sequence[Grouping]) -> list[tuple[Grouping, Grouping]]:
    """Describe the pairs of factors of which neither lies in the other, and that no lower pair stands for."""
    nested = {(a.name, b.name) for a in groupings for b in groupings if is_nested(a, b)}
    apart = [
        (a, b)
        for k, a in enumerate(groupings)
        for b in groupings[k + 1 :]
        if (a.name, b.name) not in nested and (b.name, a.name) not in nested
    ]
    names = {frozenset((a.name, b.name)) for a, b in apart}

    def has_lower(a: Grouping, b: Grouping) -> bool:
        return any(
            (c.name, of.name) in nested and frozenset((c.name, other.name)) in names
            for c in groupings
            for of, other in ((a, b), (b, a))
        )

    return [(a, b) for a, b in apart if not has_lower(a, b)]


def _reused(crossed: Sequence[tuple[Grouping, Grouping]]) -> list[tuple[Grouping, Grouping]]:
    """Find the factors whose labels begin anew in the units of the other one of a pair."""
    found = []
    for first, second in crossed:
        known = (first.codes >= 0) & (second.codes >= 0)
        for inner, outer in ((first, second), (second, first)):
            if is_reused(inner.codes[known], outer.codes[known], inner.labels, outer.labels):
                found.append((inner, outer))
    return found


def variable_table(description: Description) -> dict[str, Column]:
    """Return a row for every variable: its level, what is missing, its values, and an ICC for every factor."""
    factors = [level.grouping.name for level in description.levels]
    names = (
        *("variable", "kind", "level", "n_levels", "n_missing", "n_units_missing", "n_units_partly_missing"),
        *("mean", "sd", "min", "max"),
        *(f"icc_{name}" for name in factors),
    )
    rows = [
        (
            *(v.name, v.kind, v.level, v.n_levels, v.n_missing, v.n_units_missing, v.n_partly),
            *(v.mean, v.sd, v.minimum, v.maximum),
            *(v.icc.get(name, np.nan) for name in factors),
        )
        for v in description.variables
    ]
    return columns_of(names, rows, ("variable", "kind", "level", "n_levels"))


def unit_table(description: Description) -> dict[str, Column]:
    """Return a row for every factor: its level, what it lies in, its units, the rows of each, singletons, balance."""
    names = (
        "factor",
        "level",
        "within",
        "n_units",
        "min",
        "median",
        "mean",
        "max",
        "singletons",
        "balanced",
        "missing",
    )
    rows = []
    for level in description.levels:
        sizes, codes = level.sizes, level.grouping.codes
        low, median, mean, high = _size_range(sizes)
        rows.append(
            (
                *(level.grouping.name, level.number, ", ".join(level.within) or None, level.grouping.n_units),
                *(low, median, mean, high, int((sizes == 1).sum()), low == high, int((codes < 0).sum())),
            )
        )
    return columns_of(names, rows, ("factor", "within"))


def _size_range(sizes: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[int, float, float, int]:
    if not len(sizes):
        return 0, np.nan, np.nan, 0
    return int(sizes.min()), float(np.median(sizes)), float(sizes.mean()), int(sizes.max())
