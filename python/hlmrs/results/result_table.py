"""A table of results that a person looks at: it prints as a report, and its frame is one call away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import numpy as np

from ..display import Facts, Notes, Printed, Report, Section, displayed, sections_of
from ..frame import Column, build, installed, plain_column

FrameT = TypeVar("FrameT")
"""A data frame of the caller's library."""


class ResultTable(Printed, Generic[FrameT]):
    """A table of results: prints as a report within 80 columns, and is HTML in a notebook.

    Its columns are read by name, ``table["estimate"]``, and what a frame of its library can do it can do too,
    ``table.iloc[0]`` or ``table.filter(...)``; ``to_frame()`` gives that frame.

    Parameters
    ----------
    title : str
        What the table is.
    columns : dict
        Its columns by name.
    kind : str
        The library of its frame.
    level : float, optional
        Probability of the intervals, which the report names.
    facts : sequence of tuple of str
        What it is of, label and value, above it.
    notes : sequence of str
        What to know of it, a paragraph each.
    in_frame_alone : sequence of str
        Columns that are not printed.

    Examples
    --------
    >>> import hlmrs
    >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
    >>> means = fit.emmeans("Machine")
    >>> means
    Estimated marginal means of Machine
    <BLANKLINE>
      Machine  estimate  std error    df    2.5%   97.5%
      A          52.356      2.229  5.83  46.863  57.849
      B          60.322      2.229  5.83  54.829  65.815
      C          66.272      2.229  5.83  60.779  71.765
    >>> [round(mean, 1) for mean in means["estimate"]]
    [52.4, 60.3, 66.3]
    >>> means.to_frame().shape
    (3, 6)
    """

    __slots__ = ("_columns", "_facts", "_in_frame_alone", "_kind", "_level", "_notes", "_title")

    def __init__(
        self,
        title: str,
        columns: Mapping[str, Column],
        kind: str,
        *,
        level: float | None = None,
        facts: Sequence[tuple[str, str]] = (),
        notes: Sequence[str] = (),
        in_frame_alone: Sequence[str] = (),
    ) -> None:
        self._title, self._columns, self._kind = title, dict(columns), kind
        self._level, self._notes, self._in_frame_alone = level, tuple(notes), frozenset(in_frame_alone)
        self._facts = tuple(facts)

    def to_frame(self) -> FrameT:
        """Return the table as a frame of the caller's library.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> fit.contrasts("Machine").to_frame().shape
        (3, 8)
        """
        return cast("FrameT", build(self._kind, self._columns))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows, each a dictionary; what is missing is None.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> [row["contrast"] for row in fit.contrasts("Machine").to_dicts()]
        ['A - B', 'A - C', 'B - C']
        """
        columns = {name: _plain_values(column) for name, column in self._columns.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def title(self) -> str:
        """What the table is."""
        return self._title

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of it."""
        return self._notes

    def keys(self) -> list[str]:
        """Return the names of the columns, so that ``dict(table)`` has them all.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> list(dict(fit.anova()))
        ['term', 'num_df', 'den_df', 'statistic', 'p_value']
        """
        return self.columns

    def __getitem__(self, name: Any) -> Any:
        """Return a column, or what else is in the brackets, as the frame has it."""
        if isinstance(name, str) and name not in self._columns:
            raise KeyError(f"no column {name!r}; the columns are {', '.join(self._columns)}")
        return cast("Any", self.to_frame())[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(plain_column(next(iter(self._columns.values()), [])))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Return the values, a row each: numbers where all are, else objects."""
        if copy is False:
            raise ValueError("the columns of the table are copied to an array; copy=False cannot be met")
        columns = [_plain_values(column) for column in self._columns.values()]
        are_numbers = all(isinstance(value, int | float) for column in columns for value in column)
        values = np.empty((len(self), len(columns)), np.float64 if are_numbers else object)
        for k, column in enumerate(columns):
            values[:, k] = column
        return values if dtype is None else values.astype(dtype)

    def __getattr__(self, name: str) -> Any:
        """Return what the frame has of this name."""
        if name.startswith("_"):
            raise AttributeError(name)
        frame = self.to_frame()
        if not hasattr(frame, name):
            raise AttributeError(
                f"neither a result table nor its frame ({type(frame).__name__}) has {name!r}; ['column'] is a column"
            )
        return getattr(frame, name)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Give the table to any library that reads Arrow streams."""
        frame = self.to_frame()
        if not hasattr(frame, "__arrow_c_stream__"):
            frame = build("polars" if installed("polars") else "pyarrow", self._columns)
        return frame.__arrow_c_stream__(requested_schema)

    def _report(self) -> Report:
        shown = {name: column for name, column in self._columns.items() if name not in self._in_frame_alone}
        table = sections_of(displayed(shown, self._level))
        return Report(self._title, [Section("", Facts(self._facts)), *table, Section("", Notes(self._notes))])


def _plain_values(column: Column) -> list[Any]:
    values = np.asarray(plain_column(column)).tolist()
    return [None if isinstance(value, float) and value != value else value for value in values]
