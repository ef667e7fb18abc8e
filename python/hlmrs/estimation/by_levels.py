"""``(x | g, by=arm)``: a random term for every level that the rows of a fit have of ``arm``."""

from collections.abc import Sequence
from dataclasses import replace

from .._core import Columns
from ..formula import PLAIN, Call, ModelSpec, RandomTerm, Term, TermFactor
from ..frame import Frame
from .many_numbers import refuse_many_numbers
from .request import Request
from .rows import model_rows


def in_levels(request: Request, data: Frame | Columns) -> tuple[Request, Frame | Columns]:
    """Return the request with a term for every level, and the data, whose columns may have been read."""
    if not request.spec.by_factors():
        return request, data
    columns = data if isinstance(data, Columns) else data.read(request.columns(), request.labels())
    for term in request.spec.random:
        if term.by is not None:
            refuse_many_numbers(columns, term.by, term.name)
    rows = model_rows(replace(request, spec=_with_indicators(request.spec)), columns.copy()).rows
    by_factors = request.spec.by_factors()
    found = rows.layout()["random"][-len(by_factors) :]
    levels = {by: _levels(by, own["columns"]) for by, own in zip(by_factors, found, strict=True)}
    return replace(request, spec=request.spec.in_levels(levels)), columns


def _with_indicators(spec: ModelSpec) -> ModelSpec:
    """Return a model of the same rows, whose last random terms have an effect for every level of ``by``."""
    plain = [replace(term, by=None) for term in spec.random]
    indicators = [_indicators(by, spec.random[0].group) for by in spec.by_factors()]
    return replace(spec, random=(*{term.identity(): term for term in plain}.values(), *indicators))


def _indicators(by: TermFactor, group: tuple[TermFactor, ...]) -> RandomTerm:
    factor = TermFactor(_called(by), Call("factor", (by.expression,), (), (0, 0)))
    return RandomTerm(PLAIN, False, (Term((factor,)),), group, (0, 0))


def _levels(by: TermFactor, columns: Sequence[str]) -> list[str]:
    return [name.removeprefix(_called(by)) for name in columns]


def _called(by: TermFactor) -> str:
    return f"factor({by.name})"
