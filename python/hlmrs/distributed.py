"""Models fitted on a Dask cluster: workers sum their rows, sums are merged in a tree, one process fits.

Rows stay where they are; what travels has the size of the model.  See docs/distributed.md.
"""

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._core import Columns, LevelScan, categorical_columns
from .control import Control
from .errors import DataError, HlmrsError
from .fit import LinearMixedFit
from .fitting import Contrast, make_request
from .frame import open_frame
from .frame.values import level_text
from .models import lmer as fit_here
from .streaming import SufficientStatistics

_TOGETHER = 8
"""Statistics that one task merges."""


def summed(
    formula: str,
    data: Any,
    *,
    weights: str | None = None,
    offset: str | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: str = "drop",
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
    known = {name: [level_text(level) for level in column] for name, column in (levels or {}).items()}
    columns = next(iter(first.batches(request.columns(), request.labels())))
    unknown = [name for name in categorical_columns(request.spec.to_json(), columns) if name not in known]
    if unknown:
        scans = [dask.delayed(_levels_of)(part, unknown) for part in parts]
        known |= _joined_levels(dask.compute(*scans))
    template = SufficientStatistics.of_request(request, known, first.kind).open(columns).empty().to_bytes()
    level = [dask.delayed(_sums_of)(template, part) for part in parts]
    while len(level) > 1:
        level = [dask.delayed(_merged)(level[k : k + _TOGETHER]) for k in range(0, len(level), _TOGETHER)]
    return SufficientStatistics.from_bytes(level[0].compute())


def lmer(
    formula: str, data: Any, *, reml: bool = True, control: Control | None = None, **options: Any
) -> LinearMixedFit:
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


def _levels_of(part: Any, names: list[str]) -> dict[str, list[str]]:
    """Read the levels of a partition; runs on a worker."""
    scan, frame = LevelScan(names), open_frame(part)
    for columns in frame.batches(names):
        scan.update(columns)
    return scan.levels


def _joined_levels(parts: Sequence[dict[str, list[str]]]) -> dict[str, list[str]]:
    """Join the levels of all partitions, in the order that one frame of all rows would have."""
    joined = {}
    for name in parts[0]:
        union = list(dict.fromkeys(level for part in parts for level in part[name]))
        scan = LevelScan([name])
        columns = Columns()
        columns.add_categorical(name, np.arange(len(union), dtype=np.uint32), union, ordered=False, declared=False)
        scan.update(columns)
        joined[name] = scan.levels[name]
    return joined


def _sums_of(template: bytes, part: Any) -> bytes:
    """Sum the rows of a partition; runs on a worker."""
    return SufficientStatistics.from_bytes(template).update(part).to_bytes()


def _merged(parts: Sequence[bytes]) -> bytes:
    """Merge statistics in their order; runs on a worker."""
    first, *others = map(SufficientStatistics.from_bytes, parts)
    for other in others:
        first.merge(other)
    return first.to_bytes()
