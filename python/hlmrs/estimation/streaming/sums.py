"""What statistics do inside: they wait for a complete row, settle names and types by it, and add batch to batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core import Columns, Statistics, complete_rows
from ...errors import DataError, DesignError, FitStateError, HlmrsError, OptionError, suggestion
from ...frame import Frame, located, numbered
from ...frame.values import level_text
from .. import Request, Splines, batch_columns, learned_columns, make_request
from .learn import Learned


@dataclass
class BatchSums:
    """A formula and its options, and, once there was a complete row, the sums of the core."""

    formula: str
    learned: Learned = field(default_factory=Learned)
    options: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "dict"
    request: Request | None = None
    core: Statistics | None = None
    splines: Splines = field(default_factory=dict)
    waiting: list[Columns] = field(default_factory=list)

    @property
    def known(self) -> tuple[Request, Statistics]:
        """The model and its sums."""
        if self.request is None or self.core is None:
            raise FitStateError("the statistics have no rows yet; give them with update()")
        return self.request, self.core

    @property
    def n_rows(self) -> int:
        """Complete rows so far."""
        return 0 if self.core is None else self.core.n_rows

    @property
    def n_rows_input(self) -> int:
        """Rows so far, those with missing values included."""
        return sum(columns.n_rows for columns in self.waiting) if self.core is None else self.core.n_rows_input

    def update(self, frame: Frame) -> None:
        """Add the rows of a frame, batch by batch."""
        if self.core is None:
            self.kind = frame.kind
        request = self.request or self.settle(frame)
        check_columns(request, frame)
        for columns in numbered(frame.batches(request.columns(), request.labels())):
            with located(frame, columns):
                self.add(columns)

    def add(self, columns: Columns) -> None:
        """Add a batch that is read already; batches without a complete row wait for the first that has one."""
        assert self.request is not None, "names of columns are settled"
        if self.core is None and not is_usable(self.request, columns, self.learned.splines):
            self.waiting.append(columns)
            return
        if self.core is None:
            self.open(self.request, columns)
        self._flush([columns])

    def open(self, request: Request, columns: Columns, coverage: str = "first") -> None:
        """Settle names and types by columns whose rows are not counted."""
        learned = self.learned
        if coverage == "sample":
            self.splines = learned_columns(request, columns)
        else:
            self.splines = learned.splines
            for factor in request.spec.splines():
                if factor.name not in self.splines:
                    raise DesignError(
                        f"{factor.name} is learned from rows; give some to SufficientStatistics as first="
                    )
            batch_columns(request, columns, self.splines)
        options = request.options(levels=learned.levels, coverage=coverage)
        self.core = Statistics(request.spec.to_json(), columns, options, learned.transforms)

    def _flush(self, more: Sequence[Columns] = ()) -> None:
        """Add what waited."""
        (request, core), waiting = self.known, self.waiting
        self.waiting = []
        for columns in [*waiting, *more]:
            core.update(batch_columns(request, columns, self.splines))

    def settle(self, frame: Frame) -> Request:
        """Settle the names of columns."""
        self.request = make_request(self.formula, frame.names, reml=True, control=None, **self.options)
        for name in self.learned.levels:
            if name not in frame.names:
                raise OptionError(f"levels: the data have no column {name!r}")
        return self.request

    def merge(self, other: "BatchSums") -> None:
        """Add the sums of other rows."""
        self._check_same(other)
        self.request = self.request or other.request
        if other.core is None:
            for columns in other.waiting:
                self.add(columns)
        elif self.core is None:
            self.request, self.splines, self.kind = other.request, other.splines, other.kind
            self.core = other.core.copy()
            self._flush()
        else:
            self.core.merge(other.core)

    def copy(self) -> "BatchSums":
        """Return sums that grow on their own."""
        return replace(self, core=None if self.core is None else self.core.copy(), waiting=list(self.waiting))

    def empty(self) -> "BatchSums":
        """Return sums of the same model without rows."""
        return replace(self, core=None if self.core is None else self.core.empty(), waiting=[])

    def _check_same(self, other: "BatchSums") -> None:
        """Refuse statistics of another model, which those without rows may be as well."""
        if _compared(self, other) == _compared(other, self):
            return
        if self.formula == other.formula:
            raise DesignError(
                f"the statistics of {self.formula!r} differ in weights, offset, contrasts or missing; make both with "
                "the same"
            )
        raise DesignError(f"the statistics are of different models: {self.formula!r} and {other.formula!r}")


def known_levels(levels: Mapping[str, Sequence[Any]] | None) -> dict[str, list[str]]:
    """Write levels as texts."""
    known: dict[str, list[str]] = {}
    for name, column in (levels or {}).items():
        texts = [column] if isinstance(column, str) else [level_text(level) for level in column]
        if isinstance(column, str) or not texts:
            raise OptionError(f"levels: column {name!r} has {column!r}; give a list of its levels, such as ['a', 'b']")
        for k, text in enumerate(texts):
            if text in texts[:k]:
                raise OptionError(f"levels: column {name!r} has the level {text!r} twice")
        known[name] = texts
    return known


def _compared(one: BatchSums, other: BatchSums) -> tuple[Any, ...]:
    """Return formula and options, to compare; without rows a formula is read with the columns of the other."""
    if one.request is None and other.request is None:
        return one.formula, *map(str, one.options.values())
    request = one.request
    if request is None:
        assert other.request is not None
        try:
            request = make_request(one.formula, other.request.columns(), reml=True, control=None, **one.options)
        except HlmrsError:  # of other columns
            return (one.formula,)
    spec = one.formula if one.formula == other.formula else request.spec
    return spec, request.options()


def check_columns(request: Request, frame: Frame) -> None:
    """Refuse a frame that lacks a column of the model."""
    for name in request.columns():
        if name not in frame.names:
            raise DataError(f"the data have no column {name!r}{suggestion(name, frame.names)}")


def is_usable(request: Request, columns: Columns, splines: Splines) -> bool:
    """Whether a batch has a complete row."""
    if not columns.n_rows:
        return False
    if splines or not request.spec.splines():
        batch_columns(request, columns, splines)
        kept = complete_rows(request.spec.to_json(), columns, request.options())
        return kept is None or bool(kept.any())
    return True
