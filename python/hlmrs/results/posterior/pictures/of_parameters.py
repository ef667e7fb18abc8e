"""Pictures of parameters: their intervals, pairs of draws, draws in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...pictures.drawn import answers_as, below
from ...view import FrameT
from .of_draws import OfDraws

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answers_as("intervals")
class Intervals(OfDraws[FrameT]):
    """Medians and intervals of parameters."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, level: float = 0.95, ax: Any = None) -> Axes:
        """Draw medians with the middle 50 % and a wider interval of the draws; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all but the intercept.
        level : float
            Probability of the wider intervals.
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
        from ....pictures import posterior_intervals  # loaded when it is wanted: importing hlmrs should take no time

        return self._draw(posterior_intervals(self._draws, parameters, level), ax)

    def data(self, parameters: Sequence[str] | None = None, *, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        parameters, level
            As above.

        Returns
        -------
        data frame
            ``parameter, conf_low, q25, median, q75, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.intervals.data()["parameter"].to_list()
        ['sd((Intercept) | Batch)', 'sigma']
        """
        from ....pictures import posterior_intervals

        return self._table(posterior_intervals(self._draws, parameters, level).table)


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
        from ....pictures import posterior_pairs

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
        from ....pictures import posterior_pairs

        return self._table(below([one.table for one in posterior_pairs(self._draws, parameters)]))


@answers_as("trace")
class Trace(OfDraws[FrameT]):
    """Draws in the order in which they were drawn."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, ax: Any = None) -> list[Axes]:
        """Draw parameters by iteration, a line for each chain; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            A panel for each parameter, whose note is its R-hat.  Chains that agree are bands that lie over each other;
            independent draws are one line.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> data = hlmrs.datasets.load("Dyestuff")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", data, draws=400, method="nuts")
        >>> [axis.get_ylabel() for axis in post.plot.trace()]
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        from ....pictures import posterior_trace

        return self._draw_all(posterior_trace(self._draws, parameters), ax)

    def data(self, parameters: Sequence[str] | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        parameters
            As above.

        Returns
        -------
        data frame
            ``parameter, chain, draw, value``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=400)
        >>> post.plot.trace.data("sigma").columns
        ['parameter', 'chain', 'draw', 'value']
        """
        from ....pictures import posterior_trace

        return self._table(below([one.table for one in posterior_trace(self._draws, parameters)]))
