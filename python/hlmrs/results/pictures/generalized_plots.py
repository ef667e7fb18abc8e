"""``fit.plot`` of a generalized fit: an object for each plot: called it draws, and ``data()`` is its table."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from ... import diagnostics
from ...control import count, seed_or_new
from ...diagnostics import GENERALIZED_PANELS, Simulated
from ...estimation.generalized import GeneralizedEstimate
from ...inference import tests_by_normal
from ...options import DeletionMethod, GeneralizedPanel
from ..view import FrameT, View
from .drawn import answers_as
from .of_effects import Effect, Interaction
from .of_models import Coefficients
from .of_time import Trajectories
from .panels import NamedPlots, draw_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@answers_as("diagnostics")
class GeneralizedDiagnosticPlots(View[FrameT]):
    """Quantile residuals, counts or probabilities, random effects and influence, panel by panel."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def __call__(
        self,
        panels: GeneralizedPanel | Sequence[GeneralizedPanel] | None = None,
        *,
        group: str | None = None,
        method: DeletionMethod = "one-step",
        n: int = 250,
        seed: int | None = None,
    ) -> "Figure":
        """Draw; needs matplotlib.

        Parameters
        ----------
        panels : str or list of str, optional
            From ``"uniform"``, quantile residuals over uniform quantiles; ``"predicted"``, these over the ranks of
            predictions by the fixed part; ``"rootogram"``, roots of how often each count occurs; ``"calibration"``,
            shares of successes over those that the model expects, in bins of the fixed part, with the middle 95 % of
            simulated shares; ``"random"``, every random effect over normal quantiles, with 95 % intervals;
            ``"influence"``, Cook's distances of groups.  Default: all that the family has, without influence where it
            takes long (more than 500,000 rows times groups).
        group : str, optional
            The grouping factor of ``"influence"``.  Default: the one with fewest levels.
        method : str
            As in ``influence``.
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        matplotlib.figure.Figure
            Lines are local means with 95 % bands; labels name the largest.  Up to 2,000 rows are points; of more
            all are counted, in hexagons, or some are evenly chosen, which a note says.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> [axis.get_title(loc="left") for axis in fit.plot.diagnostics(["uniform", "calibration"], seed=1).axes]
        ['Quantile residuals', 'Calibration']
        """
        panels = diagnostics.usual_panels(self._estimate, group) if panels is None else panels
        given = (group, method, _drawn(self._estimate, n, seed))
        return draw_panels(
            panels, GENERALIZED_PANELS, lambda k: diagnostics.generalized_plot_data(self._estimate, k, *given)
        )

    def data(
        self,
        panel: GeneralizedPanel,
        *,
        group: str | None = None,
        method: DeletionMethod = "one-step",
        n: int = 250,
        seed: int | None = None,
    ) -> FrameT:
        """Return the table that a panel draws.

        Parameters
        ----------
        panel : str
            One of the panels above.
        group, method, n, seed
            As above.

        Returns
        -------
        data frame
            ``row, uniform_quantile, residual`` of "uniform", ``row, predicted, residual`` of "predicted", ``count,
            observed, expected`` of "rootogram", ``predicted, observed, trials, conf_low, conf_high`` of "calibration";
            ``group, term, level, normal_quantile, estimate, conf_low, conf_high, standardized`` of "random"; ``by,
            level, cooks_distance`` of "influence".

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.plot.diagnostics.data("calibration").columns
        ['predicted', 'observed', 'trials', 'conf_low', 'conf_high']
        """
        given = (group, method, _drawn(self._estimate, n, seed))
        return self._table(diagnostics.generalized_plot_data(self._estimate, panel, *given))


def _drawn(estimate: GeneralizedEstimate, n: int, seed: int | None) -> Callable[[], Simulated]:
    """Simulate when it is first asked for."""
    n, seed = count("n", n), seed_or_new(seed)
    return cache(lambda: diagnostics.simulated(estimate, n, seed))


@tests_by_normal
class GeneralizedEffect(Effect[FrameT]):
    """Predictions along one variable, with confidence bands."""

    __slots__ = ()


@tests_by_normal
class GeneralizedInteraction(Interaction[FrameT]):
    """Simple slopes, and where along the moderator the slope differs from zero."""

    __slots__ = ()


@tests_by_normal
class GeneralizedTrajectories(Trajectories[FrameT]):
    """Predictions along time for prototypical persons."""

    __slots__ = ()


@tests_by_normal
class GeneralizedCoefficients(Coefficients[FrameT]):
    """Coefficients with intervals, of several models."""

    __slots__ = ()


class GeneralizedPlots(NamedPlots[FrameT]):
    """The plots of a fit."""

    __slots__ = ()

    @property
    def diagnostics(self) -> GeneralizedDiagnosticPlots[FrameT]:
        """Residuals, random effects and influence: ``diagnostics()`` draws, ``diagnostics.data()`` is the table."""
        return GeneralizedDiagnosticPlots(self._estimate)

    @property
    def effect(self) -> GeneralizedEffect[FrameT]:
        """Predictions along one variable, with confidence bands."""
        return GeneralizedEffect(self._estimate)

    @property
    def interaction(self) -> GeneralizedInteraction[FrameT]:
        """Simple slopes, and where along the moderator the slope differs from zero."""
        return GeneralizedInteraction(self._estimate)

    @property
    def trajectories(self) -> GeneralizedTrajectories[FrameT]:
        """Predictions along time for prototypical persons."""
        return GeneralizedTrajectories(self._estimate)

    @property
    def coefs(self) -> GeneralizedCoefficients[FrameT]:
        """Coefficients with intervals, of several models."""
        return GeneralizedCoefficients(self._estimate)
