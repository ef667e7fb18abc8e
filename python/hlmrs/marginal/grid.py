"""The reference grid: every combination of the levels of the factors, covariates at their mean or where asked.

Variables computed from groups, ``within(x, g)`` and ``between(x, g)``, are covariates of their own on the grid.  New
data would need the groups to compute them; a copy of the encoding reads them as columns under their names instead.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Encoding, Rows
from ..errors import DesignError, HlmrsError, OptionError, listed, mapping_in, names_in, suggestion
from ..estimation import Estimate, cached, evaluate, new_columns, spline_slopes
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.parts import RESPONSE
from ..formula import Call, ColumnName, ModelSpec, Term, TermFactor
from ..formula.expressions import calls_in, level_columns, row_columns
from ..formula.names import find_name
from ..frame import open_frame

Vector = NDArray[np.float64]
At = Mapping[str, Any]
Design = Callable[[Estimate, Mapping[str, Any], int], tuple[Vector, Vector]]
"""What makes X, all its columns, and the offset of so many new rows."""

MOST_POINTS = 200_000
_OF_GROUPS = ("within", "between")


@dataclass(frozen=True, slots=True)
class Axis:
    """A column of the data and its places on the grid: labels of levels, or numbers.  `factor` codes the rows."""

    name: str
    places: tuple[str, ...] | tuple[float, ...]
    factor: TermFactor | None

    @property
    def levels(self) -> list[str]:
        """The places as levels of a factor are written."""
        return [place if isinstance(place, str) else f"{place:.15g}" for place in self.places]

    @property
    def labels(self) -> list[str]:
        """The places as text, to read."""
        return [place if isinstance(place, str) else f"{place:g}" for place in self.places]


@dataclass(frozen=True, slots=True)
class GridPart:
    """Columns of X that vary with the same axes, and their values there, shape (n_1, ..., n_k, columns).

    The offset counts as one more column of X, the last.
    """

    axes: tuple[int, ...]
    columns: Sequence[int]
    values: Vector


@dataclass(frozen=True, slots=True)
class ReferenceGrid:
    """Axes, and the model matrix on their combinations, part by part: no column is laid out over axes it ignores."""

    axes: tuple[Axis, ...]
    parts: tuple[GridPart, ...]

    def index(self, name: str) -> int:
        """Find an axis."""
        names = [axis.name for axis in self.axes]
        found = find_name(name, names)
        if found is None:
            raise OptionError(
                f"the fixed part has no variable {name!r}{suggestion(name, names)}; it has {listed(names)}"
            )
        return names.index(found)


def reference_grid(estimate: Estimate, at: At | None = None, design: Design | None = None) -> ReferenceGrid:
    """Evaluate the model matrix, or what `design` makes of rows in its place, on the grid of a fit."""
    axes = grid_axes(estimate, places_in(at))
    columns_by_axes = _columns_by_axes(estimate, axes)
    parts = (_part(estimate, axes, places, columns, design or design_rows) for places, columns in columns_by_axes)
    return ReferenceGrid(axes, tuple(parts))


def places_in(at: At | None) -> At:
    """Return the places that users give variables, none where they give none."""
    return mapping_in("at", at, "at={'x': [0, 1]}")


def check_size(n: int) -> None:
    """Refuse what would not fit in memory."""
    if n > MOST_POINTS:
        raise OptionError(
            f"the reference grid has {n:,} points, more than {MOST_POINTS:,}; "
            "restrict levels with at={'column': [levels]}"
        )


def _columns_by_axes(estimate: Estimate, axes: Sequence[Axis]) -> list[tuple[tuple[int, ...], list[int]]]:
    """Sort the columns of X, and the offset after them, by the axes of several places that they vary with."""
    layout, spec = estimate.layout, estimate.request.spec
    factors = {term.name: term.factors for term in spec.terms}
    of_columns = [() if k == 0 else factors[layout.terms[k - 1]] for k in layout.column_terms]
    found: dict[tuple[int, ...], list[int]] = {}
    for column, read in enumerate([*of_columns, spec.offsets]):
        names = {name for factor in read for name in grid_columns(factor)}
        places = tuple(k for k, axis in enumerate(axes) if axis.name in names and len(axis.places) > 1)
        found.setdefault(places, []).append(column)
    return list(found.items())


def _part(
    estimate: Estimate, axes: Sequence[Axis], places: tuple[int, ...], columns: list[int], design: Design
) -> GridPart:
    """Evaluate columns of X where the axes that they vary with have all combinations, and the others their first."""
    shape = tuple(len(axes[k].places) for k in places)
    n = math.prod(shape)
    check_size(n)
    points = dict(zip(places, np.meshgrid(*(np.arange(size) for size in shape), indexing="ij"), strict=True))
    first = np.zeros(n, dtype=np.intp)
    table = {axis.name: grid_values(axis, points[k].ravel() if k in points else first) for k, axis in enumerate(axes)}
    x, offset = design(estimate, table, n)
    return GridPart(places, columns, np.column_stack([x, offset])[:, columns].reshape(*shape, len(columns)))


def design_rows(estimate: Estimate, columns: Mapping[str, Any], n: int) -> tuple[Vector, Vector]:
    """Return X, all its columns, and the offset of new rows."""
    if not columns:
        return np.ones((n, len(estimate.layout.columns))), np.zeros(n)
    rows = grid_encoding(estimate).bind(_grid_columns(estimate, columns, n))
    nothing = np.zeros(len(estimate.layout.columns))
    none = [False] * len(estimate.layout.random)
    return rows.model_matrix(), rows.linear_predictor(nothing, estimate.core.modes(), none)


def design_slopes(estimate: Estimate, columns: Mapping[str, Any], n: int, by: str) -> tuple[Vector, Vector]:
    """Return the derivatives of X and of the offset by a numeric column of new rows."""
    read = _grid_columns(estimate, columns, n)
    rows = grid_encoding(estimate).bind(read)
    return rows.slopes(by, spline_slopes(estimate.request, read, estimate.splines, by))


def _grid_columns(estimate: Estimate, columns: Mapping[str, Any], n: int) -> Columns:
    """Read new rows, in which variables of groups are columns of their own."""
    of_groups = _of_groups(estimate)
    plain = {name: values for name, values in columns.items() if name not in of_groups}
    frame = open_frame(plain or {"(rows)": np.zeros(n)})
    read = new_columns(estimate.request, frame, estimate.splines)
    for name in of_groups:
        read.add_numeric(name, np.ascontiguousarray(columns[name]))
    return read


def grid_axes(estimate: Estimate, at: At) -> tuple[Axis, ...]:
    """Find the variables of the fixed part and their places."""
    spec = estimate.request.spec
    factors = [factor for term in spec.terms for factor in term.factors] + list(spec.offsets)
    levels = estimate.encoding.factor_levels
    columns = list(dict.fromkeys(name for factor in factors for name in grid_columns(factor)))
    names = {factor.name: grid_columns(factor)[0] for factor in factors if factor.name in levels}
    asked = {_column_name(name, columns, names): values for name, values in at.items()}
    axes: dict[str, Axis] = {}
    for factor in sorted(dict.fromkeys(factors), key=lambda f: f.name not in levels):
        for name in grid_columns(factor):
            if factor.name in levels:
                axes.setdefault(name, _factor_axis(estimate, name, factor, levels[factor.name]))
            elif name in level_columns(factor.expression):
                of_column = TermFactor(name, Call("factor", (ColumnName(name, (0, 0)),), (), (0, 0)))
                axes.setdefault(name, _factor_axis(estimate, name, of_column, _levels_of(estimate, name)))
            elif name not in axes:
                mean = 0.0 if name in asked else _mean(estimate, name)
                axes[name] = Axis(name, (mean,), None)
    return tuple(_placed(axes[name], asked.get(name)) for name in columns)


def variable_names(estimate: Estimate, names: "str | Sequence[str] | None", option: str) -> list[str]:
    """Return the columns that `specs` or `by` name; ``factor(x)`` stands for its column."""
    given = [] if names is None else names_in(option, names)
    spec = estimate.request.spec
    factors = [factor for term in spec.terms for factor in term.factors] + list(spec.offsets)
    columns = list(dict.fromkeys(name for factor in factors for name in grid_columns(factor)))
    of_factor = {factor.name: grid_columns(factor)[0] for factor in factors if grid_columns(factor)}
    out = []
    for name in given:
        found = find_name(name, columns) or of_factor.get(name)
        if found is None:
            hint = _as_names(name) or _elsewhere(estimate, name) or suggestion(name, columns)
            raise OptionError(
                f"{option}: the fixed part has no variable {name!r}{hint}; it has {listed(columns) or 'none'}"
            )
        out.append(found)
    if len(set(out)) < len(out):
        raise OptionError(f"{option}={names!r} names a variable twice")
    return out


def _elsewhere(estimate: Estimate, name: str) -> str:
    """Say which part of a generalized model has a variable that the mean's predictor has not."""
    if not isinstance(estimate, GeneralizedEstimate):
        return ""
    having = [part for part, spec in estimate.generalized.others.items() if name in spec.spec.columns()]
    scale = "mean.class" if estimate.categories else "response"
    return f": {listed(having)} has it, and type={scale!r} counts all parts" if having else ""


def _as_names(text: str) -> str:
    """Say how R's formulas of marginal means, ``pairwise ~ a * b | c``, are written here."""
    _, _, right = text.rpartition("~")
    parts = [re.findall(r"[^\s*+:]+", part) for part in right.partition("|")[::2]]
    if not parts[0] or text.strip() in parts[0]:
        return ""
    specs, by = (repr(names[0] if len(names) == 1 else names) if names else "" for names in parts)
    return f"; it takes names, and no formula: specs={specs}{f', by={by}' if by else ''}"


def specs_and_by(
    estimate: Estimate, specs: "str | Sequence[str]", by: "str | Sequence[str] | None"
) -> tuple[list[str], list[str]]:
    """Return the columns that `specs` and `by` name, which have none in common."""
    inner, outer = variable_names(estimate, names_in("specs", specs), "specs"), variable_names(estimate, by, "by")
    if set(inner) & set(outer):
        raise OptionError(f"specs={specs!r} and by={by!r} share a variable")
    return inner, outer


def column_values(estimate: Estimate, name: str) -> Vector:
    """Return a numeric column, or a variable of groups, in the rows used."""
    of_groups = _of_groups(estimate)
    expression = of_groups[name].expression if name in of_groups else ColumnName(name, (0, 0))
    values = evaluate(estimate.data.columns, expression)
    kept = estimate.rows.kept
    return values if kept is None else values[kept]


def axis_codes(estimate: Estimate, axis: Axis) -> NDArray[np.intp]:
    """Return the place of every row used on a factor's axis, -1 where it is not on the grid."""
    spec = estimate.request.spec
    assert axis.factor is not None, "a factor's axis"
    columns = estimate.data.columns
    # a category is no response of the design; numbers of rows stand for it
    response = TermFactor(RESPONSE, ColumnName(RESPONSE, (0, 0))) if RESPONSE in columns.names else spec.response
    terms = (Term((axis.factor,)),)
    alone = replace(spec, response=response, intercept=False, terms=terms, offsets=(), random=())
    rows = Rows(alone.to_json(), columns, '{"missing": "drop"}')
    codes = rows.model_matrix().argmax(axis=1)
    levels = rows.encoding().factor_levels[axis.factor.name]
    whole = np.full(rows.n_rows_input, -1)
    whole[np.ones(rows.n_rows_input, dtype=bool) if rows.kept is None else rows.kept] = codes
    kept = estimate.rows.kept
    known = axis.levels
    place = np.array([known.index(level) if level in known else -1 for level in levels])
    return np.asarray(place[whole if kept is None else whole[kept]])


def _levels_of(estimate: Estimate, column: str) -> Sequence[str]:
    categories = estimate.encoding.expression()["categories"]
    return next(category["levels"] for category in categories if category["column"] == column)


def _factor_axis(estimate: Estimate, name: str, factor: TermFactor, levels: Sequence[str]) -> Axis:
    """Give the levels as text, or as the numbers that the column has."""
    if isinstance(factor.expression, Call):
        try:
            values = column_values(estimate, name)
        except HlmrsError:  # the column has no numbers, or there are no rows to read them from: its levels are texts
            return Axis(name, tuple(levels), factor)
        numbers = {f"{value:.15g}": float(value) for value in np.unique(values)}
        if all(level in numbers for level in levels):
            return Axis(name, tuple(numbers[level] for level in levels), factor)
    return Axis(name, tuple(levels), factor)


def _column_name(name: str, columns: Sequence[str], names: Mapping[str, str]) -> str:
    found = find_name(name, columns) or names.get(name)
    if found is not None:
        return found
    raise OptionError(
        f"at: the fixed part has no variable {name!r}{suggestion(name, columns)}; it has {listed(columns)}"
    )


def _placed(axis: Axis, values: Any) -> Axis:
    """Put an axis where `at` says."""
    if values is None:
        return axis
    asked = [values] if isinstance(values, str) or np.ndim(values) == 0 else list(values)
    if not asked:
        raise OptionError(f"at: {axis.name!r} has no values")
    if axis.factor is not None:
        known: dict[str, Any] = dict(zip(axis.levels, axis.places, strict=True))
        texts = [value if isinstance(value, str) else _label(value) for value in asked]
        for text in texts:
            if text not in known:
                raise OptionError(
                    f"at: {axis.name!r} has no level {text!r}{suggestion(text, known)}; it has {listed(list(known))}"
                )
        return replace(axis, places=tuple(known[text] for text in texts))
    try:
        numbers = tuple(float(value) for value in asked)
    except (TypeError, ValueError):
        raise OptionError(f"at: {axis.name!r} is numeric; {values!r} is not a number") from None
    if not all(map(math.isfinite, numbers)):
        raise OptionError(f"at: {axis.name!r} needs finite numbers, not {values!r}")
    return replace(axis, places=numbers)


def _label(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    return f"{value:.15g}" if isinstance(value, int | float | np.number) else str(value)


def grid_values(axis: Axis, index: NDArray[np.intp]) -> Any:
    """Return some places of an axis as a column of data."""
    if isinstance(axis.places[0], str):
        return np.array(axis.places, dtype=object)[index]
    return np.array(axis.places, dtype=float)[index]


def is_of_groups(factor: TermFactor) -> bool:
    """Whether a factor is computed from groups."""
    return isinstance(factor.expression, Call) and factor.expression.name in _OF_GROUPS


def grid_columns(factor: TermFactor) -> list[str]:
    """Return the variables of a factor that a grid places."""
    return [factor.name] if is_of_groups(factor) else [column.name for column in row_columns(factor.expression)]


def group_variables(spec: ModelSpec) -> dict[str, TermFactor]:
    """Return the fixed part's variables of groups by name; expressions of such variables are refused."""
    found = {}
    for factor in (factor for term in spec.terms for factor in term.factors):
        if is_of_groups(factor):
            found[factor.name] = factor
        elif not calls_in(factor.expression).isdisjoint(_OF_GROUPS):
            raise DesignError(
                f"{factor.name} depends on the groups of the data, so a reference grid cannot place it; "
                "make it a column of the data, and name that in the formula"
            )
    return found


@cached
def _of_groups(estimate: Estimate) -> dict[str, TermFactor]:
    return group_variables(estimate.request.spec)


@cached
def _mean(estimate: Estimate, name: str) -> float:
    return float(np.mean(column_values(estimate, name)))


@cached
def grid_encoding(estimate: Estimate) -> Encoding:
    """Return the encoding in which variables of groups are columns of the data."""
    names = _of_groups(estimate)
    return estimate.encoding.with_columns_in_place_of(list(names))
