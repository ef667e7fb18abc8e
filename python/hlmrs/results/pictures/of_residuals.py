"""Pictures of the covariance of residuals: correlations by lag, standard deviations by visit."""

from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from ...inference import check_level
from ..view import FrameT
from .drawn import Drawn, answers_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture


@answers_as("residual_correlation")
class ResidualCorrelation(Drawn[FrameT]):
    """Correlations of residuals by lag beside those of the model."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, *, order: str | ArrayLike | None = None, level: float = 0.95, ax: Any = None
    ) -> "Axes":
        """Draw correlations of residuals within groups by lag, or their variogram; needs matplotlib.

        Parameters
        ----------
        group : str, optional
            A grouping factor, or another column.  Default: that of the residuals' structure, or the factor with most
            levels.
        order : str or array-like, optional
            A column of times, or its values by row.  Default: the times of the residuals' structure, or the rows of a
            group as they come.
        level : float
            Of the intervals.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Points with intervals for the residuals, a line for the model: at zero without a structure.  Where times are
            on no grid, semivariances in bins of as many pairs: one less the correlation.

        Notes
        -----
        Residuals are of the fixed part, over the residual standard deviation.  Beside random effects correlations are
        of their differences, less what the random effects make of these: unlike residuals of fitted values they have
        none from being fitted.  Standard errors are from what groups give.  Diggle, Heagerty, Liang and Zeger (2002),
        section 3.4; Pinheiro and Bates (2000), section 5.3.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.gls("distance ~ age * Sex", hlmrs.datasets.load("Orthodont"), residual="ar1(age | Subject)")
        >>> fit.plot.residual_correlation().get_title(loc="left")
        'distance: correlation of residuals by lag, within Subject'
        """
        return self._draw(self._picture(group, order, level), ax)

    def data(self, group: str | None = None, *, order: str | ArrayLike | None = None, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, order, level
            As above.

        Returns
        -------
        data frame
            ``lag, pairs, correlation, std_error, conf_low, conf_high, fitted``; of uneven times ``distance``, the mean
            of a bin, and ``semivariance`` instead of ``lag`` and ``correlation``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont", "polars")
        >>> fit = hlmrs.gls("distance ~ age * Sex", data, residual="ar1(age | Subject)")
        >>> table = fit.plot.residual_correlation.data()
        >>> table["lag"].to_list(), table["fitted"].round(2).to_list()
        ([2.0, 4.0, 6.0], [0.62, 0.39, 0.24])
        """
        return self._table(self._picture(group, order, level).table)

    def _picture(self, group: str | None, order: Any, level: float) -> "Picture":
        from ...pictures import residual_correlation  # loaded when it is wanted: importing hlmrs should take no time

        check_level(level)
        return residual_correlation(self._estimate, group, order, level)


@answers_as("residual_sd")
class ResidualSd(Drawn[FrameT]):
    """Standard deviations of residuals by visit, level or fitted value beside those of the model."""

    __slots__ = ()

    def __call__(self, by: str | None = None, *, level: float = 0.95, ax: Any = None) -> "Axes":
        """Draw standard deviations of residuals in parts of the rows; needs matplotlib.

        Parameters
        ----------
        by : str, optional
            A column whose levels are the parts, of many numbers eight bins; ``"fitted"``: bins of fitted values.
            Default: the times of the residuals' structure, or else fitted values.
        level : float
            Of the intervals.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Points with intervals for the residuals, bars for the model.

        Notes
        -----
        Root mean squares of residuals over the model's standard deviations, times these.  Beside random effects
        residuals are studentized; where they have parameters too, normalized.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.gls("distance ~ age * Sex", hlmrs.datasets.load("Orthodont"), residual="cs(1 | Subject)")
        >>> fit.plot.residual_sd("Sex").get_title(loc="left")
        'distance: standard deviation of residuals by Sex'
        """
        return self._draw(self._picture(by, level), ax)

    def data(self, by: str | None = None, *, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        by, level
            As above.

        Returns
        -------
        data frame
            ``level`` (of bins both ends), ``rows, residual_sd, conf_low, conf_high, fitted``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont", "polars")
        >>> fit = hlmrs.gls("distance ~ age * Sex", data, residual="cs(1 | Subject)")
        >>> fit.plot.residual_sd.data("Sex")["residual_sd"].round(2).to_list()
        [2.28, 2.11]
        """
        return self._table(self._picture(by, level).table)

    def _picture(self, by: str | None, level: float) -> "Picture":
        from ...pictures import residual_sd

        check_level(level)
        return residual_sd(self._estimate, by, level)
