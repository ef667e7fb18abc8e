"""``post.plot``: one object for each picture of draws, which draws when called and gives its table by ``data()``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..pictures.drawn import Drawn, answers_as, below
from ..view import FrameT
from .view import PosteriorView

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class OfDraws(Drawn[FrameT], PosteriorView[FrameT]):
    """A picture of draws: called it draws, and ``data()`` is its table."""

    __slots__ = ()


@answers_as("intervals")
class Intervals(OfDraws[FrameT]):
    """Medians and intervals of parameters."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, ax: Any = None) -> Axes:
        """Draw medians with the middle 50 % and 90 % of the draws; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all but the intercept.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            With the picture in words as ``hlmrs_alt``.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> post.plot.intervals().get_title(loc="left")
        'Yield: posterior intervals'
        """
        from ...pictures import posterior_intervals  # loaded when it is wanted: importing hlmrs should take no time

        return self._draw(posterior_intervals(self._draws, parameters), ax)

    def data(self, parameters: Sequence[str] | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        parameters
            As above.

        Returns
        -------
        data frame
            ``parameter, q5, q25, median, q75, q95``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.intervals.data()["parameter"].to_list()
        ['sd((Intercept) | Batch)', 'sigma']
        """
        from ...pictures import posterior_intervals

        return self._table(posterior_intervals(self._draws, parameters).table)


@answers_as("densities")
class Densities(OfDraws[FrameT]):
    """Densities of parameters beside those of their priors."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, ax: Any = None) -> list[Axes]:
        """Draw smoothed densities of the draws over those of the priors, where these have one; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            The middle 90 % is filled.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_xlabel() for axis in post.plot.densities()]
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        from ...pictures import posterior_densities

        return self._draw_all(posterior_densities(self._draws, parameters), ax)

    def data(self, parameters: Sequence[str] | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        parameters
            As above.

        Returns
        -------
        data frame
            ``parameter, value, density, prior``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.densities.data("sigma").columns
        ['parameter', 'value', 'density', 'prior']
        """
        from ...pictures import posterior_densities

        return self._table(below([one.table for one in posterior_densities(self._draws, parameters)]))


@answers_as("pairs")
class Pairs(OfDraws[FrameT]):
    """Draws of one parameter over those of another."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, ax: Any = None) -> list[Axes]:
        """Draw every pair of some parameters, a point for each draw; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: the first four variance parameters.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw, one for each pair.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            A panel for each pair; up to 2,000 draws are points.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_ylabel() for axis in post.plot.pairs()]
        ['sigma']
        """
        from ...pictures import posterior_pairs

        return self._draw_all(posterior_pairs(self._draws, parameters), ax)

    def data(self, parameters: Sequence[str] | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        parameters
            As above.

        Returns
        -------
        data frame
            ``x, y``, names of parameters, and ``x_value, y_value``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> len(post.plot.pairs.data())
        400
        """
        from ...pictures import posterior_pairs

        return self._table(below([one.table for one in posterior_pairs(self._draws, parameters)]))


@answers_as("ranks")
class PosteriorRanks(OfDraws[FrameT]):
    """Ranks of groups with what is uncertain of them."""

    __slots__ = ()

    def __call__(self, group: str | None = None, effect: str | None = None, *, ax: Any = None) -> Axes:
        """Draw mean ranks with the middle 90 % of the draws; needs matplotlib.

        Parameters
        ----------
        group, effect : str, optional
            As in ``ranks()``.
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
        from ...pictures import posterior_ranks

        return self._draw(posterior_ranks(self._draws, group, effect), ax)

    def data(self, group: str | None = None, effect: str | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, effect
            As above.

        Returns
        -------
        data frame
            ``level, mean, expected_rank, rank_low, rank_high, bottom_quarter, top_quarter``, the lowest rank first.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.ranks.data()["level"].to_list()[-1]
        'E'
        """
        from ...pictures import posterior_ranks

        return self._table(posterior_ranks(self._draws, group, effect).table)


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
            Smoothed densities; of responses of few values their shares.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_xlabel() for axis in post.plot.predictive()]
        ['Yield', 'Mean Yield']
        """
        from ...pictures import posterior_predictive

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
        from ...pictures import posterior_predictive

        pictures = posterior_predictive(self._draws, group, draws)
        tables = [
            {"panel": [name] * len(picture.table["value"]), **picture.table}
            for name, picture in zip(("rows", "means"), pictures, strict=False)
        ]
        return self._table(below(tables))


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
