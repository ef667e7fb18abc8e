"""What encodes the residuals' part of new data as that of the rows of a fit was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._core import Columns, Encoding
from ..errors import DataError, DesignError, OptionError, listed
from ..formula import ResidualTerm, TermFactor
from .residual_request import FITTED, ResidualRequest
from .residual_rows import NOWHERE, ResidualRows, is_category, level_values, numbers_of, plain_of

if TYPE_CHECKING:
    from .._core import NewResidualArguments

Vector = NDArray[np.float64]
Key = tuple[str | float | None, ...]
"""A level: the text or the number of each of its factors; None where one is missing."""


@dataclass(frozen=True, slots=True)
class ResidualEncoding:
    """Levels of a fit in the order of their codes, and what encodes its dispersion.

    ``times`` are the levels of a time that is a category, ``visits`` those that rows of the fit have.  ``cells`` are
    the pairs of level of ``by`` and visit with a standard deviation; the others are relative to the first.
    """

    request: ResidualRequest
    groups: list[Key]
    times: list[Key]
    visits: list[Key]
    by: list[Key]
    cells: list[int]
    scale: Encoding | None

    @classmethod
    def of_rows(cls, rows: ResidualRows) -> "ResidualEncoding":
        """Learn it from the rows of a fit."""
        request, term, scale = rows.request, rows.request.term, rows.scale_rows()
        encoding = None if scale is None else scale.encoding()
        if term is None:
            return cls(request, [], [], [], [], [], encoding)
        arguments, columns, used = rows.arguments(), rows.columns, np.flatnonzero(rows.known)
        visits = [] if term.time is None else _levels(columns, [term.time], arguments["visit"], used)
        by = [] if term.by is None else _levels(columns, [term.by], arguments["by"], used)
        return cls(
            request,
            _levels(columns, term.group, arguments["group"], used),
            _categories(term, columns),
            visits,
            by,
            _cells(term, arguments["visit"], arguments["by"], len(arguments["visits"])),
            encoding,
        )

    def saved(self) -> dict[str, Any]:
        """Return what a file has of it."""
        scale = None if self.scale is None else self.scale.to_json()
        levels = {"groups": self.groups, "times": self.times, "visits": self.visits, "by": self.by}
        return levels | {"cells": self.cells, "scale": scale}

    @classmethod
    def from_saved(cls, request: ResidualRequest, saved: dict[str, Any]) -> "ResidualEncoding":
        """Read what ``saved`` returned."""
        groups, times, visits, by = (
            [tuple(key) for key in saved[name]] for name in ("groups", "times", "visits", "by")
        )
        if not all(isinstance(part, str | float | int) for key in (*groups, *times, *visits, *by) for part in key):
            raise ValueError("the levels of its residuals are neither texts nor numbers")
        scale = None if saved["scale"] is None else Encoding.from_json(saved["scale"])
        return cls(request, groups, times, visits, by, [int(cell) for cell in saved["cells"]], scale)

    @property
    def n_columns(self) -> int:
        """Columns of the log standard deviation."""
        of_scale = 0 if self.scale is None else len(self.scale.layout()["columns"]) - 1
        return max(len(self.cells) - 1, 0) + of_scale

    def without(self, m: int) -> "NewResidualArguments":
        """Return what the core reads of rows of which nothing counts."""
        return {
            "scale": np.zeros((m, self.n_columns)),
            "offset": np.zeros(m),
            "group": np.full(m, NOWHERE, np.uint32),
            "place": np.full(m, np.nan),
            "by": np.zeros(m, np.uint32),
        }

    def deviations(
        self, columns: Columns, shares: Vector, fitted: Vector, used: NDArray[np.bool_] | None = None
    ) -> "NewResidualArguments":
        """Return what the core reads of rows whose standard deviations count, or of those `used`.

        `shares` are their variances over those of weight one, as far as weights make them.
        """
        out = self.without(columns.n_rows)
        known = columns
        if self.request.uses_fitted:
            known = columns.copy()
            known.add_numeric(FITTED, np.abs(fitted))
        parts = [self._visit_columns(columns, used)]
        with np.errstate(invalid="ignore"):
            out["offset"] = 0.5 * np.log(shares)
        if self.scale is not None:
            self._require(columns, self.scale.columns, "dispersion")
            rows = self.scale.bind(known, False, used)
            matrix = rows.model_matrix()
            parts.append(matrix[:, 1:])
            out["offset"] = out["offset"] + rows.linear_predictor(np.zeros(matrix.shape[1]), [], [])
        out["scale"] = np.ascontiguousarray(np.column_stack(parts))
        return out

    def with_known_groups(self, columns: Columns, out: "NewResidualArguments") -> "NewResidualArguments":
        """Add the group of the fit that a row is in, and its place there."""
        term = self._correlated("forecast=True")
        self._require(columns, [column.name for factor in term.group for column in factor.columns()], "residual")
        out["group"] = _codes(self.groups, _keys(columns, term.group))
        out["place"] = self._places(columns, out["group"] != NOWHERE)
        return out

    def with_new_groups(self, columns: Columns, out: "NewResidualArguments") -> "NewResidualArguments":
        """Add the groups that rows have among themselves, their places there, and whose parameters they have."""
        term = self.request.term
        if term is None:
            return out
        self._require(columns, [column.name for column in term.columns()], "residual")
        keys = _keys(columns, term.group)
        levels = list(dict.fromkeys(keys))
        out["group"], missing = _codes(levels, keys), np.array([None in key for key in keys], bool)
        out["place"] = np.where(missing, np.nan, self._places(columns, ~missing))
        if term.by is not None:
            own = _keys(columns, [term.by])
            codes = self._known("by", self.by, own)
            out["place"] = np.where(codes == NOWHERE, np.nan, out["place"])
            out["by"] = np.where(codes == NOWHERE, 0, codes).astype(np.uint32)
        return out

    def _correlated(self, what: str) -> ResidualTerm:
        if self.request.term is None:
            raise OptionError(f"{what}: the residuals of this model are not correlated; leave it out")
        return self.request.term

    def _visit_columns(self, columns: Columns, used: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        """Return an indicator of every standard deviation by visit but the first; NaN where the visit is missing."""
        term = self.request.term
        if term is None or not self.cells:
            return np.zeros((columns.n_rows, 0))
        if term.time is None:
            raise DesignError(
                f"residual={term.text!r}: its visits are the order of the rows, which new rows do not tell; name them, "
                f"as {term.structure}(visit | {term.label})"
            )
        factors = [term.time] if term.by is None else [term.time, term.by]
        self._require(columns, [column.name for factor in factors for column in factor.columns()], "residual")
        visit = self._known("visit", self.visits, _keys_of(columns, [term.time], used))
        missing, cells = visit == NOWHERE, visit.astype(np.int64)
        if term.by is not None:
            by = self._known("by", self.by, _keys_of(columns, [term.by], used))
            missing, cells = missing | (by == NOWHERE), cells + by.astype(np.int64) * len(self.visits)
        unknown = ~missing & ~np.isin(cells, self.cells)
        if unknown.any():
            raise DataError(
                f"residual={term.text!r}: row {int(np.argmax(unknown))} of the new data (counted from 0) is of a visit "
                "that the fit has no row of in this level of by=, and no standard deviation"
            )
        matrix = np.equal.outer(cells, self.cells[1:]).astype(np.float64)
        matrix[missing] = np.nan
        return matrix

    def _places(self, columns: Columns, counts: NDArray[np.bool_]) -> Vector:
        """Return the places of rows in their groups, of those that count."""
        term = self._correlated("forecast=True")
        if term.kind.place == "none":
            return np.zeros(columns.n_rows)
        if term.time is None:
            raise DesignError(
                f"residual={term.text!r}: its times are the order of the rows, which new rows do not tell; name a "
                f"column of times, as {term.structure}(t | {term.label})"
            )
        self._require(columns, [column.name for column in term.time.columns()], "residual")
        if term.kind.place == "visit" or self.times:
            levels = self.visits if term.kind.place == "visit" else self.times
            codes = self._known("visit", levels, _keys_of(columns, [term.time], counts))
            return np.where(codes == NOWHERE, np.nan, codes.astype(np.float64))
        return np.where(counts, numbers_of(term.time.expression, columns), np.nan)

    def _known(self, what: str, levels: list[Key], keys: list[Key]) -> NDArray[np.uint32]:
        """Return codes of levels that the fit has; a missing value has none."""
        codes = _codes(levels, keys)
        unknown = [key[0] for key, code in zip(keys, codes, strict=True) if code == NOWHERE and key[0] is not None]
        if unknown:
            name = {"visit": "time", "by": "level of by="}[what]
            text = "" if self.request.term is None else self.request.term.text
            raise DataError(
                f"residual={text!r}: the fit has no row at {name} {unknown[0]!r} of the new data, and so no parameters "
                f"for it; it has {listed([str(key[0]) for key in levels])}"
            )
        return codes

    def _require(self, columns: Columns, needed: Iterable[str], argument: str) -> None:
        """Name a column that new data lack."""
        lacking = [name for name in needed if name not in columns.names and name != FITTED]
        if lacking:
            text = dict(self.request.texts())[argument]
            raise DataError(f"{argument}={text!r} reads column {lacking[0]!r}, which the new data do not have")


def _cells(term: ResidualTerm, visit: NDArray[np.uint32], by: NDArray[np.uint32], n_visits: int) -> list[int]:
    """Return the pairs of level of ``by`` and visit that rows have, where each has a standard deviation."""
    if not term.kind.by_visit:
        return []
    own = visit.astype(np.int64) + (by.astype(np.int64) * n_visits if len(by) else 0)
    return [int(cell) for cell in np.unique(own)]


def _categories(term: ResidualTerm, columns: Columns) -> list[Key]:
    """Return the levels of a time that is a category, by their numbers."""
    plain = plain_of(columns)
    if term.time is None or not is_category(term.time, plain):
        return []
    values, levels = level_values(term.time, plain, columns)
    if levels is not None:
        return [(level,) for level in levels]
    return [(float(value),) for value in np.unique(values[~np.isnan(values)])]


def _levels(
    columns: Columns, factors: Sequence[TermFactor], codes: NDArray[np.uint32], used: NDArray[np.intp]
) -> list[Key]:
    """Return the levels that codes of the rows used stand for."""
    if not len(codes):
        return []
    first = np.unique(codes, return_index=True)[1]
    return _keys(columns, factors, used[first])


def _keys(columns: Columns, factors: Sequence[TermFactor], rows: NDArray[np.intp] | None = None) -> list[Key]:
    """Return the level of every row, or of some."""
    parts: list[list[str | float | None]] = []
    plain = plain_of(columns)
    for factor in factors:
        values, levels = level_values(factor, plain, columns)
        own = values if rows is None else values[rows]
        if levels is None:
            parts.append([None if np.isnan(value) else float(value) for value in own])
        else:
            parts.append([None if code == NOWHERE else levels[int(code)] for code in own])
    return list(zip(*parts, strict=True))


def _keys_of(columns: Columns, factors: Sequence[TermFactor], counts: NDArray[np.bool_] | None) -> list[Key]:
    """Return the level of every row that counts; of the others it is missing."""
    keys, missing = _keys(columns, factors), (None,) * len(factors)
    return keys if counts is None else [key if own else missing for key, own in zip(keys, counts, strict=True)]


def _codes(levels: list[Key], keys: list[Key]) -> NDArray[np.uint32]:
    """Return the code of every level, ``NOWHERE`` of those that are none."""
    known = {_alike(key): code for code, key in enumerate(levels)}
    return np.array([known.get(_alike(key), NOWHERE) if None not in key else NOWHERE for key in keys], np.uint32)


def _alike(key: Key) -> Key:
    """Write numbers as texts do, which another kind of frame may have in their place."""
    return tuple(f"{part:.17g}" if isinstance(part, int | float) else part for part in key)
