"""The residuals' part of the rows of a fit: groups, times, visits and columns of the log standard deviation."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._core import Columns, Rows
from ..errors import DataError, FormulaWarning, UndeclaredOrderError, listed, warn
from ..formula import Call, ColumnName, Expression, ModelSpec, ResidualTerm, TermFactor
from ..formula.expressions import as_json
from .layout import ResidualGroups
from .many_numbers import refuse_many_numbers
from .residual_request import FITTED, ResidualRequest

if TYPE_CHECKING:
    from .._core import ResidualArguments

Vector = NDArray[np.float64]
Plain: TypeAlias = Mapping[str, tuple[NDArray[Any], list[str] | None]]
"""Values of columns, and the levels of those that are categories."""
NOWHERE = 0xFFFFFFFF
RESIDUAL_ROWS = "(residual)"
"""Misses a value in rows that the residuals' part of a model leaves out."""
_LARGEST_EXACT = 2**53
_PRESENT = "(present)"
"""A response that no row misses."""
_USED = "(used)"
"""Misses a value in rows that are not used."""
_NO_CODES, _NO_NUMBERS = np.zeros(0, np.uint32), np.zeros(0)


@dataclass(frozen=True, slots=True)
class Codes:
    """A code for every row, ``NOWHERE`` where a value is missing, and what the codes mean, in order."""

    codes: NDArray[np.uint32]
    levels: list[str]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether a row has a level."""
        return np.not_equal(self.codes, NOWHERE)

    def used(self, rows: NDArray[np.intp]) -> "Codes":
        """Return those of some rows, numbered without the levels that none has."""
        own = self.codes[rows]
        levels, codes = np.unique(own, return_inverse=True)
        return Codes(codes.astype(np.uint32), [self.levels[level] for level in levels])


@dataclass(frozen=True, slots=True)
class TermColumns:
    """What a term reads of all rows of the data: groups, times, visits, and levels with parameters of their own."""

    term: ResidualTerm
    group: Codes
    time: Vector | None
    visit: Codes | None
    by: Codes | None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether a row misses nothing."""
        known = self.group.known
        for codes in (self.visit, self.by):
            known = known if codes is None else known & codes.known
        return known if self.time is None else known & ~np.isnan(self.time)


def term_columns(term: ResidualTerm, columns: Columns) -> TermColumns:
    """Read the columns of a term."""
    plain = plain_of(columns)
    group = _crossed([_codes_of(factor, plain, columns) for factor in term.group])
    if term.by is not None:
        refuse_many_numbers(columns, term.by, f"residual={term.text.strip()!r}")
    by = None if term.by is None else _codes_of(term.by, plain, columns)
    if term.time is None:
        return TermColumns(term, group, None, None, by)
    by_level = is_category(term.time, plain)
    visit = _codes_of(term.time, plain, columns) if by_level or term.kind.needs_visits else None
    if visit is not None and term.kind.needs_order:
        _require_order(term, columns, visit)
    if by_level and visit is not None:
        time = np.where(visit.known, visit.codes.astype(np.float64), np.nan)
    else:
        time = numbers_of(term.time.expression, columns)
    return TermColumns(term, group, time, visit, by)


def require_order(term: ResidualTerm, columns: Columns) -> None:
    """Refuse a term for which the order of the visits counts, where it is that of the alphabet."""
    if term.time is not None and term.kind.needs_order:
        plain = plain_of(columns)
        if _read(term.time, plain)[1] is not None:
            _require_order(term, columns, _codes_of(term.time, plain, columns))


def _require_order(term: ResidualTerm, columns: Columns, visit: Codes) -> None:
    """Refuse more than two visits of text, which are in the order of the alphabet, where another is another model."""
    read = {column.name for column in term.time.columns()} if term.time is not None else set()
    of_text = any(name in read for name, _, levels, declared in columns.plain_values() if levels and not declared)
    used = [visit.levels[code] for code in np.unique(visit.codes[visit.known])]
    if of_text and _are_long_integers(used):
        largest = max(used, key=lambda level: abs(int(level)))
        raise DataError(
            f"residual={term.text.strip()!r}: {term.time_name!r} has a time of {largest}, too large to tell it from "
            f"the next; count times from the first, {term.time_name} - {term.time_name}.min(), or in a larger unit"
        )
    if of_text and len(used) > 2 and _are_dates(used):
        raise DataError(
            f"residual={term.text.strip()!r} goes by times, and {term.time_name!r} holds dates; give numbers, such as "
            "the days since the first: in pandas (when - when.min()).dt.days, in polars "
            "(when - when.min()).dt.total_days()"
        )
    if not of_text and used == sorted(used) and used != sorted(used, key=_with_numbers):
        warn(
            f"residual={term.text.strip()!r} goes by the order of the visits, and the categories of {term.time_name!r} "
            f"are in that of the alphabet ({listed(used)}); if that is not theirs, declare it",
            FormulaWarning,
        )
    if of_text and len(used) > 2:
        raise UndeclaredOrderError(
            f"residual={term.text.strip()!r} goes by the order of the visits, and {term.time_name!r} is text, whose "
            f"levels ({listed(used)}) have none; declare it: pandas.Categorical(values, categories=[...], "
            "ordered=True), or a column of polars.Enum([...])"
        )


def _are_dates(levels: Sequence[str]) -> bool:
    try:
        return all(datetime.fromisoformat(level) is not None for level in levels)
    except ValueError:
        return False


def _are_long_integers(levels: Sequence[str]) -> bool:
    """Whether the levels are those of a column of integers that a float does not hold exactly."""
    integers = [int(level) for level in levels if re.fullmatch(r"-?[0-9]{1,20}", level)]
    return len(integers) == len(levels) and max(map(abs, integers), default=0) >= _LARGEST_EXACT


def _with_numbers(text: str) -> list[tuple[int, float, str]]:
    """Return what texts are sorted by where the numbers in them count as such."""
    parts = re.split(r"(\d+)", text)
    return [(0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in parts if part]


@dataclass(frozen=True, slots=True)
class ResidualRows:
    """What a request says of the residuals in the rows that are complete; ``known`` marks them in the data.

    ``dropped`` counts rows that miss a value, by argument.
    """

    request: ResidualRequest
    columns: Columns
    own: TermColumns | None
    known: NDArray[np.bool_]
    dropped: Mapping[str, int]
    fitted: Vector | None = None
    settled: bool = True

    @property
    def n_rows(self) -> int:
        """Rows that are complete."""
        return int(self.known.sum())

    def groups(self) -> list[ResidualGroups]:
        """Return the groups within which residuals are correlated, if they are."""
        codes = self.group_codes()
        if self.own is None or codes is None:
            return []
        sizes = np.bincount(codes)
        return [ResidualGroups(self.own.term.label, len(sizes), int(sizes.min()), int(sizes.max()))]

    def group_codes(self) -> NDArray[np.uint32] | None:
        """Return the group of every row used, if residuals are correlated within groups."""
        return None if self.own is None else self.own.group.used(np.flatnonzero(self.known)).codes

    def with_fitted(self, fitted: Vector | None, *, settled: bool = True) -> "ResidualRows":
        """Give fitted values of the rows used, on which the dispersion depends; whether those of the fit are these."""
        return replace(self, fitted=fitted, settled=settled)

    def with_rows(self, present: NDArray[np.bool_]) -> "ResidualRows":
        """Leave out some of the rows used, which `present` marks as there or not."""
        known = self.known.copy()
        known[self.known] = present
        return replace(self, known=known)

    def arguments(self) -> "ResidualArguments":
        """Return what the core reads; of a dispersion that depends on fitted values nothing while these are unknown."""
        return _arguments(self.own, self.scale_rows(), np.flatnonzero(self.known))

    def scale_rows(self) -> Rows | None:
        """Return the rows used with the columns of the dispersion, if it has some and these are known."""
        spec = self.request.dispersion
        used = np.flatnonzero(self.known)
        if spec is None or (self.request.uses_fitted and self.fitted is None):
            return None
        columns = self.columns.copy()
        columns.add_numeric(_USED, np.where(self.known, 0.0, np.nan))
        if self.fitted is not None:
            values = np.full(len(self.known), np.nan)
            values[used] = np.abs(self.fitted)
            columns.add_numeric(FITTED, values)
        scale = Rows(spec.to_json(), columns, json.dumps({"missing": "drop", "kept": _USED}))
        if scale.kept is not None and scale.kept.sum() < len(used):
            raise DataError(f"dispersion={spec.formula!r} has no finite value in some rows: a fitted value is zero")
        return scale


def read_residual(request: ResidualRequest, columns: Columns, rows: Rows, missing: str) -> ResidualRows:
    """Read the residuals' part in the rows of the mean that miss nothing of it."""
    own = None if request.term is None else term_columns(request.term, columns)
    known = np.ones(rows.n_rows_input, bool) if rows.kept is None else rows.kept
    options, dropped = json.dumps({"missing": missing}), {}
    if own is not None:
        if missing == "error" and not own.known.all():
            raise DataError(
                f"values are missing: of residual={own.term.text!r} in {(~own.known).sum():,} rows; fill them in, or "
                'drop the rows with missing="drop"'
            )
        dropped["residual"] = int((~own.known).sum())
        known = known & own.known
    spec = request.dispersion
    if spec is not None:
        at = columns
        if request.uses_fitted:
            at = columns.copy()
            at.add_numeric(FITTED, np.linspace(1.0, 2.0, columns.n_rows))
        scale = Rows(spec.to_json(), at, options)
        if scale.kept is not None:
            dropped["dispersion"] = _missing_alone(spec, at, options)
            known = known & scale.kept
    if not known.any():
        raise DataError("no row has a value in all columns of the model and of its residuals")
    return ResidualRows(request, columns, own, known, {name: n for name, n in dropped.items() if n})


def _missing_alone(spec: ModelSpec, columns: Columns, options: str) -> int:
    """Count the rows that miss a value of a model, whatever they have of its response."""
    at = columns.copy()
    at.add_numeric(_PRESENT, np.arange(columns.n_rows, dtype=float))
    alone = replace(spec, response=TermFactor(_PRESENT, ColumnName(_PRESENT, (0, 0))))
    kept = Rows(alone.to_json(), at, options).kept
    return 0 if kept is None else int((~kept).sum())


def _arguments(own: TermColumns | None, scale: Rows | None, used: NDArray[np.intp]) -> "ResidualArguments":
    """Return what the core reads of the rows used: ``scale`` has the columns of the dispersion in these rows."""
    n = len(used)
    names = [] if scale is None else list(scale.layout()["columns"])[1:]
    matrix = np.zeros((n, 0)) if scale is None else np.ascontiguousarray(scale.model_matrix()[:, 1:])
    offset = None if scale is None else scale.offset()
    arguments: ResidualArguments = {
        "name": None,
        "orders": (1, 1),
        "nugget": False,
        "label": "",
        "group": _NO_CODES,
        "group_levels": [],
        "time": _NO_NUMBERS,
        "visit": _NO_CODES,
        "visits": [],
        "by": _NO_CODES,
        "by_levels": [],
        "scale": matrix,
        "scale_names": names,
        "offset": _NO_NUMBERS if offset is None else offset,
    }
    if own is not None:
        _write_term(arguments, own, used)
    return arguments


def _write_term(arguments: "ResidualArguments", own: TermColumns, used: NDArray[np.intp]) -> None:
    term, group = own.term, own.group.used(used)
    time = None if own.time is None else np.ascontiguousarray(own.time[used])
    visit = None if own.visit is None else own.visit.used(used)
    if time is None and term.kind.takes_time:
        time = _order_within(group.codes)
        visit = Codes(time.astype(np.uint32), [str(k + 1) for k in range(int(time.max(initial=0)) + 1)])
    arguments["name"], arguments["label"] = term.structure, term.text.strip()
    arguments["orders"], arguments["nugget"] = term.orders, term.nugget
    arguments["group"], arguments["group_levels"] = group.codes, group.levels
    arguments["time"] = _NO_NUMBERS if time is None else time
    if visit is not None:
        arguments["visit"], arguments["visits"] = visit.codes, visit.levels
    if own.by is not None:
        by = own.by.used(used)
        arguments["by"], arguments["by_levels"] = by.codes, by.levels


def _order_within(group: NDArray[np.uint32]) -> Vector:
    """Count the rows of every group in the order of the data, from zero."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.empty(len(group))
    places[order] = np.arange(len(group)) - first
    return places


def plain_of(columns: Columns) -> Plain:
    """Return the values of columns, and the levels of categories."""
    return {name: (values, levels) for name, values, levels, _ in columns.plain_values()}


def is_category(factor: TermFactor, plain: Plain) -> bool:
    """Whether levels count, and no numbers."""
    return _read(factor, plain)[1] is not None or _inside(factor) is not factor.expression


def numbers_of(expression: Expression, columns: Columns) -> Vector:
    """Compute an expression in every row; NaN where a value is missing."""
    return _core.evaluate(json.dumps(as_json(expression)), columns)


def _inside(factor: TermFactor) -> Expression:
    """Return what stands in factor(), or the expression where there is no factor()."""
    expression = factor.expression
    return expression.args[0] if isinstance(expression, Call) and expression.name == "factor" else expression


def level_values(factor: TermFactor, plain: Plain, columns: Columns) -> tuple[NDArray[Any], list[str] | None]:
    """Return codes and levels of a category, ``NOWHERE`` where one is missing; or numbers, NaN where one is."""
    values, levels = _read(factor, plain)
    if values is not None and levels is not None:
        return values.astype(np.uint32), list(levels)
    if values is None:
        values = numbers_of(_inside(factor), columns)
    numbers = values.astype(np.float64)
    if values.dtype == np.uint8:
        numbers[values > 1] = np.nan
    return numbers, None


def _codes_of(factor: TermFactor, plain: Plain, columns: Columns) -> Codes:
    """Read levels: those of a category, or the distinct values of numbers, ascending."""
    numbers, levels = level_values(factor, plain, columns)
    if levels is not None:
        return Codes(numbers, levels)
    distinct = np.unique(numbers[~np.isnan(numbers)])
    codes = np.searchsorted(distinct, numbers).astype(np.uint32)
    codes[np.isnan(numbers)] = NOWHERE
    return Codes(codes, [f"{value:g}" for value in distinct])


def _read(factor: TermFactor, plain: Plain) -> tuple[NDArray[Any] | None, list[str] | None]:
    """Return values and levels of the column that a factor is, if it is one."""
    column = _inside(factor)
    return plain.get(column.name, (None, None)) if isinstance(column, ColumnName) else (None, None)


def _crossed(parts: Sequence[Codes]) -> Codes:
    """Put the levels of several factors together."""
    if len(parts) == 1:
        return parts[0]
    known = np.logical_and.reduce([part.known for part in parts])
    if not known.any():
        raise DataError("residual=: no row has a value in all columns of its group")
    pairs, inverse = np.unique(np.column_stack([part.codes for part in parts])[known], axis=0, return_inverse=True)
    codes = np.full(len(known), NOWHERE, np.uint32)
    codes[known] = inverse.ravel()
    return Codes(codes, [":".join(part.levels[c] for part, c in zip(parts, row, strict=True)) for row in pairs])
