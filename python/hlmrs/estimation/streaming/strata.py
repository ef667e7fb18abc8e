"""Sums over the rows of strata, in each of which residuals have one standard deviation.

A dispersion whose variables have few values (``dispersion="~ sex"``) weighs all rows of a stratum alike: a covariance
of the residuals then needs the sums of every stratum, and no second pass over the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..._core import Columns, FinishedStatistics, Model, Rows, Statistics, strata_model
from ...errors import DataError, DesignError
from ...formula import ColumnName, TermFactor
from ...formula.expressions import calls_in
from ...formula.functions import LEARNED
from ...frame import Frame, located, numbered
from ...resources import Progress
from .. import Estimate, Request, batch_columns, estimate_of_statistics, fit_model
from ..fixed_parameters import with_fixed
from ..residual_encoding import ResidualEncoding
from ..residual_rows import NOWHERE
from .ahead import ahead
from .learn import Learned, Learning, learns_from_rows
from .sums import BatchSums, is_usable

MOST_STRATA = 50
"""Strata, each of which takes the memory of all sums."""
_NO_TRUTH = 2
_RESPONSE = "(stratum)"
_PlainColumn = tuple[str, NDArray[np.float64 | np.uint8 | np.uint32], list[str] | None, bool]
Key = tuple[str | float, ...]
"""The values of the dispersion's columns in a stratum."""


def takes_strata(request: Request) -> bool:
    """Whether residuals have a dispersion alone, of variables as they are."""
    asked = request.residual
    if asked is None or asked.term is not None or asked.dispersion is None or asked.uses_fitted:
        return False
    if not asked.dispersion.terms:
        return False
    _, *factors = asked.dispersion.factors()
    learned = any(calls_in(factor.expression) & LEARNED for factor in factors)
    return not learned


def why_no_sums(request: Request) -> str:
    """Say why the rows of a model of the residuals are not summed, and what to do."""
    asked = request.residual
    if takes_strata(request):
        return (
            f"its variables have more than {MOST_STRATA} combinations of values, and each needs sums of its own; take "
            'rows="keep"'
        )
    if asked is None or asked.term is not None or asked.dispersion is None or asked.dispersion.terms:
        return (
            "a covariance of the residuals weighs rows anew at every step of the search, and sums over batches hold "
            "each with its weight for good, but for a dispersion alone whose variables have few values; take "
            'rows="keep", or leave it out'
        )
    if not asked.dispersion.offsets:
        return "it has no variables, so that it says nothing; leave it out"
    return (
        "an offset alone is a weight of the rows, which sums over batches take: give weights=, for offset(h) a column "
        'of exp(-2 * h), in the place of dispersion=; or take rows="keep"'
    )


def estimate_of_strata(request: Request, frame: Frame) -> Estimate | None:
    """Fit a model to a source that is read batch by batch; its rows are not kept.  None of more than `MOST_STRATA`."""
    reader = _Reader(request, frame)
    sums = _read(reader, reader.learned())
    if sums is not None and (unseen := sums.unseen()):
        levels = {
            n: [level for level in all_ if level not in unseen.get(n, ())] for n, all_ in sums.learned.levels.items()
        }
        sums = _read(reader, replace(sums.learned, levels=levels))
    if sums is None:
        return None
    finished, model, encoding = sums.model()
    model = with_fixed(model, finished, request)
    template = sums.template
    found = estimate_of_statistics(
        request, fit_model(model, request), finished, model, frame.kind, template.splines, residual_encoding=encoding
    )
    if sums.n_incomplete:
        layout = found.layout
        dropped = {**layout.dropped_rows, "dispersion": sums.n_incomplete}
        found.layout = replace(layout, dropped_rows=dropped, n_rows_input=layout.n_rows_input + sums.n_incomplete)
    return found


@dataclass
class _Reader:
    """A source of rows, of which those that miss a value of the dispersion are left out."""

    request: Request
    frame: Frame

    @property
    def plain(self) -> Request:
        """The model of the mean."""
        return replace(self.request, residual=None)

    @property
    def names(self) -> list[str]:
        """The columns of the dispersion."""
        return _columns_of(self.request)

    def batches(self) -> Iterator[tuple[Columns, Columns]]:
        """Yield batches, and their complete rows."""
        read = self.frame.batches(self.request.columns(), self.request.labels())
        for columns in numbered(ahead(read)):
            with located(self.frame, columns):
                complete = np.flatnonzero(np.logical_and.reduce([own.known for own in _values(columns, self.names)]))
                if self.request.missing == "error" and len(complete) < columns.n_rows:
                    raise DataError(
                        f"values are missing: of {', '.join(self.names)} in {columns.n_rows - len(complete):,} rows; "
                        'fill them in, or drop the rows with missing="drop"'
                    )
                yield columns, columns if len(complete) == columns.n_rows else _picked(columns.plain_values(), complete)

    def learned(self) -> Learned:
        """Read the source as often as it takes to learn what the mean learns from all rows."""
        first = None if self.frame.once else next(self.batches(), None)
        if first is None or not learns_from_rows(self.plain, first[1]):
            return Learned()
        learning = Learning(self.plain, {})
        while learning.needs_rows:
            with Progress("rows read to learn from", self.frame.count()) as progress:
                for whole, columns in self.batches():
                    learning.add(columns)
                    progress.advance(whole.n_rows)
            learning.finish()
        return learning.learned


@dataclass
class _StrataSums:
    """The sums of every stratum, by the values of its columns; `levels` are those of categories, by column."""

    request: Request
    learned: Learned
    template: BatchSums
    sums: dict[Key, Statistics] = field(default_factory=dict)
    levels: dict[str, tuple[list[str], bool]] = field(default_factory=dict)
    waiting: list[Columns] = field(default_factory=list)
    n_incomplete: int = 0
    are_too_many: bool = False

    def add(self, columns: Columns) -> None:
        """Add a batch whose rows miss nothing of the dispersion; those without a complete row wait for one that has."""
        plain, template = replace(self.request, residual=None), self.template
        if template.core is None:
            if not is_usable(plain, columns, self.learned.splines):
                self.waiting.append(columns)
                return
            template.open(plain, columns)
        waiting, self.waiting = self.waiting, []
        for own in (*waiting, columns):
            self._add(plain, own)

    def _add(self, plain: Request, columns: Columns) -> None:
        known, splines = self.template.core, self.template.splines
        assert known is not None, "it is open"
        read = _values(columns, _columns_of(self.request))
        for own in read:
            if own.levels is not None:
                before, _ = self.levels.get(own.name, ([], False))
                self.levels[own.name] = (list(dict.fromkeys([*before, *own.levels])), own.declared)
        cells, of_row = np.unique(np.column_stack([own.numbers for own in read]), axis=0, return_inverse=True)
        self.are_too_many = len(cells) > MOST_STRATA
        if self.are_too_many:
            return
        plain_values = columns.plain_values() if len(cells) > 1 else []
        for k, cell in enumerate(cells):
            key = tuple(own.read(value) for own, value in zip(read, cell.tolist(), strict=True))
            part = columns if len(cells) == 1 else _picked(plain_values, np.flatnonzero(of_row.ravel() == k))
            self.sums.setdefault(key, known.empty()).update(batch_columns(plain, part, splines))
        self.are_too_many = len(self.sums) > MOST_STRATA

    @property
    def text(self) -> str:
        """The formula of the dispersion."""
        asked = self.request.residual
        return "" if asked is None or asked.dispersion is None else asked.dispersion.formula.strip()

    def unseen(self) -> dict[str, set[str]]:
        """Return the learned levels that no row has."""
        parts = [{name: set(levels) for name, levels in own.unseen_levels.items()} for own in self.sums.values()]
        if not parts or not self.learned.levels:
            return {}
        found = {name: set.intersection(*(part.get(name, set()) for part in parts)) for name in parts[0]}
        return {name: levels for name, levels in found.items() if levels}

    def model(self) -> tuple[FinishedStatistics, Model, ResidualEncoding]:
        """Return the sums in order, the model of all strata, and what encodes the dispersion of new rows."""
        keys = [key for key, own in self.sums.items() if own.n_rows]
        if len(keys) < 2:
            what = "no complete row" if not keys else "the same values in all rows"
            raise DesignError(
                f"dispersion={self.text!r}: its variables have {what}, so that it says nothing; leave it out"
            )
        rows = self._rows(keys)
        matrix, names = rows.model_matrix(), list(rows.layout()["columns"])
        offset = rows.offset()
        request = self.request
        finished, model = strata_model(
            [self.sums[key] for key in keys],
            np.ascontiguousarray(matrix[:, 1:]),
            names[1:],
            [] if offset is None else offset.tolist(),
            request.reml,
            request.sigma,
        )
        assert request.residual is not None, "a model of the residuals"
        return finished, model, ResidualEncoding(request.residual, [], [], [], [], [], rows.encoding())

    def _rows(self, keys: list[Key]) -> Rows:
        """Encode the dispersion of a row of each stratum."""
        asked = self.request.residual
        assert asked is not None and asked.dispersion is not None, "a model of the dispersion"
        columns = Columns()
        for name, values in zip(_columns_of(self.request), zip(*keys, strict=True), strict=True):
            levels, declared = self.levels.get(name, ([], False))
            if isinstance(values[0], bool):
                columns.add_boolean(name, np.array(values, np.uint8))
            elif levels:
                used = [level for level in levels if level in values]
                codes = np.array([used.index(str(value)) for value in values], np.uint32)
                columns.add_categorical(name, codes, used, False, declared)
            else:
                columns.add_numeric(name, np.array(values, float))
        columns.add_numeric(_RESPONSE, np.arange(len(keys), dtype=float))
        spec = replace(asked.dispersion, response=TermFactor(_RESPONSE, ColumnName(_RESPONSE, (0, 0))))
        return Rows(spec.to_json(), columns, '{"missing": "error"}')


def _read(reader: _Reader, learned: Learned) -> _StrataSums | None:
    plain = reader.plain
    template = BatchSums(plain.spec.formula, learned, kind=reader.frame.kind, request=plain)
    found = _StrataSums(reader.request, learned, template)
    with Progress("rows", reader.frame.count()) as progress:
        for whole, columns in reader.batches():
            found.n_incomplete += whole.n_rows - columns.n_rows
            if columns.n_rows:
                with located(reader.frame, whole):
                    found.add(columns)
            if found.are_too_many:
                return None
            progress.advance(whole.n_rows)
    return found


def _columns_of(request: Request) -> list[str]:
    """Return the columns that the dispersion depends on."""
    assert request.residual is not None and request.residual.dispersion is not None, "a model of the dispersion"
    _, *factors = request.residual.dispersion.factors()
    return list(dict.fromkeys(column.name for factor in factors for column in factor.columns()))


@dataclass(frozen=True)
class _Values:
    """Numbers or codes of a column, and the levels of a category."""

    name: str
    numbers: NDArray[np.float64]
    known: NDArray[np.bool_]
    levels: list[str] | None
    declared: bool
    is_truth: bool

    def read(self, number: float) -> str | float:
        """Return what a number or a code means."""
        if self.levels is not None:
            return self.levels[int(number)]
        return bool(number) if self.is_truth else number


def _values(columns: Columns, names: list[str]) -> list[_Values]:
    """Read some columns."""
    found = []
    for name in names:
        ((_, values, levels, declared),) = columns.plain_values(name)
        is_truth = values.dtype == np.uint8 and levels is None
        missing = values >= _NO_TRUTH if is_truth else np.isnan(values) if levels is None else values == NOWHERE
        found.append(_Values(name, values.astype(np.float64), ~missing, levels, declared, is_truth))
    return found


def _picked(plain: Sequence[_PlainColumn], rows: NDArray[np.intp]) -> Columns:
    """Return some rows of columns, with all their levels."""
    found = Columns()
    for name, values, levels, declared in plain:
        own = np.ascontiguousarray(values[rows])
        if levels is not None:
            found.add_categorical(name, own.astype(np.uint32), levels, False, declared)
        elif own.dtype == np.uint8:
            found.add_boolean(name, own.astype(np.uint8))
        else:
            found.add_numeric(name, own.astype(np.float64))
    return found
