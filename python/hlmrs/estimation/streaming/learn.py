"""What a model learns from all rows before they are summed, in passes over them.

First levels of the fixed effects' variables and knots of splines, then ``scale()``, ``center()``, ``poly()``,
``between()`` and ``within()``, one pass after the other where one needs what another learned.  Parts of the rows can
be read apart: what they taught is merged.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._core import Columns, Learner, LevelScan, columns_of_levels
from ...formula import Call
from ...frame import Frame, located, numbered
from ...resources import Progress
from .. import Request, Splines, batch_columns, evaluate
from .ahead import ahead
from .spline_knots import SplineKnots

Levels = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Learned:
    """Levels by column, what transforms learned (as the core writes it), splines with their knots."""

    levels: Levels = field(default_factory=dict)
    transforms: str = "{}"
    splines: Splines = field(default_factory=dict)


class Learning:
    """Learns from batches: ``add`` them all, ``finish`` the pass, and again while it ``needs_rows``.

    Parameters
    ----------
    request : Request
        The model.
    levels : dict
        Levels that are known.
    """

    def __init__(self, request: Request, levels: Levels) -> None:
        self.request = request
        self._known = dict(levels)
        self._scanned: dict[str, list[str]] | None = None
        self._scan: LevelScan | None = None
        calls = {factor.name: factor.expression for factor in request.spec.splines()}
        self._splines = {name: SplineKnots(name, call) for name, call in calls.items() if isinstance(call, Call)}
        self._bases: Splines = {}
        self._learner: Learner | None = None
        self._reads_levels = True

    @property
    def needs_rows(self) -> bool:
        """Whether rows are to be read."""
        return self._learner is None or self._learner.needs_rows

    @property
    def learned(self) -> Learned:
        """All of it, at the end."""
        assert self._learner is not None, "all passes are finished"
        return Learned(self._levels(), self._learner.learned, self._bases)

    def add(self, columns: Columns) -> None:
        """Read a batch."""
        if self._learner is not None:
            self._learner.update(batch_columns(self.request, columns, self._bases))
            return
        if self._reads_levels and self._scan is None:
            self._scan = LevelScan(self._unknown(columns))
        if self._scan is not None:
            self._scan.update(columns)
        for spline in self._splines.values():
            if spline.needs_rows:
                spline.add(evaluate(columns, spline.argument))

    def merge(self, other: "Learning") -> None:
        """Add what another part has read in the same pass."""
        if self._learner is not None and other._learner is not None:
            self._learner.merge(other._learner)
            return
        if self._reads_levels:
            self._scanned, self._scan = _joined(self._scan_levels(), other._scan_levels()), None
        for mine, theirs in zip(self._splines.values(), other._splines.values(), strict=True):
            if mine.needs_rows:
                mine.merge(theirs)

    def emptied(self) -> "Learning":
        """Return the same pass, without rows."""
        copy: Learning = Learning.__new__(Learning)
        copy.__setstate__(self.__getstate__())
        if copy._learner is not None:
            copy._learner = copy._learner.empty()
        if copy._reads_levels:
            copy._scanned = None
        for spline in copy._splines.values():
            if spline.needs_rows:
                spline.forget()
        return copy

    def finish(self) -> None:
        """End a pass."""
        if self._learner is not None:
            self._learner.finish()
            return
        if self._reads_levels:
            self._scanned, self._scan, self._reads_levels = self._scan_levels(), None, False
        for spline in self._splines.values():
            if spline.needs_rows:
                spline.finish()
        self._bases = {name: spline.basis for name, spline in self._splines.items() if spline.basis is not None}
        if len(self._bases) == len(self._splines):
            self._learner = Learner(self.request.spec.to_json(), self.request.options(levels=self._levels()))

    def __getstate__(self) -> dict[str, Any]:
        learner = None if self._learner is None else self._learner.to_json()
        return {**self.__dict__, "_scanned": self._scan_levels(), "_scan": None, "_learner": learner}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(deepcopy(state))
        self._learner = None if state["_learner"] is None else Learner.from_json(state["_learner"])

    def _unknown(self, columns: Columns) -> list[str]:
        """Return the columns whose levels must be known before rows are summed."""
        names = columns_of_levels(self.request.spec.to_json(), columns)
        return [name for name in names if name not in self._known]

    def _scan_levels(self) -> dict[str, list[str]] | None:
        return self._scanned if self._scan is None else self._scan.levels

    def _levels(self) -> dict[str, list[str]]:
        return self._known | (self._scanned or {})


def learn(request: Request, frame: Frame, n_rows: int | None) -> Learned:
    """Read a frame as often as it takes."""
    learning = Learning(request, {})
    while learning.needs_rows:
        with Progress("rows read to learn from", n_rows) as progress:
            for columns in numbered(ahead(frame.batches(request.columns(), request.labels()))):
                with located(frame, columns):
                    learning.add(columns)
                progress.advance(columns.n_rows)
        learning.finish()
    return learning.learned


def learns_from_rows(request: Request, columns: Columns) -> bool:
    """Whether a model learns anything from rows, by the types of its columns."""
    spec = request.spec.to_json()
    if request.spec.splines() or columns_of_levels(spec, columns):
        return True
    return Learner(spec, request.options()).needs_rows


def _joined(mine: Levels | None, theirs: Levels | None) -> dict[str, list[str]] | None:
    """Join levels of two parts, in the order that one frame of all rows would have."""
    if mine is None or theirs is None:
        return dict(mine or theirs or {}) or None
    joined = {}
    for name in mine:
        union = list(dict.fromkeys([*mine[name], *theirs.get(name, [])]))
        scan, columns = LevelScan([name]), Columns()
        columns.add_categorical(name, np.arange(len(union), dtype=np.uint32), union, ordered=False, declared=False)
        scan.update(columns)
        joined[name] = scan.levels[name]
    return joined
