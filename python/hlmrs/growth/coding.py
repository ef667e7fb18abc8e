"""Time coded for models of growth: from an origin, in powers, in phases, with events."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DataError, OptionError, choose, suggestion
from ..frame import Frame, open_frame
from ..grouping import read_variables
from ..options import PhaseCoding

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coding:
    """What is asked for; knots are in units of the column, times of `events` too, or names of columns."""

    time: str
    name: str
    origin: float
    unit: float
    degree: int
    orthogonal: bool
    knots: Sequence[float]
    phases: PhaseCoding
    events: Mapping[str, "str | float"]

    def names(self) -> list[str]:
        """Name the columns, in order."""
        events = [name for event in self.events for name in (event, f"{self.name}_since_{event}")]
        return [*self._shape_names(), *events]

    def _shape_names(self) -> list[str]:
        if self.knots and self.phases == "slopes":
            return [f"{self.name}_phase{k + 1}" for k in range(len(self.knots) + 1)]
        if self.knots:
            return [self.name, *(f"{self.name}_after_{knot:g}" for knot in self.knots)]
        if self.orthogonal:
            return [f"{self.name}_p{k + 1}" for k in range(self.degree)]
        return [self.name, *(f"{self.name}_{k}" for k in range(2, self.degree + 1))]

    def columns(self, frame: Frame) -> dict[str, Vector]:
        """Compute the columns from the rows of a frame."""
        read = _numbers(frame, [self.time, *(at for at in self.events.values() if isinstance(at, str))])
        shapes = self._shapes((read[self.time] - self.origin) / self.unit)
        for at in self.events.values():
            moment = read[at] if isinstance(at, str) else np.full(len(read[self.time]), float(at))
            shapes += self._since(read[self.time], moment)
        return dict(zip(self.names(), shapes, strict=True))

    def _shapes(self, time: Vector) -> list[Vector]:
        ends = [(knot - self.origin) / self.unit for knot in self.knots]
        if ends and self.phases == "slopes":
            pairs = zip([-math.inf, *ends], [*ends, math.inf], strict=True)
            return [np.clip(time, low, high) - min(max(0.0, low), high) for low, high in pairs]
        if ends:
            return [time, *(np.maximum(time - end, 0.0) for end in ends)]
        if self.orthogonal:
            return list(orthogonal_polynomials(time, self.degree).T)
        return [time**k for k in range(1, self.degree + 1)]

    def _since(self, time: Vector, moment: Vector) -> list[Vector]:
        """Return whether an event has happened, and the time since; one without a moment never does."""
        happened = np.where(np.isnan(time), np.nan, (time >= moment).astype(float))
        since = np.where(happened == 1, (time - moment) / self.unit, np.where(np.isnan(time), np.nan, 0.0))
        return [happened, since]


def _numbers(frame: Frame, names: Sequence[str]) -> dict[str, Vector]:
    read = read_variables(frame, names)
    for name, variable in read.items():
        if not variable.is_numeric:
            raise DataError(f"column {name!r} holds no numbers, which time is coded from; make numbers of it first")
    return {name: variable.values for name, variable in read.items()}


def orthogonal_polynomials(time: Vector, degree: int) -> Vector:
    """Return polynomials of degree 1 to d that are orthogonal over the distinct times, each of length 1 there.

    With equally spaced times these are R's ``contr.poly``.  The recurrence is Stieltjes', p_(k+1) = (x - a_k) p_k
    - (|p_k|²/|p_(k-1)|²) p_(k-1), run in the rows with the sums over distinct times.
    """
    points = np.unique(time[~np.isnan(time)])
    if len(points) <= degree:
        raise DataError(
            f"{len(points)} distinct times have no polynomial of degree {degree}; the highest is {len(points) - 1}"
        )
    columns = []
    before_points, before_rows, before_square = np.zeros_like(points), np.zeros_like(time), 1.0
    p, rows = np.ones_like(points), np.ones_like(time)
    for _ in range(degree):
        square = float(p @ p)
        center, ratio = float((points * p) @ p) / square, square / before_square
        p, before_points = (points - center) * p - ratio * before_points, p
        rows, before_rows = (time - center) * rows - ratio * before_rows, rows
        before_square = square
        columns.append(rows / np.sqrt(p @ p))
    return np.column_stack(columns)


def time_coding(
    data: Any,
    time: str,
    *,
    origin: float = 0.0,
    unit: float = 1.0,
    degree: int = 1,
    orthogonal: bool = False,
    knots: "float | Sequence[float]" = (),
    phases: PhaseCoding = "slopes",
    events: "Mapping[str, str | float] | None" = None,
    name: str = "time",
) -> Any:
    """Add columns of time for models of growth: linear, polynomial, piecewise, with events that break the line.

    Parameters
    ----------
    data : data frame
        Of any kind that ``lmer`` takes; one row a person and occasion.
    time : str
        A numeric column of the time of every row.
    origin : float
        The time at which the columns are zero, where the intercept is read.
    unit : float
        How much of `time` is one, such as 12 for years of months.
    degree : int
        Highest power: 1 is a straight line, 2 curves.
    orthogonal : bool
        Polynomials that are orthogonal over the distinct times, each of length 1 there, in the place of powers;
        `origin` and `unit` do not matter to them.
    knots : float or list of float
        Times, in units of the column, at which the rate of change changes: growth is piecewise linear.
    phases : {"slopes", "changes"}
        With knots: columns whose coefficients are the slope in every phase, or the first slope and what it changes by
        at every knot (Raudenbush and Bryk 2002, Table 6.2).
    events : dict, optional
        By the name of an event when it happens: a time, or the column that holds each person's; where that is missing
        the event never happens.  Each adds a column of its name, 1 from then on, for a jump, and one of the time since,
        for a change of slope (Singer and Willett 2003, section 6.1).
    name : str
        What names of the columns begin with.

    Returns
    -------
    data frame
        The data, of the same kind, with the columns ``time``; ``time, time_2, ...`` (powers); ``time_p1, time_p2, ...``
        (orthogonal polynomials); ``time_phase1, time_phase2, ...`` or ``time, time_after_6, ...`` (knots); then
        ``event, time_since_event`` of every event.

    Raises
    ------
    DataError
        For a column that the data do not have, or that holds no numbers.
    OptionError
        For options that do not go together, knots that do not ascend, or a name that the data have already.

    Examples
    --------
    >>> import hlmrs
    >>> data = {"age": [14.0, 15.0, 16.0, 17.0], "moved": [15.5] * 4}
    >>> found = hlmrs.time_coding(data, "age", origin=14, knots=16, events={"move": "moved"})
    >>> {name: found[name].tolist() for name in ("time_phase1", "time_phase2", "move", "time_since_move")}
    {'time_phase1': [0.0, 1.0, 2.0, 2.0], 'time_phase2': [0.0, 0.0, 0.0, 1.0], 'move': [0.0, 0.0, 1.0, 1.0],
    'time_since_move': [0.0, 0.0, 0.5, 1.5]}
    """
    frame = open_frame(data)
    ends = [float(knots)] if np.ndim(knots) == 0 else [float(knot) for knot in knots]  # type: ignore[arg-type, union-attr]
    chosen = choose("phases", phases, get_args(PhaseCoding))
    coding = Coding(time, name, float(origin), float(unit), degree, orthogonal, ends, chosen, events or {})
    _check(coding, frame)
    return frame.extend(coding.names(), coding.columns, by_row=not orthogonal)


def _check(coding: Coding, frame: Frame) -> None:
    """Refuse options that do not go together, and names that are taken."""
    if not isinstance(coding.degree, int) or coding.degree < 1:
        raise OptionError(f"degree={coding.degree!r}: give a whole number of at least 1")
    if not isinstance(coding.events, Mapping):
        raise ArgumentError(f"events={coding.events!r}: give a dictionary, such as {{'ged': 'time_of_ged'}}")
    if not (math.isfinite(coding.unit) and coding.unit > 0):
        raise OptionError(f"unit={coding.unit:g}: give a number above zero")
    if coding.knots and (coding.degree > 1 or coding.orthogonal):
        raise OptionError("knots are for lines: leave degree= and orthogonal= out, or use bs(time, ...) in the formula")
    if any(not a < b for a, b in pairwise([-math.inf, *coding.knots, math.inf])):
        raise OptionError(f"knots={list(coding.knots)}: give numbers in ascending order, each once")
    wanted = [coding.time, *(at for at in coding.events.values() if isinstance(at, str))]
    for column in wanted:
        if column not in frame.names:
            raise DataError(f"the data have no column {column!r}{suggestion(column, frame.names)}")
    for place, column in enumerate(coding.names()):
        if column in frame.names or column in coding.names()[:place]:
            raise OptionError(f"the name {column!r} is taken already: choose another with name=, or rename the event")
