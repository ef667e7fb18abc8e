"""Pictures of what a fit assumes: residuals at every level, simulated responses, influence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...control import seed_or_new
from ...options import DeletionMethod
from ..view import FrameT
from .drawn import Drawn, answers_as, below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture


@answers_as("residuals")
class Residuals(Drawn[FrameT]):
    """Residuals of rows over fitted values and by group, or effects of groups over variables of the groups."""

    __slots__ = ()

    def __call__(self, group: str | None = None, *, seed: int | None = None, ax: Any = None) -> "list[Axes]":
        """Draw residuals of the rows, or of the groups of a factor; needs matplotlib.

        Of rows: residuals over fitted values, roots of their sizes over fitted values, and quartiles by group.  Of
        groups: every random effect over each variable of the fixed part that is constant within groups, or without
        such over the number of rows; six panels at most.  Up to 2,000 rows are points; of more all are counted, in
        hexagons.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the rows.
        seed : int, optional
            Of the quantile residuals of a generalized fit.  Default: a new one.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            Lines are local means with 95 % bands (Cleveland 1979).

        Notes
        -----
        Residuals of linear fits are studentized; those of generalized ones are quantile residuals (Dunn and Smyth 1996)
        as normal quantiles.  Effects are divided by their own standard deviations, root of τ² less their variance.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [axis.get_title(loc="left") for axis in fit.plot.residuals()]
        ['Reaction: residuals', 'Reaction: spread', 'Reaction: residuals by Subject']
        """
        return self._draw_all(self._found(group, seed)[1], ax)

    def data(self, group: str | None = None, *, seed: int | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, seed
            As above.

        Returns
        -------
        data frame
            ``row, fitted, residual, root_size, group``, the group of the first factor; of groups the columns of the
            data that name them, ``term, predictor, value, standardized``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ meanses + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))
        >>> fit.plot.residuals.data("school").columns
        ['school', 'term', 'predictor', 'value', 'standardized']
        """
        return self._table(self._found(group, seed)[0])

    def _found(self, group: str | None, seed: int | None) -> "tuple[dict[str, Any], list[Picture]]":
        from ...pictures import residuals  # loaded when it is wanted: importing hlmrs should take no time

        return residuals(self._estimate, group, seed_or_new(seed))


@answers_as("quantiles")
class Quantiles(Drawn[FrameT]):
    """Quantiles of residuals and random effects less normal ones, with bands."""

    __slots__ = ()

    def __call__(
        self,
        groups: str | Sequence[str] | None = None,
        *,
        level: float = 0.95,
        seed: int | None = None,
        ax: Any = None,
    ) -> "list[Axes]":
        """Draw detrended quantile plots at every level; needs matplotlib.

        Parameters
        ----------
        groups : str or list of str, optional
            Grouping factors whose random effects are drawn.  Default: the residuals of the rows, and all effects.
        level : float
            Probability of the bands: of the inner one for every point, of the outer one for all points at once.
        seed : int, optional
            Of the quantile residuals of a generalized fit.  Default: a new one.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            A panel for each sample; points outside of the outer band have a colour and a marker of their own.  Of more
            than 2,000 points as many are drawn, evenly along the normal quantile.

        Notes
        -----
        Aldor-Noiman, Brown, Buja, Rolke and Stine (2013), Am. Stat. 67, 249.  The bands are of independent normal
        values, which residuals are nearly.  Predicted effects are drawn towards normality, so that their plots show
        less than there is (Verbeke and Lesaffre 1996).

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [axis.get_title(loc="left") for axis in fit.plot.quantiles("Subject")]
        ['Reaction: intercepts of Subject', 'Reaction: slopes of Days of Subject']
        """
        return self._draw_all(self._pictures(groups, level, seed), ax)

    def data(
        self, groups: str | Sequence[str] | None = None, *, level: float = 0.95, seed: int | None = None
    ) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        groups, level, seed
            As above.

        Returns
        -------
        data frame
            ``group`` (``"rows"`` for residuals), ``term, level, normal_quantile, value, deviation`` and the bands of
            the deviation, ``pointwise_low, pointwise_high, simultaneous_low, simultaneous_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.plot.quantiles.data("Batch")["level"].to_list()[-1]
        'E'
        """
        pictures = self._pictures(groups, level, seed)
        return self._table(below([picture.table for picture in pictures]))

    def _pictures(self, groups: str | Sequence[str] | None, level: float, seed: int | None) -> "list[Picture]":
        from ...pictures import quantiles

        return quantiles(self._estimate, groups, level, seed_or_new(seed))


@answers_as("predictive")
class Predictive(Drawn[FrameT]):
    """The response beside responses that the fit simulates."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, *, n: int = 50, seed: int | None = None, ax: Any = None
    ) -> "list[Axes]":
        """Draw the distributions of the rows and of the groups' means over simulated ones; needs matplotlib.

        Parameters
        ----------
        group : str, optional
            The grouping factor of the means.  Default: the first.
        n : int
            Simulated responses, with new random effects.
        seed : int, optional
            The same seed gives the same picture.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            Smoothed densities; of responses of few values their shares.

        Notes
        -----
        Gelman, Meng and Stern (1996), Stat. Sin. 6, 733, with parameters held at their estimates.  Densities by a
        normal kernel of Silverman's width (1986, eq. 3.31) for the observed response.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [axis.get_xlabel() for axis in fit.plot.predictive(seed=1)]
        ['Reaction', 'Mean Reaction']
        """
        return self._draw_all(self._pictures(group, n, seed), ax)

    def data(self, group: str | None = None, *, n: int = 50, seed: int | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, n, seed
            As above.

        Returns
        -------
        data frame
            ``panel`` (``"rows"`` or ``"means"``), ``draw`` (0 is the observed response), ``value, density`` (of
            responses of few values their share).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.predictive.data(n=10, seed=1)["draw"].n_unique()
        11
        """
        tables = [
            {"panel": [name] * len(picture.table["value"]), **picture.table}
            for name, picture in zip(("rows", "means"), self._pictures(group, n, seed), strict=False)
        ]
        return self._table(below(tables))

    def _pictures(self, group: str | None, n: int, seed: int | None) -> "list[Picture]":
        from ...pictures import predictive

        return predictive(self._estimate, group, n, seed_or_new(seed))


@answers_as("influence")
class InfluencePicture(Drawn[FrameT]):
    """Cook's distances of groups, and the coefficients that the most influential move."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, *, method: DeletionMethod | None = None, ax: Any = None
    ) -> "list[Axes]":
        """Draw what leaving groups out does; needs matplotlib.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the one with fewest levels.
        method : str, optional
            As in ``influence``.  Default: ``"one-step"``; of generalized models with more than 500 groups, which no
            others cross, the scores of groups, to first order (the infinitesimal jackknife), and the note says so.
        ax : two matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            The 40 largest distances, those beyond 4 / J with a colour and a marker of their own (J groups: Van der
            Meer, Te Grotenhuis and Pelzer 2010, Am. Sociol. Rev. 75, 173); and the moves of the coefficients without
            each of the five largest, in standard errors, beside ±2 / √J.  Without fixed effects the first panel alone,
            of likelihood displacements.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> distances, moves = fit.plot.influence()
        >>> distances.get_yticklabels()[0].get_text()
        '309'
        """
        return self._draw_all(self._pictures(group, method), ax)

    def data(self, group: str | None = None, *, method: DeletionMethod | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, method
            As above.

        Returns
        -------
        data frame
            ``level, n_rows, cooks_distance`` (without fixed effects ``displacement``), and how far each coefficient
            moves, in standard errors; the most influential first.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.influence.data().columns
        ['level', 'n_rows', 'cooks_distance', '(Intercept)', 'Days']
        """
        return self._table(self._pictures(group, method)[0].table)

    def _pictures(self, group: str | None, method: DeletionMethod | None) -> "list[Picture]":
        from ...pictures import influence_pictures

        return influence_pictures(self._estimate, group, method)
