"""All that a linear mixed model needs of its rows, as an object that grows, merges and travels."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ... import storage
from ...calls import answers_making
from ...errors import ArgumentError, DesignError
from ...formula import NO_RANDOM_TERM, parse
from ...frame import open_frame
from ...options import Missing
from .. import Contrast
from .learn import Learned
from .state import from_state, to_state
from .sums import BatchSums, known_levels


@answers_making
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

    __slots__ = ("_sums",)

    def __init__(
        self,
        formula: str,
        first: Any = None,
        *,
        levels: Mapping[str, Sequence[Any]] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        contrasts: Mapping[str, Contrast] | None = None,
        missing: Missing = "drop",
    ) -> None:
        for name, value in (("weights", weights), ("offset", offset)):
            if value is not None and not isinstance(value, str):
                raise ArgumentError(f"{name}={value!r}: statistics take the name of a column")
        # a dot stands for columns, which are yet to come
        if (not isinstance(formula, str) or "." not in formula) and not parse(formula).random:
            raise DesignError(NO_RANDOM_TERM)
        options = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing}
        self._sums = BatchSums(formula, Learned(known_levels(levels)), options)
        if first is not None:
            frame = open_frame(first)
            request = self._sums.settle(frame)
            self._sums.open(request, frame.read(request.columns(), request.labels()), "sample")
            self._sums.kind = frame.kind

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._sums.formula

    @property
    def n_rows(self) -> int:
        """Complete rows so far."""
        return self._sums.n_rows

    @property
    def n_rows_input(self) -> int:
        """Rows so far, those with missing values included."""
        return self._sums.n_rows_input

    @property
    def n_bytes(self) -> int:
        """Memory of the sums."""
        return 0 if self._sums.core is None else self._sums.core.n_bytes

    def update(self, batch: Any) -> "SufficientStatistics":
        """Add the rows of a batch.

        Parameters
        ----------
        batch : data frame
            Of any kind that ``lmer`` takes; a source larger than memory is read in batches.

        Returns
        -------
        SufficientStatistics
            This object.  A batch that is refused leaves it as it was before that batch.

        Raises
        ------
        FormulaError, DataError, DesignError, OptionError
            As ``lmer``; for a level of a fixed variable that the statistics do not know, name it in `levels`.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> stats.update(data.head(100)).update(data.tail(80))
        SufficientStatistics: Reaction ~ Days + (Days | Subject), 180 rows
        """
        self._sums.update(open_frame(batch))
        return self

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

        Raises
        ------
        DesignError
            For statistics of another model, of other options or other levels of fixed variables.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> other = stats.empty().update(data.tail(80))
        >>> hlmrs.lmer(stats.update(data.head(100)).merge(other))
        LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
        """
        if not isinstance(other, SufficientStatistics):
            raise ArgumentError(f"merge() takes SufficientStatistics, not {type(other).__name__}")
        self._sums.merge(other._sums)
        return self

    def copy(self) -> "SufficientStatistics":
        """Return statistics that grow on their own.

        Returns
        -------
        SufficientStatistics
            The copy.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> more = stats.update(data.head(100)).copy().update(data.tail(80))
        >>> stats.n_rows, more.n_rows
        (100, 180)
        """
        return statistics_of(self._sums.copy())

    def empty(self) -> "SufficientStatistics":
        """Return statistics of the same model without rows; levels of fixed variables and transforms are kept.

        Returns
        -------
        SufficientStatistics
            To be updated elsewhere, and merged.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> stats.update(data).empty()
        SufficientStatistics: Reaction ~ Days + (Days | Subject), 0 rows
        """
        return statistics_of(self._sums.empty())

    def to_bytes(self) -> bytes:
        """Return all of it as bytes, which ``from_bytes`` reads.

        Returns
        -------
        bytes
            A header and arrays; no code.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> hlmrs.SufficientStatistics.from_bytes(stats.update(data).to_bytes())
        SufficientStatistics: Reaction ~ Days + (Days | Subject), 180 rows
        """
        return storage.to_bytes(*to_state(self._sums), storage.STATISTICS)

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
        return statistics_of(from_state(*storage.from_bytes(data, "bytes", storage.STATISTICS), "bytes"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the statistics to a file, which ``hlmrs.load_statistics`` reads.

        Parameters
        ----------
        path : str or path
            The file.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     stats.update(data).save(os.path.join(folder, "sleep.sums"))
        ...     hlmrs.load_statistics(os.path.join(folder, "sleep.sums"))
        SufficientStatistics: Reaction ~ Days + (Days | Subject), 180 rows
        """
        storage.write(path, *to_state(self._sums), storage.STATISTICS)

    def __repr__(self) -> str:
        return f"SufficientStatistics: {self.formula}, {self.n_rows:,} rows"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._sums.core is None:
            return _unpickle_empty, (self.formula, dict(self._sums.learned.levels), self._sums.options)
        return SufficientStatistics.from_bytes, (self.to_bytes(),)


def statistics_of(sums: BatchSums) -> SufficientStatistics:
    """Wrap sums for the user."""
    new = SufficientStatistics.__new__(SufficientStatistics)
    new._sums = sums
    return new


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

    Examples
    --------
    >>> import os
    >>> import tempfile
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("sleepstudy", "polars")
    >>> stats = hlmrs.SufficientStatistics("Reaction ~ Days + (Days | Subject)", data)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stats.update(data).save(os.path.join(folder, "sleep.sums"))
    ...     known = hlmrs.load_statistics(os.path.join(folder, "sleep.sums"))
    >>> known.n_rows
    180
    """
    return statistics_of(from_state(*storage.read(path, storage.STATISTICS), os.fspath(path)))


def _unpickle_empty(formula: str, levels: dict[str, list[str]], options: dict[str, Any]) -> SufficientStatistics:
    return SufficientStatistics(formula, levels=levels, **options)
