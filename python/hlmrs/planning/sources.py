"""Where planned rows come from: a design, or rows of data that are extended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .._core import Columns
from ..errors import ArgumentError
from ..estimation import Request
from ..estimation.parts import RESPONSE
from ..frame import Frame, installed_kind, open_frame
from .design import Design, too_many_rows
from .extended import extended_columns, grouped_rows, level_counts


class Source(Protocol):
    """Planned rows, with as many units as one likes."""

    kind: str
    """The kind of frame that tables come back in."""
    names: list[str]
    """Names of the columns."""
    row_levels: list[str]
    """Names of the units that rows are."""

    def read(self, request: Request, units: Mapping[str, Any]) -> Columns:
        """Return the columns that a model reads, with other numbers of some units."""

    def counts(self, request: Request, units: Mapping[str, Any]) -> dict[str, int]:
        """Count the units in all, from the outermost inwards."""

    def n_rows(self, request: Request, units: Mapping[str, Any]) -> int:
        """Count the rows."""

    def too_many_rows(self, units: Mapping[str, Any]) -> str:
        """Say that there would be more rows than are laid out; empty if not."""

    def numbers(self, request: Request, units: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers of units that can be changed."""


class DesignRows:
    """The rows of a design."""

    def __init__(self, design: Design) -> None:
        self.design, self.kind = design, installed_kind()
        self.names = list(design.columns())
        self.row_levels = design.levels[-1:]

    def read(self, request: Request, units: Mapping[str, Any]) -> Columns:
        """Lay the design out."""
        return read_columns(open_frame(self.design.with_units(units).columns()), request)

    def counts(self, request: Request, units: Mapping[str, Any]) -> dict[str, int]:
        """Count the units of every kind."""
        return self.design.with_units(units).counts()

    def n_rows(self, request: Request, units: Mapping[str, Any]) -> int:
        """Count the rows of the layout."""
        return self.design.with_units(units).n_rows

    def too_many_rows(self, units: Mapping[str, Any]) -> str:
        """Say whether the layout would be too large."""
        return too_many_rows(self.design.with_units(units))

    def numbers(self, request: Request, units: Mapping[str, Any]) -> dict[str, Any]:
        """Return units in each of what they lie in."""
        return self.design.with_units(units).units


class FrameRows:
    """Rows of data, read once; levels of grouping columns are taken in turn until there are as many as planned."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self.kind, self.names = frame, frame.kind, frame.names
        self.row_levels: list[str] = []
        self._columns: Columns | None = None

    def read(self, request: Request, units: Mapping[str, Any]) -> Columns:
        """Read rows that have all their groups, and extend them."""
        if self._columns is None:
            self._columns = grouped_rows(read_columns(self._frame, request), grouping_columns(request))
        return extended_columns(self._columns, units, grouping_columns(request)) if units else self._columns.copy()

    def counts(self, request: Request, units: Mapping[str, Any]) -> dict[str, int]:
        """Count the levels of grouping columns."""
        return level_counts(self.read(request, units), grouping_columns(request))

    def n_rows(self, request: Request, units: Mapping[str, Any]) -> int:
        """Count the extended rows."""
        return self.read(request, units).n_rows

    def too_many_rows(self, units: Mapping[str, Any]) -> str:
        """Allow as many as memory holds."""
        return ""

    def numbers(self, request: Request, units: Mapping[str, Any]) -> dict[str, Any]:
        """Return the levels of grouping columns."""
        return self.counts(request, units)


def source_of(rows: Any) -> DesignRows | FrameRows:
    """Return planned rows as a source of them."""
    if rows is None:
        raise ArgumentError("design: give a hlmrs.Design, or a data frame with the planned rows")
    return DesignRows(rows) if isinstance(rows, Design) else FrameRows(open_frame(rows))


def grouping_columns(request: Request) -> list[str]:
    """Return the columns that name groups, in the order of the formula."""
    factors = [factor for term in request.spec.random for factor in term.group]
    return list(dict.fromkeys(column.name for factor in factors for column in factor.columns()))


def read_columns(frame: Frame, request: Request) -> Columns:
    """Read what a model uses of a frame, but for its response."""
    return frame.read([name for name in request.columns() if name != RESPONSE], request.labels())
