"""A source larger than memory, read batch by batch into statistics, the next batch while one is summed."""

from dataclasses import replace

from ...errors import DataError
from ...frame import Frame, located, numbered
from ...resources import Progress
from .. import Request
from .ahead import ahead
from .learn import Learned, learn, learns_from_rows
from .sums import BatchSums


def summed(request: Request, frame: Frame) -> BatchSums:
    """Read a frame from the first batch to the last; its rows are not kept.

    What the model learns from rows is read first: levels of the fixed effects' variables, knots, transforms.  A level
    that turns out to occur only in rows with missing values takes another pass without it.
    """
    n_rows = frame.count()
    learned = Learned()
    if not frame.once:
        first = next(iter(frame.batches(request.columns(), request.labels())), None)
        if first is not None and learns_from_rows(request, first):
            learned = learn(request, frame, n_rows)
    statistics = _read(request, frame, learned, n_rows)
    unseen = statistics.known[1].unseen_levels
    if learned.levels and any(unseen.values()):
        levels = {n: [level for level in all_ if level not in set(unseen[n])] for n, all_ in learned.levels.items()}
        statistics = _read(request, frame, replace(learned, levels=levels), n_rows)
    return statistics


def _read(request: Request, frame: Frame, learned: Learned, n_rows: int | None) -> BatchSums:
    statistics = BatchSums(request.spec.formula, learned, kind=frame.kind, request=request)
    with Progress("rows", n_rows) as progress:
        for columns in numbered(ahead(frame.batches(request.columns(), request.labels()))):
            with located(frame, columns):
                statistics.add(columns)
            progress.advance(columns.n_rows)
    if not statistics.n_rows:
        seen = statistics.n_rows_input
        raise DataError(
            "the data have no rows" if not seen else f"no row is left: each of {seen:,} rows misses a value"
        )
    return statistics
