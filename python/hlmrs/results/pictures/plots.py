"""``fit.plot``: one object for each plot, which draws when called and gives its table by ``data()``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import diagnostics
from ...diagnostics import PANELS
from ...options import DeletionMethod, Panel
from ..view import FrameT, View
from .drawn import answers_as
from .of_groups import Shrinkage
from .of_models import ProfilePicture
from .of_residuals import ResidualCorrelation, ResidualSd
from .panels import NamedPlots, draw_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@answers_as("diagnostics")
class DiagnosticPlots(View[FrameT]):
    """Residuals, random effects and influence, panel by panel."""

    __slots__ = ()

    def __call__(
        self,
        panels: Panel | Sequence[Panel] | None = None,
        *,
        group: str | None = None,
        method: DeletionMethod = "one-step",
    ) -> "Figure":
        """Draw residuals, random effects and influence; needs matplotlib.

        Parameters
        ----------
        panels : str or list of str, optional
            From ``"fitted"``, residuals against fitted values; ``"qq"``, quantiles of residuals less normal ones, with
            bands; ``"scale"``, roots of their sizes against fitted values; ``"random"``, every random effect over
            normal quantiles, with 95 % intervals; ``"influence"``, Cook's distances of groups.  Default: all.
        group : str, optional
            The grouping factor of ``"influence"``.  Default: the one with fewest levels.
        method : str
            As in ``influence``.

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
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> figure = fit.plot.diagnostics()
        >>> [axis.get_title(loc="left") for axis in figure.axes[:2]]
        ['Residuals and fitted values', 'Quantiles of residuals']
        """
        panels = PANELS if panels is None else panels
        return draw_panels(panels, PANELS, lambda k: diagnostics.plot_data(self._estimate, k, group, method))

    def data(self, panel: Panel, *, group: str | None = None, method: DeletionMethod = "one-step") -> FrameT:
        """Return the table that a panel draws.

        Parameters
        ----------
        panel : str
            One of the panels above.
        group, method : str, optional
            As above.

        Returns
        -------
        data frame
            ``row, fitted, residual`` of "fitted", ``row, normal_quantile, residual`` of "qq", ``row, fitted,
            root_size`` of "scale"; ``group, term, level, normal_quantile, estimate, conf_low, conf_high, standardized``
            of "random"; ``by, level, cooks_distance`` of "influence", without fixed effects ``displacement``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.plot.diagnostics.data("influence")["level"].to_list()[:3]
        ['308', '309', '310']
        """
        return self._table(diagnostics.plot_data(self._estimate, panel, group, method))


class Plots(NamedPlots[FrameT]):
    """The plots of a fit."""

    __slots__ = ()

    @property
    def diagnostics(self) -> DiagnosticPlots[FrameT]:
        """Residuals, random effects and influence: ``diagnostics()`` draws, ``diagnostics.data()`` is the table."""
        return DiagnosticPlots(self._estimate)

    @property
    def shrinkage(self) -> Shrinkage[FrameT]:
        """Estimates of single groups, from least squares to empirical Bayes."""
        return Shrinkage(self._estimate)

    @property
    def profile(self) -> ProfilePicture[FrameT]:
        """Likelihood profiles of parameters."""
        return ProfilePicture(self._estimate)

    @property
    def residual_correlation(self) -> ResidualCorrelation[FrameT]:
        """Correlations of residuals by lag, or their variogram, beside those of the model."""
        return ResidualCorrelation(self._estimate)

    @property
    def residual_sd(self) -> ResidualSd[FrameT]:
        """Standard deviations of residuals by visit, level or fitted value beside those of the model."""
        return ResidualSd(self._estimate)
