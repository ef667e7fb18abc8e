"""A row for every person and period at risk, as models of discrete-time survival need them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DataError, OptionError
from ..frame import open_frame
from ..grouping import Variable, read_variables

_MOST_ROWS = 2**31


def person_period(
    data: Any, duration: str, event: str, *, first: int = 1, period: str = "period", outcome: str = "outcome"
) -> Any:
    """Make a row for every period in which a person could have an event.

    Parameters
    ----------
    data : data frame
        One row a person.
    duration : str
        The column of the last period in which a person was seen: that of the event, or the last one without it.
    event : str
        The column that says whether the event happened then: 1 or true, or 0 or false where it was not seen (censored).
    first : int
        The first period in which an event can happen.
    period, outcome : str
        Names of the new columns: the period, and whether the event happened in it.

    Returns
    -------
    data frame
        Of the same kind (of a LazyFrame what it collects to): all columns, those of a person in each of the person's
        rows, then `period` and `outcome`, whole numbers.  A row with ``outcome`` 1 is the last of its person.

    Raises
    ------
    DataError
        For missing values, durations that are no whole numbers from `first` on, events that are neither 0 nor 1.
    OptionError
        For a name that the data have already.

    Notes
    -----
    A binary model of ``outcome`` in these rows has the likelihood of the discrete-time hazard model (Singer and Willett
    2003, chapters 10 and 11): a logit link is that of proportional odds of the hazards, ``cloglog`` that of
    proportional hazards in continuous time.  Random effects are frailties.

    Examples
    --------
    >>> import hlmrs
    >>> rows = hlmrs.person_period({"id": ["a", "b"], "weeks": [3, 2], "relapse": [1, 0]}, "weeks", "relapse")
    >>> {name: rows[name].tolist() for name in ("id", "period", "outcome")}
    {'id': ['a', 'a', 'a', 'b', 'b'], 'period': [1, 2, 3, 1, 2], 'outcome': [0, 0, 1, 0, 0]}
    """
    frame = open_frame(data).in_memory()
    if not isinstance(first, int):
        raise ArgumentError(f"first={first!r}: give a whole number")
    for name, other in ((period, outcome), (outcome, "")):
        if name in frame.names or name == other:
            raise OptionError(f"the name {name!r} is taken already: choose another with period= or outcome=")
    read = read_variables(frame, [duration, event])
    lasts, happened = _durations(read[duration], first), _truths(read[event])
    counts = lasts - first + 1
    if counts.sum() > _MOST_ROWS:
        raise DataError(f"column {duration!r} asks for {counts.sum():,} rows: count periods in a larger unit")
    rows = np.repeat(np.arange(len(counts)), counts)
    periods = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) + first
    outcomes = ((periods == lasts[rows]) & happened[rows]).astype(np.int64)
    return frame.take(rows).extend([period, outcome], lambda _: {period: periods, outcome: outcomes})


def _durations(variable: Variable, first: int) -> NDArray[np.int64]:
    """Read the last period of every person."""
    if not variable.is_numeric:
        raise DataError(f"column {variable.name!r} holds no numbers: give the last period of every person")
    values = variable.values
    odd = np.flatnonzero(~((values == np.floor(values)) & (values >= first)))  # missing ones too
    if len(odd):
        raise DataError(
            f"column {variable.name!r} is {values[odd[0]]:g} in row {odd[0]}: give whole numbers from first={first} "
            "on; cut continuous times into periods first"
        )
    whole: NDArray[np.int64] = values.astype(np.int64)
    return whole


def _truths(variable: Variable) -> NDArray[np.bool_]:
    """Read whether the event happened."""
    values = variable.values
    allowed = variable.is_numeric or list(variable.levels or ()) == ["FALSE", "TRUE"]
    odd = np.flatnonzero((values != 0) & (values != 1)) if allowed else np.arange(len(values))
    if len(odd):
        shown = values[odd[0]] if variable.is_numeric else (variable.levels or [""])[values[odd[0]]]
        raise DataError(
            f"column {variable.name!r} is {shown} in row {odd[0]}: give 1 where the event happened, and 0 where it did "
            "not"
        )
    return np.asarray(values == 1)
