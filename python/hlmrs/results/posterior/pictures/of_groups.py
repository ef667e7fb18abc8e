"""Pictures of groups and rows: ranks, replicated responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...pictures.drawn import answers_as, below
from ...view import FrameT
from .of_draws import OfDraws

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answers_as("ranks")
class PosteriorRanks(OfDraws[FrameT]):
    """Ranks of groups with what is uncertain of them."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, effect: str | None = None, *, level: float = 0.95, ax: Any = None
    ) -> Axes:
        """Draw mean ranks with intervals; needs matplotlib.

        Parameters
        ----------
        group, effect : str, optional
            As in ``ranks()``.
        level : float
            Probability of the intervals.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Groups that are in the lowest or highest quarter with a probability of 95 % at least are marked.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> post.plot.ranks().get_title(loc="left")
        'Yield: posterior ranks of Batch by intercepts'
        """
        from ....pictures import posterior_ranks

        return self._draw(posterior_ranks(self._draws, group, effect, level), ax)

    def data(self, group: str | None = None, effect: str | None = None, *, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, effect, level
            As above.

        Returns
        -------
        data frame
            ``level, mean, sd, expected_rank, rank_low, rank_high, bottom_quarter, top_quarter``, the lowest rank
            first.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.ranks.data()["level"].to_list()[-1]
        'E'
        """
        from ....pictures import posterior_ranks

        return self._table(posterior_ranks(self._draws, group, effect, level).table)


@answers_as("predictive")
class PosteriorPredictive(OfDraws[FrameT]):
    """The response beside replicated responses."""

    __slots__ = ()

    def __call__(self, group: str | None = None, *, draws: int = 50, ax: Any = None) -> list[Axes]:
        """Draw the distributions of the rows and of the groups' means over replicated ones; needs matplotlib.

        Parameters
        ----------
        group : str, optional
            The grouping factor of the means.  Default: the first.
        draws : int
            Replicated responses, in the same groups.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            Smoothed densities; of responses of few values their shares.  Successes among trials are shares of these.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_xlabel() for axis in post.plot.predictive()]
        ['Yield', 'Mean Yield']
        """
        from ....pictures import posterior_predictive

        return self._draw_all(posterior_predictive(self._draws, group, draws), ax)

    def data(self, group: str | None = None, *, draws: int = 50) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, draws
            As above.

        Returns
        -------
        data frame
            ``panel`` (``"rows"`` or ``"means"``), ``draw`` (0 is the observed response), ``value, density``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.predictive.data(draws=10)["draw"].n_unique()
        11
        """
        from ....pictures import posterior_predictive

        pictures = posterior_predictive(self._draws, group, draws)
        tables = [
            {"panel": [name] * len(picture.table["value"]), **picture.table}
            for name, picture in zip(("rows", "means"), pictures, strict=False)
        ]
        return self._table(below(tables))
