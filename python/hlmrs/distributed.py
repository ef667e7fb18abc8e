"""Models fitted on a Dask cluster: workers sum their rows, sums are merged in a tree, one process fits.

Rows stay where they are; what travels has the size of the model.  See docs/distributed.md.
"""

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

from .control import Control
from .errors import DataError, HlmrsError
from .estimation import Contrast, make_request
from .estimation.streaming import (
    BatchSums,
    Learned,
    Learning,
    SufficientStatistics,
    known_levels,
    learns_from_rows,
    statistics_of,
)
from .frame import located, numbered, open_frame
from .models import lmer as fit_here
from .options import Missing
from .results import LinearMixedFit

_TOGETHER = 8
"""Statistics that one task merges."""


def summed(
    formula: str,
    data: Any,
    *,
    weights: str | None = None,
    offset: str | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    levels: Mapping[str, Sequence[Any]] | None = None,
) -> SufficientStatistics:
    """Sum the rows of a Dask data frame, or of Parquet files, where they are.

    Parameters
    ----------
    formula : str
        As for ``lmer``.
    data : dask data frame, or path
        Partitions, or a folder or pattern of Parquet files that the workers can read: one task a file.
    weights, offset, contrasts, missing
        As for ``hlmrs.SufficientStatistics``.
    levels : dict, optional
        Levels by column of the fixed effects' variables; those that are not given are learned in a first pass.

    Returns
    -------
    SufficientStatistics
        Of all rows.
    """
    dask = _dask()
    parts = _parts(data)
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing}
    names = list(data.columns) if hasattr(data, "to_delayed") else open_frame(parts[0]).names
    request = make_request(formula, names, reml=True, control=None, **given)  # type: ignore[arg-type]
    if hasattr(data, "to_delayed"):
        parts = _parts(data[request.columns()])
    first = open_frame(dask.compute(parts[0])[0])
    known = known_levels(levels)
    columns = next(iter(first.batches(request.columns(), request.labels())))
    learned = Learned(known)
    if learns_from_rows(request, columns):
        learning = Learning(request, known)
        while learning.needs_rows:
            learning = _read_once(dask, learning, parts)
        learned = learning.learned
    sums = BatchSums(request.spec.formula, learned, kind=first.kind, request=request)
    sums.open(request, columns)
    template = statistics_of(sums.empty()).to_bytes()
    level = [dask.delayed(_sums_of)(template, part) for part in parts]
    while len(level) > 1:
        level = [dask.delayed(_merged)(level[k : k + _TOGETHER]) for k in range(0, len(level), _TOGETHER)]
    return SufficientStatistics.from_bytes(level[0].compute())


def lmer(
    formula: str, data: Any, *, reml: bool = True, control: Control | None = None, **options: Any
) -> LinearMixedFit[Any]:
    """Fit a linear mixed model to the rows of a Dask data frame, or of Parquet files, summed where they are.

    Parameters
    ----------
    formula, data, **options
        As for ``summed``.
    reml, control
        As for ``hlmrs.lmer``.

    Returns
    -------
    LinearMixedFit
        The fit of all rows, which keeps none.
    """
    return fit_here(summed(formula, data, **options), reml=reml, control=control)


def _dask() -> Any:
    try:
        import dask
    except ImportError:
        raise HlmrsError(
            "hlmrs.distributed needs Dask, which is not installed: pip install 'hlmrs[distributed]'"
        ) from None
    return dask


def _parts(data: Any) -> list[Any]:
    """Return partitions as delayed frames, or the files of a path."""
    if hasattr(data, "to_delayed"):
        return list(data.to_delayed())
    path = os.fspath(data)
    files = glob.glob(f"{path}/**/*.parquet", recursive=True) if os.path.isdir(path) else glob.glob(path)
    if not files:
        raise DataError(f"there are no Parquet files at {path!r}")
    return sorted(files)


def _read_once(dask: Any, learning: Learning, parts: Sequence[Any]) -> Learning:
    """Read all partitions once, to learn from them."""
    empty = learning.emptied()
    first, *others = dask.compute(*[dask.delayed(_learned_of)(empty, part) for part in parts])
    for other in others:
        first.merge(other)
    first.finish()
    return first  # type: ignore[no-any-return]


def _learned_of(learning: Learning, part: Any) -> Learning:
    """Read a partition to learn from it; runs on a worker."""
    own, frame = learning.emptied(), open_frame(part)
    for columns in numbered(frame.batches(learning.request.columns(), learning.request.labels())):
        with located(frame, columns):
            own.add(columns)
    return own


def _sums_of(template: bytes, part: Any) -> bytes:
    """Sum the rows of a partition; runs on a worker."""
    return SufficientStatistics.from_bytes(template).update(part).to_bytes()


def _merged(parts: Sequence[bytes]) -> bytes:
    """Merge statistics in their order; runs on a worker."""
    first, *others = map(SufficientStatistics.from_bytes, parts)
    for other in others:
        first.merge(other)
    return first.to_bytes()
