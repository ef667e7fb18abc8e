"""What statistics do inside: they wait for a complete row, settle names and types by it, and add batch to batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ..._core import Columns, Statistics, complete_rows
from ...errors import DataError, DesignError, FitStateError, HlmrsError, OptionError, suggestion
from ...formula import NO_RANDOM_TERM, parse
from ...frame import Frame
from ...frame.values import level_text
from .. import Request, Splines, batch_columns, learned_columns, make_request
from .learn import Learned
from .state import SavedParts

Own = TypeVar("Own", bound="BatchSums")


class BatchSums:
    """A formula and its options, and, once there was a complete row, the sums of the core."""

    def __init__(self, formula: str, levels: Mapping[str, Sequence[Any]] | None, options: Mapping[str, Any]) -> None:
        if not isinstance(formula, str) or "." not in formula:  # a dot stands for columns, which are yet to come
            check_readable(formula)
        self._formula = formula
        self._learned = Learned(known_levels(levels))
        self._options: Mapping[str, Any] = options
        self._request: Request | None = None
        self._core: Statistics | None = None
        self._splines: Splines = {}
        self._kind = "dict"
        self._waiting: list[Columns] = []

    @property
    def core(self) -> Statistics:
        """The sums."""
        if self._core is None:
            raise FitStateError("the statistics have no rows yet; give them with update()")
        return self._core

    @property
    def splines(self) -> Splines:
        """Bases of splines, with their knots."""
        return self._splines

    @property
    def kind(self) -> str:
        """The kind of frame that tables come back in."""
        return self._kind

    def request(self, **options: Any) -> Request:
        """Return what is to be fitted."""
        if self._request is None:
            raise FitStateError("the statistics have no rows yet; give them with update()")
        return replace(self._request, **{name: value for name, value in options.items() if value is not None})

    @classmethod
    def of_request(cls: type[Own], request: Request, learned: Learned, kind: str) -> Own:
        """Begin statistics of a checked request, with what was learned for it."""
        new = cls(request.spec.formula)  # type: ignore[call-arg]
        new._request, new._learned, new._kind = request, learned, kind
        return new

    @classmethod
    def of_core(cls: type[Own], core: Statistics, request: Request, splines: Splines, kind: str) -> Own:
        """Wrap sums of a known model."""
        new = cls(request.spec.formula)  # type: ignore[call-arg]
        new._core, new._request, new._splines, new._kind = core, request, splines, kind
        return new

    def add(self, columns: Columns) -> None:
        """Add a batch that is read already; batches without a complete row wait for the first that has one."""
        request = self.request()
        if self._core is not None:
            self._core.update(batch_columns(request, columns, self._splines))
            return
        if not _is_usable(request, columns, self._learned.splines):
            self._waiting.append(columns)
            return
        self.open(columns)
        self._flush([columns])

    def open(self: Own, columns: Columns, coverage: str = "first") -> Own:
        """Settle names and types by columns whose rows are not counted."""
        request, learned = self.request(), self._learned
        if coverage == "sample":
            self._splines = learned_columns(request, columns)
        else:
            self._splines = learned.splines
            for factor in request.spec.splines():
                if factor.name not in self._splines:
                    raise DesignError(
                        f"{factor.name} is learned from rows; give some to SufficientStatistics as first="
                    )
            batch_columns(request, columns, self._splines)
        options = request.options(levels=learned.levels, coverage=coverage)
        self._core = Statistics(request.spec.to_json(), columns, options, learned.transforms)
        return self

    def _flush(self, more: Sequence[Columns] = ()) -> None:
        """Add what waited."""
        waiting, self._waiting = self._waiting, []
        for columns in [*waiting, *more]:
            self.core.update(batch_columns(self.request(), columns, self._splines))

    def _open_request(self, frame: Frame) -> Request:
        self._request = make_request(self._formula, frame.names, reml=True, control=None, **self._options)
        for name in self._learned.levels:
            if name not in frame.names:
                raise OptionError(f"levels: the data have no column {name!r}")
        return self._request

    def _check_same(self, other: "BatchSums") -> None:
        """Refuse statistics of another model, which those without rows may be as well."""
        if _compared(self, other) == _compared(other, self):
            return
        if self._formula == other._formula:
            raise DesignError(
                f"the statistics of {self._formula!r} differ in weights, offset, contrasts or missing; make both with "
                "the same"
            )
        raise DesignError(f"the statistics are of different models: {self._formula!r} and {other._formula!r}")

    def _adopt(self, other: "BatchSums") -> None:
        """Become statistics of the same model with the other's sums."""
        self._request, self._splines, self._kind = other._request, other._splines, other._kind
        self._core = other.core.copy()
        self._flush()

    def _with(self: Own, core: Statistics | None) -> Own:
        new = type(self)(self._formula, **self._options)
        new._learned, new._request, new._splines = self._learned, self._request, self._splines
        new._core, new._kind = core, self._kind
        return new

    def _parts(self) -> SavedParts:
        return SavedParts(self.request(), self._splines, self._kind, self.core)


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


def check_readable(formula: str) -> None:
    """Refuse a formula that cannot be read, or has no random term, before there are rows."""
    if not parse(formula).random:
        raise DesignError(NO_RANDOM_TERM)


def _compared(one: BatchSums, other: BatchSums) -> tuple[Any, ...]:
    """Return formula and options, to compare; without rows a formula is read with the columns of the other."""
    if one._request is None and other._request is None:
        return one._formula, *map(str, one._options.values())
    request = one._request
    if request is None:
        assert other._request is not None
        try:
            request = make_request(one._formula, other._request.columns(), reml=True, control=None, **one._options)
        except HlmrsError:  # of other columns
            return (one._formula,)
    spec = one._formula if one._formula == other._formula else request.spec
    return spec, request.options()


def check_columns(request: Request, frame: Frame) -> None:
    """Refuse a frame that lacks a column of the model."""
    for name in request.columns():
        if name not in frame.names:
            raise DataError(f"the data have no column {name!r}{suggestion(name, frame.names)}")


def _is_usable(request: Request, columns: Columns, splines: Splines) -> bool:
    """Whether a batch has a complete row."""
    if not columns.n_rows:
        return False
    if splines or not request.spec.splines():
        batch_columns(request, columns, splines)
        kept = complete_rows(request.spec.to_json(), columns, request.options())
        return kept is None or bool(kept.any())
    return True
