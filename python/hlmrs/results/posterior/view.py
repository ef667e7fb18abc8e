"""What a posterior and its parts have in common: draws, and tables in the library of the data."""

from __future__ import annotations

from typing import Any

from ...posterior import Draws
from ..view import FrameT, View


class PosteriorView(View[FrameT]):
    """A view of draws."""

    __slots__ = ("_draws",)

    def __init__(self, draws: Draws) -> None:
        super().__init__(draws.estimate)
        self._draws = draws

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._draws,)
