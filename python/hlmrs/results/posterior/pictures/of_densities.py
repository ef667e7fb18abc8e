"""Pictures of densities: of draws, and of the priors beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...pictures.drawn import answers_as, below
from ...view import FrameT
from .of_draws import OfDraws

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@answers_as("densities")
class Densities(OfDraws[FrameT]):
    """Densities of parameters beside those of their priors."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, level: float = 0.95, ax: Any = None) -> list[Axes]:
        """Draw smoothed densities of the draws over those of the priors, where these have one; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all.
        level : float
            Probability of the interval that is filled.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            A panel for each parameter.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_xlabel() for axis in post.plot.densities()]
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        from ....pictures import posterior_densities

        return self._draw_all(posterior_densities(self._draws, parameters, level), ax)

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
        from ....pictures import posterior_densities

        return self._table(below([one.table for one in posterior_densities(self._draws, parameters, 0.95)]))


@answers_as("priors")
class PosteriorPriors(OfDraws[FrameT]):
    """Priors beside what the data have made of them."""

    __slots__ = ()

    def __call__(self, parameters: Sequence[str] | None = None, *, level: float = 0.95, ax: Any = None) -> list[Axes]:
        """Draw densities of the draws over all that the priors allow; needs matplotlib.

        Parameters
        ----------
        parameters : list of str, optional
            Which.  Default: all whose prior is not flat.  The intercept is shown where all columns have their means,
            which its prior is of.
        level : float
            Probability of the interval that is filled, and of the middle of the prior, which is on the axis.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            A panel for each parameter; its note is how wide the posterior is beside the prior.

        Raises
        ------
        OptionError
            For parameters whose prior is flat.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"), draws=400)
        >>> [axis.get_xlabel() for axis in post.plot.priors()]
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        from ....pictures import posterior_priors

        return self._draw_all(posterior_priors(self._draws, parameters, level), ax)

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
        >>> post.plot.priors.data("sigma").columns
        ['parameter', 'value', 'density', 'prior']
        """
        from ....pictures import posterior_priors

        return self._table(below([one.table for one in posterior_priors(self._draws, parameters, 0.95)]))
