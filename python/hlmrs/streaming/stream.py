"""A source larger than memory, read batch by batch into statistics, the next batch while one is summed."""

from .._core import LevelScan, categorical_columns
from ..fitting import Request
from ..frame import Frame
from ..progress import Progress
from .ahead import ahead
from .learn import settled_spec
from .sufficient import SufficientStatistics


def summed(request: Request, frame: Frame) -> SufficientStatistics:
    """Read a frame from the first batch to the last; its rows are not kept.

    Where the fixed effects have categorical variables, their levels are read first, and so is what ``scale()`` learns.
    A level that turns out to occur only in rows with missing values takes another reading without it.
    """
    n_rows = frame.count()
    levels = {} if frame.once else _levels(request, frame, n_rows)
    spec = request.spec.to_json() if frame.once else settled_spec(request, frame, n_rows)
    statistics = _read(request, frame, levels, n_rows, spec)
    unseen = statistics.core.unseen_levels
    if not frame.once and any(unseen.values()):
        used = {name: [level for level in known if level not in set(unseen[name])] for name, known in levels.items()}
        statistics = _read(request, frame, used, n_rows, spec)
    return statistics


def _read(
    request: Request, frame: Frame, levels: dict[str, list[str]], n_rows: int | None, spec: str
) -> SufficientStatistics:
    statistics = SufficientStatistics.of_request(request, levels, frame.kind, spec)
    with Progress("rows", n_rows) as progress:
        for columns in ahead(frame.batches(request.columns(), request.labels())):
            n = columns.n_rows
            statistics.add(columns)
            progress.advance(n)
    return statistics


def _levels(request: Request, frame: Frame, n_rows: int | None) -> dict[str, list[str]]:
    """Learn the levels of the fixed effects' variables, which a first batch may not have all of."""
    for first in frame.batches(request.columns(), request.labels()):
        names = categorical_columns(request.spec.to_json(), first)
        break
    else:
        names = []
    if not names:
        return {}
    scan = LevelScan(names)
    with Progress("rows read for their levels", n_rows) as progress:
        for columns in ahead(frame.batches(names)):
            scan.update(columns)
            progress.advance(columns.n_rows)
    return scan.levels
