"""``fit.marginal`` of a generalized fit."""

from __future__ import annotations

from ...inference import tests_by_normal
from ..likelihood.marginal import Marginal
from ..view import FrameT


@tests_by_normal
class GeneralizedMarginal(Marginal[FrameT]):
    """Comparisons of marginal means, regions of significance, and the fixed part for marginaleffects."""

    __slots__ = ()
