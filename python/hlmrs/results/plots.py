"""``fit.plot``: one object for each plot, which draws when called and gives its table by ``data()``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .. import diagnostics
from ..diagnostics import PANELS
from ..errors import OptionError, choose
from ..options import DeletionMethod, Panel
from .view import FrameT, View

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
            From ``"fitted"``, residuals against fitted values; ``"qq"``, normal quantiles of residuals; ``"scale"``,
            roots of their sizes against fitted values; ``"random"``, every random effect over normal quantiles, with
            95 % intervals; ``"influence"``, Cook's distances of groups.  Default: all.
        group : str, optional
            The grouping factor of ``"influence"``.  Default: the one with fewest levels.
        method : str
            As in ``influence``.

        Returns
        -------
        matplotlib.figure.Figure
            Red lines are running means; labels name the largest.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> figure = fit.plot.diagnostics()
        >>> [axis.get_title() for axis in figure.axes[:2]]
        ['Residuals and fitted values', 'Quantiles of residuals']
        """
        panels = PANELS if panels is None else panels
        chosen = [panels] if isinstance(panels, str) else list(panels)
        chosen = [choose("panels", name, PANELS) for name in chosen]
        if not chosen:
            raise OptionError(f"panels={panels!r}: choose from {', '.join(map(repr, PANELS))}")
        from ..plots import draw_diagnostics

        return draw_diagnostics([(k, diagnostics.plot_data(self._estimate, k, group, method)) for k in chosen])

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


class Plots(View[FrameT]):
    """The plots of a fit."""

    __slots__ = ()

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Name the plots that there are."""
        raise OptionError("fit.plot() draws nothing by itself; call one of its plots: fit.plot.diagnostics()")

    @property
    def diagnostics(self) -> DiagnosticPlots[FrameT]:
        """Residuals, random effects and influence: ``diagnostics()`` draws, ``diagnostics.data()`` is the table."""
        return DiagnosticPlots(self._estimate)
