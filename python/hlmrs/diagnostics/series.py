"""The rows of groups in their order: what times they have, and which rows of a group are how far from each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError, suggestion
from ..estimation import Estimate, evaluate
from ..formula import ColumnName, ResidualTerm
from ..formula.names import as_written, find_name
from ..frame import has_index
from ..inference import coded_column, coded_labels

Vector = NDArray[np.float64]
Codes = NDArray[np.int64]
_MOST_PAIRS, _REACH = 2_000_000, 60
_MANY_GROUPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """The time of every row: a number, or the place of a category among ``labels``.

    ``name`` is None where it is the place of the row in its group; ``text`` is what formulas have of it.
    """

    values: Vector
    name: str | None
    labels: list[str] | None
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Groups of rows, by code from zero, and the time of every row.

    ``text`` is what stands in a structure's parentheses: ``"t | id"``; ``group_text`` what stands right of the bar.
    """

    group: str
    codes: Codes
    times: Times
    group_text: str

    @property
    def time(self) -> Vector:
        """The time of every row."""
        return self.times.values

    @property
    def time_name(self) -> str | None:
        """What the time is called; None where it is the place of the row in its group."""
        return self.times.name

    @property
    def counts_visits(self) -> bool:
        """Whether times are places among all visits."""
        return self.times.labels is not None

    @property
    def text(self) -> str:
        """What stands in a structure's parentheses."""
        return f"{self.times.text} | {self.group_text}"

    def pairs(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Give pairs of rows of the same group, the earlier first, by how many places lie between them.

        Of very many some are given, evenly chosen, of rows that are near each other.
        """
        plan = self._plan()
        order = np.lexsort((self.time, self.codes))
        order = order[np.isin(self.codes[order], plan.groups)]
        codes = self.codes[order]
        for k in range(1, plan.reach + 1):
            same = np.flatnonzero(codes[k:] == codes[:-k])[:: plan.step]
            yield order[same], order[same + k]

    def _plan(self) -> "_Plan":
        """Decide which pairs to take: all, or of near rows those of some groups, or some of every group."""
        sizes = np.bincount(self.codes)
        groups = np.flatnonzero(sizes > 1)
        reach = int(sizes.max(initial=1)) - 1
        if _count(sizes, reach) <= _MOST_PAIRS:
            return _Plan(groups, reach, 1, False)
        reach = min(reach, _REACH)
        share = max(1, -(-_count(sizes, reach) // _MOST_PAIRS))
        if len(groups) >= _MANY_GROUPS * share:
            return _Plan(groups[::share], reach, 1, True)
        return _Plan(groups, reach, share, True)

    @property
    def is_thinned(self) -> bool:
        """Whether not all pairs are given."""
        return self._plan().is_thinned


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Groups whose pairs are taken, the places up to which rows are paired, and every how many pairs one is taken."""

    groups: NDArray[np.intp]
    reach: int
    step: int
    is_thinned: bool


def _count(sizes: NDArray[np.intp], reach: int) -> int:
    """Count the pairs of rows at most so many places from each other."""
    near = np.minimum(reach, np.maximum(sizes - 1, 0))
    return int(np.sum(near * sizes - near * (near + 1) // 2))


def series_of(estimate: Estimate, group: str | None, order: str | ArrayLike | None) -> Series:
    """Return the groups and times of the structure of the residuals, or those that are named."""
    residual = estimate.request.residual
    if residual is not None and residual.term is not None:
        return _of_structure(estimate, residual.term, group, order)
    name, codes = _groups(estimate, group)
    return Series(name, codes, _times(estimate, codes, order), as_written(name, estimate.frame.names))


def _of_structure(estimate: Estimate, term: ResidualTerm, group: str | None, order: Any) -> Series:
    """Return what a structure goes by; where it has no times, those that are named."""
    if group is not None and group != term.label:
        raise OptionError(f"group={group!r}: residual={term.text.strip()!r} groups the rows by {term.label!r}")
    assert estimate.data.residual is not None, "a fit with a structure"
    arguments = estimate.data.residual.arguments()
    codes = arguments["group"].astype(np.int64)
    if term.time is None:
        return Series(term.label, codes, _times(estimate, codes, order), term.label)
    if order is not None and not (isinstance(order, str) and order == term.time_name):
        raise OptionError(f"order={name_of(order)!r}: residual={term.text.strip()!r} goes by {term.time_name!r}")
    time, visit, labels = np.asarray(arguments["time"]), arguments["visit"].astype(np.float64), arguments["visits"]
    if term.kind.place == "visit" or not len(time):
        return Series(term.label, codes, Times(visit, term.time_name, labels, term.time.name), term.label)
    known = labels if len(visit) and np.array_equal(time, visit) else None
    return Series(term.label, codes, Times(time, term.time_name, known, term.time.name), term.label)


def _groups(estimate: Estimate, group: str | None) -> tuple[str, Codes]:
    """Return a grouping factor, by default that with most levels, or any column."""
    layout = estimate.layout
    if group is None:
        if not layout.groups:
            raise OptionError("the model has no groups: name the column of whom the rows are, group='id'")
        g: int | None = max(range(len(layout.groups)), key=lambda k: len(layout.groups[k].levels))
    else:
        g = layout.find_group(group)
    if g is not None:
        return layout.groups[g].name, estimate.rows.group_codes(g).astype(np.int64)
    column = column_named(estimate, "group", str(group))
    codes, _ = coded_column(estimate, column)
    if (codes < 0).any():
        raise OptionError(f"group={group!r} is missing in some rows of the fit")
    return column, codes


def _times(estimate: Estimate, codes: Codes, order: str | ArrayLike | None) -> Times:
    """Read times; without an order they are the places of the rows."""
    return Times(places_within(codes), None, None, "1") if order is None else times_of(estimate, order)


def times_of(estimate: Estimate, order: str | ArrayLike, option: str = "order") -> Times:
    """Read the times that a column has, or values by row."""
    if isinstance(order, str):
        column = column_named(estimate, option, order)
        values, labels = _of_column(estimate, column)
        name, text, shown = column, as_written(column, estimate.frame.names), repr(order)
    else:
        values, labels = _of_values(estimate, order)
        name = shown = name_of(order)
        text = as_written(name, estimate.frame.names) if getattr(order, "name", None) else "t"
    if np.isnan(values).any():
        raise OptionError(f"{option}={shown} is missing in some rows of the fit")
    return Times(values, name, labels, text)


def _of_column(estimate: Estimate, column: str) -> tuple[Vector, list[str] | None]:
    """Return numbers as they are, and the places of categories with their names."""
    try:
        values = evaluate(estimate.frame.read([column]), ColumnName(column, (0, 0)))
    except (TypeError, ValueError):
        codes, labels = coded_column(estimate, column)
        return _missing_as_nan(codes), labels
    kept = estimate.rows.kept
    return (values if kept is None else values[kept]), None


def _of_values(estimate: Estimate, order: ArrayLike) -> tuple[Vector, list[str] | None]:
    codes, levels = coded_labels(estimate, "order", category_places(order), "name a column of the data")
    if levels.dtype.kind not in "iuf":
        return _missing_as_nan(codes), [str(level) for level in levels]
    return np.where(codes < 0, np.nan, levels.astype(np.float64)[codes]), None


def _missing_as_nan(codes: Codes) -> Vector:
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def column_named(estimate: Estimate, option: str, name: str) -> str:
    """Return the column of the data that is meant."""
    frame = estimate.frame
    column = find_name(name, frame.names)
    if column is None:
        known = [*estimate.layout.group_names, *frame.names]
        raise OptionError(f"{option}={name!r}: the data have no such column{suggestion(name, known)}")
    return column


def name_of(order: str | ArrayLike) -> str:
    """Return the column, or the name that a Series has."""
    name = order if isinstance(order, str) else getattr(order, "name", None)
    return str(name) if name else "the values given"


def category_places(values: Any) -> Any:
    """Replace categories by their places, whose order is not that of the alphabet; leave other values as they are."""
    if has_index(values) and hasattr(values, "cat"):
        return values.cat.codes.where(values.notna())
    return values.to_physical() if str(getattr(values, "dtype", "")).startswith("Enum") else values


def places_within(codes: Codes) -> Vector:
    """Count the rows of every group in the order of the data, from zero."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    places = np.empty(len(codes))
    places[order] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places
