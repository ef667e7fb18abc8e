"""What every picture of draws is."""

from __future__ import annotations

from ...pictures.drawn import Drawn
from ...view import FrameT
from ..view import PosteriorView


class OfDraws(Drawn[FrameT], PosteriorView[FrameT]):
    """A picture of draws: called it draws, and ``data()`` is its table."""

    __slots__ = ()
