"""When rows are summed batch by batch, and what is asked of statistics."""

from dataclasses import replace
from typing import Any, get_args

from ...control import Control
from ...errors import DesignError, OptionError, choose
from ...formula import parse
from ...frame import Frame
from ...options import CovariancePrior, Reading
from ...resources import available
from .. import Request
from .sufficient import SufficientStatistics
from .sums import BatchSums

ROWS: tuple[Reading, ...] = get_args(Reading)

_SHARE = 4
"""Rows may take this part of the memory that is free before they are streamed: encoding and fit need room too."""
_MOST = 2_000_000_000
"""Bytes of rows that are kept at most, unless it is asked for."""
_WIDTH = 8
"""Bytes of a number, about."""


def streams(rows: str, request: Request, frame: Frame) -> bool:
    """Decide whether the rows of a frame are summed batch by batch."""
    summed = _streams(choose("rows", rows, ROWS), request, frame)
    if summed:
        refuse_prior_of_sums(request.prior)
    return summed


def refuse_prior_of_sums(prior: CovariancePrior | None) -> None:
    """Refuse a prior of covariances where rows are summed."""
    if prior is not None:
        raise OptionError(
            f"prior={prior!r}: fits to sums of rows (rows='stream', SufficientStatistics) are by REML or maximum "
            "likelihood alone; give the data with rows='keep', or leave out the prior"
        )


def _streams(rows: str, request: Request, frame: Frame) -> bool:
    if rows == "stream" and request.arrays:
        raise OptionError("rows='stream' takes weights and offset as columns of the data, not as arrays")
    if rows != "auto" or not frame.streams or request.arrays:
        return rows == "stream"
    n_rows = frame.count()
    return n_rows is not None and n_rows * len(request.columns()) * _WIDTH > min(available() // _SHARE, _MOST)


def request_of_statistics(
    formula: str | SufficientStatistics,
    data: Any,
    reml: bool,
    sigma: float | None,
    given: tuple[Any, ...],
    control: Control | None,
) -> tuple[BatchSums, Request] | None:
    """Find statistics among the arguments, and what is asked of them; None if there are none."""
    if isinstance(formula, SufficientStatistics):
        if data is not None:
            raise OptionError("statistics carry their rows and take no other data: add rows with stats.update()")
        statistics = formula
    elif isinstance(data, SufficientStatistics):
        statistics = data
    else:
        return None
    if any(value is not None for value in given[:3]) or given[3] != "drop":
        raise OptionError("weights, offset, contrasts, missing belong to the statistics; give them where those begin")
    request, _ = statistics._sums.known
    if isinstance(formula, str) and parse(formula, request.columns()) != request.spec:
        raise DesignError(
            f"the statistics are of {statistics.formula!r}, not of {formula!r}; leave the formula out, or sum the rows "
            "for this one: what statistics hold is fixed by their formula"
        )
    return statistics._sums, replace(request, reml=reml, sigma=sigma, control=control or request.control)
