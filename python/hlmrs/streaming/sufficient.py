"""All that a linear mixed model needs of its rows, as an object that grows, merges and travels."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .. import storage
from .._core import Columns, Statistics
from ..errors import DataError, DesignError, FitStateError, OptionError
from ..fitting import Contrast, Request, Splines, batch_columns, learned_columns, make_request
from ..formula.suggest import suggestion
from ..frame import Frame, open_frame
from ..frame.values import level_text
from .state import Parts, from_state, to_state


class SufficientStatistics:
    """Sums over rows from which a linear mixed model is fitted without the rows.

    Statistics of parts of the data, made at any place and in any order, are merged into those of the whole; the fit is
    that of all rows, to rounding.  Their size depends on the numbers of groups and columns, not of rows.

    Parameters
    ----------
    formula : str
        As for ``lmer``.
    first : data frame, optional
        Rows to learn from, which are not counted: levels of the fixed effects' variables, and what ``scale()``,
        ``poly()`` or a spline needs.  Default: the first batch, which teaches levels only.
    levels : dict, optional
        Levels by column, in their order; others are refused.  Levels of grouping factors need not be given: they grow
        with every batch.
    weights, offset : str, optional
        Names of columns.
    contrasts, missing
        As for ``lmer``.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("sleepstudy", "dict")
    >>> halves = [{name: column[k::2] for name, column in data.items()} for k in (0, 1)]
    >>> parts = [hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)").update(half) for half in halves]
    >>> stats = parts[0].merge(parts[1])
    >>> stats
    SufficientStatistics: Reaction ~ Days + (Days | Subject), 180 rows
    >>> round(hlmrs.lmer(stats).criterion, 3)
    1743.628
    """

    def __init__(
        self,
        formula: str,
        first: Any = None,
        *,
        levels: Mapping[str, Sequence[Any]] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        contrasts: Mapping[str, Contrast] | None = None,
        missing: str = "drop",
    ) -> None:
        for name, value in (("weights", weights), ("offset", offset)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name}={value!r}: statistics take the name of a column")
        self._formula = formula
        self._levels = {name: [level_text(level) for level in known] for name, known in (levels or {}).items()}
        options = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing}
        self._options: dict[str, Any] = options
        self._request: Request | None = None
        self._core: Statistics | None = None
        self._splines: Splines = {}
        self._kind = "dict"
        self._spec: str | None = None
        if first is not None:
            frame = open_frame(first)
            request = self._open_request(frame)
            self._open(request, frame.read(request.columns(), request.labels()), "sample")
            self._kind = frame.kind

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._formula

    @property
    def n_rows(self) -> int:
        """Complete rows so far."""
        return 0 if self._core is None else self._core.n_rows

    @property
    def n_rows_input(self) -> int:
        """Rows so far, those with missing values included."""
        return 0 if self._core is None else self._core.n_rows_input

    @property
    def n_bytes(self) -> int:
        """Memory of the sums."""
        return 0 if self._core is None else self._core.n_bytes

    def update(self, batch: Any) -> "SufficientStatistics":
        """Add the rows of a batch.

        Parameters
        ----------
        batch : data frame
            Of any kind that ``lmer`` takes; a source larger than memory is read in batches.

        Returns
        -------
        SufficientStatistics
            This object.
        """
        frame = open_frame(batch)
        if self._core is None:
            self._kind = frame.kind
        request = self._request or self._open_request(frame)
        check_columns(request, frame)
        for columns in frame.batches(request.columns(), request.labels()):
            self.add(columns)
        return self

    def open(self, columns: Columns) -> "SufficientStatistics":
        """Settle names and types by columns whose rows are not counted."""
        self._open(self.request(), columns, "first")
        return self

    def add(self, columns: Columns) -> None:
        """Add a batch that is read already."""
        if self._core is None:
            self._open(self.request(), columns, "first")
        else:
            batch_columns(self.request(), columns, self._splines)
        self.core.update(columns)

    def merge(self, other: "SufficientStatistics") -> "SufficientStatistics":
        """Add the statistics of other rows.

        Parameters
        ----------
        other : SufficientStatistics
            Of the same model.

        Returns
        -------
        SufficientStatistics
            This object.
        """
        if not isinstance(other, SufficientStatistics):
            raise TypeError(f"merge() takes SufficientStatistics, not {type(other).__name__}")
        if other._core is None:
            return self
        if self._core is None:
            if self._formula != other._formula:
                raise DesignError(f"the statistics are of different models: {self._formula!r} and {other._formula!r}")
            self._request, self._splines, self._kind = other._request, other._splines, other._kind
            self._core = other._core.copy()
        else:
            self._core.merge(other._core)
        return self

    def copy(self) -> "SufficientStatistics":
        """Return statistics that grow on their own.

        Returns
        -------
        SufficientStatistics
            The copy.
        """
        return self._with(None if self._core is None else self._core.copy())

    def empty(self) -> "SufficientStatistics":
        """Return statistics of the same model without rows; levels of fixed variables and transforms are kept.

        Returns
        -------
        SufficientStatistics
            To be updated elsewhere, and merged.
        """
        return self._with(None if self._core is None else self._core.empty())

    def to_bytes(self) -> bytes:
        """Return all of it as bytes, which ``from_bytes`` reads.

        Returns
        -------
        bytes
            A header and arrays; no code.
        """
        return storage.to_bytes(*to_state(self._parts()), storage.STATISTICS)

    @classmethod
    def from_bytes(cls, data: bytes) -> "SufficientStatistics":
        """Read what ``to_bytes`` returned.

        Parameters
        ----------
        data : bytes
            What is read is checked, and runs no code.

        Returns
        -------
        SufficientStatistics
            The statistics.
        """
        return cls._of_parts(from_state(*storage.from_bytes(data, "bytes", storage.STATISTICS), "bytes"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the statistics to a file, which ``hlmrs.load_statistics`` reads.

        Parameters
        ----------
        path : str or path
            The file.
        """
        storage.write(path, *to_state(self._parts()), storage.STATISTICS)

    @property
    def core(self) -> Statistics:
        """The sums."""
        if self._core is None:
            raise FitStateError("the statistics have no rows yet; give them with update()")
        return self._core

    def request(self, **options: Any) -> Request:
        """Return what is to be fitted."""
        if self._request is None:
            raise FitStateError("the statistics have no rows yet; give them with update()")
        return _with_options(self._request, options)

    @property
    def splines(self) -> Splines:
        """Bases of splines, with their knots."""
        return self._splines

    @property
    def kind(self) -> str:
        """The kind of frame that tables come back in."""
        return self._kind

    @classmethod
    def of_request(
        cls, request: Request, levels: dict[str, list[str]], kind: str, spec: str | None = None
    ) -> "SufficientStatistics":
        """Begin statistics of a checked request; `spec` is its model with what was learned in it."""
        new = cls(request.spec.formula, levels=levels)
        new._request, new._kind, new._spec = request, kind, spec
        return new

    @classmethod
    def of_core(cls, core: Statistics, request: Request, splines: Splines, kind: str) -> "SufficientStatistics":
        """Wrap sums of a known model."""
        new = cls(request.spec.formula)
        new._core, new._request, new._splines, new._kind = core, request, splines, kind
        return new

    def __repr__(self) -> str:
        return f"SufficientStatistics: {self._formula}, {self.n_rows:,} rows"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._core is None:
            return _unpickle_empty, (self._formula, self._levels, self._options)
        return SufficientStatistics.from_bytes, (self.to_bytes(),)

    def _with(self, core: Statistics | None) -> "SufficientStatistics":
        new = SufficientStatistics(self._formula, levels=self._levels, **self._options)
        new._core, new._request, new._splines, new._kind = core, self._request, self._splines, self._kind
        return new

    def _open_request(self, frame: Frame) -> Request:
        self._request = make_request(self._formula, frame.names, reml=True, control=None, **self._options)
        for name in self._levels:
            if name not in frame.names:
                raise OptionError(f"levels: the data have no column {name!r}")
        return self._request

    def _open(self, request: Request, columns: Columns, coverage: str) -> None:
        if coverage == "first" and request.spec.splines():
            name = request.spec.splines()[0].name
            raise DesignError(f"{name} is learned from rows; give the rows to learn it from as first=")
        self._splines = learned_columns(request, columns)
        options = request.options(levels=self._levels, coverage=coverage)
        self._core = Statistics(self._spec or request.spec.to_json(), columns, options)

    @classmethod
    def _of_parts(cls, parts: Parts) -> "SufficientStatistics":
        return cls.of_core(parts.core, parts.request, parts.splines, parts.kind)

    def _parts(self) -> Parts:
        return Parts(self.request(), self._splines, self._kind, self.core)


def load_statistics(path: str | os.PathLike[str]) -> SufficientStatistics:
    """Read statistics that ``save`` wrote.  Runs no code of the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    SufficientStatistics
        The statistics.
    """
    return SufficientStatistics._of_parts(from_state(*storage.read(path, storage.STATISTICS), os.fspath(path)))


def check_columns(request: Request, frame: Frame) -> None:
    """Refuse a frame that lacks a column of the model."""
    for name in request.columns():
        if name not in frame.names:
            raise DataError(f"the data have no column {name!r}{suggestion(name, frame.names)}")


def _with_options(request: Request, options: Mapping[str, Any]) -> Request:
    return replace(request, **{name: value for name, value in options.items() if value is not None})


def _unpickle_empty(formula: str, levels: dict[str, list[str]], options: dict[str, Any]) -> SufficientStatistics:
    return SufficientStatistics(formula, levels=levels, **options)
