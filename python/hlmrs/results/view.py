"""What a fitted model and its accessors have in common: an estimate, and tables in the library of the data."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, cast

from ..estimation import Estimate
from ..frame import Column, build, build_rows
from .result_table import FrameT, ResultTable

__all__ = ["FrameT", "View"]


class View(Generic[FrameT]):
    """A view of an estimate, whose tables are frames of the library that its data came in."""

    __slots__ = ("_estimate",)

    def __init__(self, estimate: Estimate) -> None:
        self._estimate = estimate

    def __repr__(self) -> str:
        members = (member for kind in reversed(type(self).__mro__) for member in vars(kind).items())
        offered = {name: one for name, one in members if not name.startswith("_")}
        first = [(type(self).__doc__ or "").splitlines()[0]]
        return "\n".join(first + [f"  .{name}: {(one.__doc__ or '').splitlines()[0]}" for name, one in offered.items()])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._estimate,)

    def _table(self, columns: Mapping[str, Column]) -> FrameT:
        return cast("FrameT", build(self._estimate.kind, columns))

    def _shown(
        self,
        title: str,
        columns: Mapping[str, Column],
        *,
        level: float | None = None,
        facts: Sequence[tuple[str, str]] = (),
        notes: Sequence[str] = (),
        in_frame_alone: Sequence[str] = (),
    ) -> ResultTable[FrameT]:
        return ResultTable(
            title, columns, self._estimate.kind, level=level, facts=facts, notes=notes, in_frame_alone=in_frame_alone
        )

    def _table_of_rows(self, columns: Mapping[str, Column]) -> FrameT:
        """Make a table of the rows used, with their index if the data have one."""
        estimate = self._estimate
        if not estimate.has_frame:
            return self._table(columns)
        return cast("FrameT", build_rows(estimate.frame, columns, estimate.values.kept))
