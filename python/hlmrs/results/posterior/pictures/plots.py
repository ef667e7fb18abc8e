"""All pictures of a posterior."""

from __future__ import annotations

from ...view import FrameT
from ..view import PosteriorView
from .of_densities import Densities, PosteriorPriors
from .of_groups import PosteriorPredictive, PosteriorRanks
from .of_parameters import Intervals, Pairs, Trace


class PosteriorPlots(PosteriorView[FrameT]):
    """The plots of a posterior."""

    __slots__ = ()

    @property
    def intervals(self) -> Intervals[FrameT]:
        """Medians and intervals of parameters."""
        return Intervals(self._draws)

    @property
    def densities(self) -> Densities[FrameT]:
        """Densities of parameters beside those of their priors."""
        return Densities(self._draws)

    @property
    def priors(self) -> PosteriorPriors[FrameT]:
        """Priors beside what the data have made of them."""
        return PosteriorPriors(self._draws)

    @property
    def trace(self) -> Trace[FrameT]:
        """Draws in the order in which they were drawn."""
        return Trace(self._draws)

    @property
    def pairs(self) -> Pairs[FrameT]:
        """Draws of one parameter over those of another."""
        return Pairs(self._draws)

    @property
    def ranks(self) -> PosteriorRanks[FrameT]:
        """Ranks of groups with what is uncertain of them."""
        return PosteriorRanks(self._draws)

    @property
    def predictive(self) -> PosteriorPredictive[FrameT]:
        """The response beside replicated responses."""
        return PosteriorPredictive(self._draws)
