"""Pictures of groups: their random effects, ranks, shrinkage."""

from typing import TYPE_CHECKING, Any

from ..view import FrameT
from .drawn import Drawn, answers_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture


@answers_as("caterpillar")
class Caterpillar(Drawn[FrameT]):
    """Random effects of groups in their order, with intervals."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, term: str | None = None, *, level: float = 0.95, ax: Any = None
    ) -> "Axes":
        """Draw random effects from the lowest to the highest; needs matplotlib.

        Up to 40 groups are named, up to 200 have a line each, more are a ribbon with names of the extremes.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.
        term : str, optional
            A random effect, such as ``"(Intercept)"``.  Default: the first of the group.
        level : float
            Probability of the outer intervals.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            With the picture in words as ``hlmrs_alt``, and all words of a figure as ``figure.hlmrs_alt``.

        Raises
        ------
        OptionError
            For a group or a term that the model does not have.

        Notes
        -----
        The inner intervals are narrower by √2, 1.39 standard errors at 95 %: those of two groups with equal errors
        touch where their difference is as large as the outer intervals say (Goldstein and Healy 1995, J. R. Stat. Soc.
        A 158, 175).  Effects are drawn towards zero, the more the less reliable they are.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> axes = fit.plot.caterpillar("Subject", "Days")
        >>> axes.get_title(loc="left")
        'Reaction: slopes of Days of Subject'
        """
        return self._draw(self._picture(group, term, level), ax)

    def data(self, group: str | None = None, term: str | None = None, *, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, term, level
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the groups, ``term, estimate, std_error, conf_low, conf_high,
            comparison_low, comparison_high, reliability`` (1 - se²/τ²), the lowest estimate first.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.caterpillar.data(term="Days")["Subject"].to_list()[:3]
        ['335', '309', '310']
        """
        return self._table(self._picture(group, term, level).table)

    def _picture(self, group: str | None, term: str | None, level: float) -> "Picture":
        from ...pictures import caterpillar  # loaded when it is wanted: importing hlmrs should take no time

        return caterpillar(self._estimate, group, term, level)


@answers_as("ranks")
class Ranks(Drawn[FrameT]):
    """Ranks of groups with what is uncertain of them."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, term: str | None = None, *, level: float = 0.95, ax: Any = None
    ) -> "Axes":
        """Draw expected ranks with their intervals; needs matplotlib.

        Parameters
        ----------
        group, term
            As in ``caterpillar``.
        level : float
            Probability of the intervals.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Groups that are in the lowest or highest quarter with a probability of 95 % at least are marked; the note
            says how many pairs of groups can be told apart.

        Notes
        -----
        Laird and Louis (1989); Goldstein and Spiegelhalter (1996), J. R. Stat. Soc. A 159, 385.  Effects are taken as
        normal about their modes, each by itself; intervals and probabilities are of 2,000 draws with a fixed seed.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.plot.ranks("Subject", "Days").get_xlabel()
        'Rank'
        """
        return self._draw(self._picture(group, term, level), ax)

    def data(self, group: str | None = None, term: str | None = None, *, level: float = 0.95) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, term, level
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the groups, ``term, estimate, expected_rank, rank_low, rank_high`` (1 the
            lowest) and the probabilities ``bottom_quarter, top_quarter``, the lowest expected rank first.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.ranks.data(term="Days")["expected_rank"].round(2).to_list()[:3]
        [1.36, 2.14, 3.96]
        """
        return self._table(self._picture(group, term, level).table)

    def _picture(self, group: str | None, term: str | None, level: float) -> "Picture":
        from ...pictures import ranks

        return ranks(self._estimate, group, term, level)


@answers_as("shrinkage")
class Shrinkage(Drawn[FrameT]):
    """Estimates of single groups, from least squares to empirical Bayes."""

    __slots__ = ()

    def __call__(
        self, group: str | None = None, terms: str | tuple[str, str] | None = None, *, ax: Any = None
    ) -> "Axes":
        """Draw how far estimates of groups are drawn towards the mean; needs matplotlib.

        Two effects are drawn as arrows in their plane, with the ellipse that holds 95 % of the groups by the estimated
        covariance; one effect over its least squares.  Points are the larger the more rows a group has.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.
        terms : str or pair of str, optional
            Random effects.  Default: the first two, or the only one.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Beyond 300 groups as many are drawn, evenly chosen, and the note says so.

        Notes
        -----
        Raudenbush and Bryk (2002), Hierarchical Linear Models, p. 48 and 87.  Least squares are of a group's own rows,
        less the fixed part; a group whose rows do not determine them is left out.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.plot.shrinkage().get_ylabel()
        'Slope of Days'
        """
        return self._draw(self._picture(group, terms), ax)

    def data(self, group: str | None = None, terms: str | tuple[str, str] | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        group, terms
            As above.

        Returns
        -------
        data frame
            The columns of the data that name the groups, ``term, n`` (rows), ``least_squares, estimate``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> table = fit.plot.shrinkage.data()
        >>> (table["estimate"] / table["least_squares"]).round(3).unique().to_list()
        [0.783]
        """
        return self._table(self._picture(group, terms).table)

    def _picture(self, group: str | None, terms: str | tuple[str, str] | None) -> "Picture":
        from ...pictures import shrinkage

        return shrinkage(self._estimate, group, terms)
