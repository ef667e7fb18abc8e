"""Pictures of the fixed part: predictions along variables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack, get_args

from ...errors import OptionError, choose
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...marginal import At
from ...options import InteractionPanel, MeanScale, MeanWeights
from ..view import FrameT
from .drawn import Drawn, answers_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture

Names = str | Sequence[str]


@answers_as("effect")
class Effect(Drawn[FrameT]):
    """Predictions along one variable, with confidence bands."""

    __slots__ = ()

    @with_test_keywords
    def __call__(
        self,
        x: str,
        by: Names | None = None,
        *,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: MeanScale | None = None,
        ax: Any = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> "Axes | list[Axes]":
        """Draw what the fixed part predicts along a variable; needs matplotlib.

        Parameters
        ----------
        x : str
            A variable of the fixed part: a covariate is drawn as lines over its range, with marks at the rows' values,
            a factor as points with bars.
        by : str or list of str, optional
            Variables whose combinations have a line each; covariates at their mean and one standard deviation to each
            side, unless ``at`` places them.
        at : dict, optional
            Where variables stand, as in ``emmeans``.  Default: covariates at their mean, over the levels of factors.
        weights : str
            Weights of the factors' levels, as in ``emmeans``.
        type : str, optional
            The scale, as in ``emmeans``.  Default: that of the response, with the zero part of models that have one; of
            ordered responses probabilities, a line for each category.
        ax : matplotlib.axes.Axes, optional
            Where to draw, all lines together.  Default: a new figure.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        matplotlib.axes.Axes, or list of them
            With the picture in words as ``hlmrs_alt``.  Of categories beside ``by`` a panel for each combination of
            ``by``, with a line for each category.

        Raises
        ------
        OptionError
            For a variable, level or rule that is not there.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
        >>> axes = fit.plot.effect("cses", by="meanses")
        >>> axes.get_ylabel()
        'Predicted mAch'
        """
        picture = self._picture(x, by, at, weights, type, chosen_options(options, tests))
        if ax is not None or not picture.further["panels"]:
            return self._draw(picture, ax)
        from ...pictures import effect_panels  # loaded when they are wanted: matplotlib takes long
        from ...plots import draw_multiples

        return draw_multiples(effect_panels(picture))

    @with_test_keywords
    def data(
        self,
        x: str,
        by: Names | None = None,
        *,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: MeanScale | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        x, by, at, weights, type, options, **tests
            As above.

        Returns
        -------
        data frame
            As ``emmeans`` returns it.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> fit.plot.effect.data("Machine")["estimate"].round(2).to_list()
        [52.36, 60.32, 66.27]
        """
        return self._table(self._picture(x, by, at, weights, type, chosen_options(options, tests)).table)

    def _picture(self, *given: Any) -> "Picture":
        from ...pictures import effect  # loaded when it is wanted: importing hlmrs should take no time

        return effect(self._estimate, *given)


@answers_as("interaction")
class Interaction(Drawn[FrameT]):
    """Simple slopes, and the regions of the moderator in which the slope differs from zero."""

    __slots__ = ()

    @with_test_keywords
    def __call__(
        self,
        x: str,
        moderator: str,
        *,
        at: At | None = None,
        type: MeanScale | None = None,
        ax: Any = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> "list[Axes]":
        """Draw an interaction of the fixed part in two panels; needs matplotlib.

        Left are predictions along ``x`` at values of the moderator, right is the slope of ``x`` along the moderator
        with its band; regions in which the slope differs from zero are shaded, and along the lower edge is the density
        of the moderator.  A factor as ``x`` has the left panel alone.

        Parameters
        ----------
        x : str
            The variable whose effect is moderated.
        moderator : str
            What it depends on; a covariate stands at its mean and one standard deviation to each side.
        at : dict, optional
            Where variables stand, as in ``emmeans``; the moderator's values are those of its lines, and their range is
            that of the right panel.
        type : str, optional
            The scale of the left panel, as in ``effect``.  Default: that of the response, of ordered ones the expected
            category.  Slopes are of the linear predictor.
        ax : two matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        list of matplotlib.axes.Axes
            The two panels.

        Notes
        -----
        Johnson and Neyman (1936); Bauer and Curran (2005).  Significant point by point.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
        >>> lines, slopes = fit.plot.interaction("cses", "meanses")
        >>> slopes.get_ylabel()
        'Slope of cses'
        """
        return self._draw_all(self._pictures(x, moderator, at, type, chosen_options(options, tests)), ax)

    @with_test_keywords
    def data(
        self,
        x: str,
        moderator: str,
        panel: InteractionPanel = "lines",
        *,
        at: At | None = None,
        type: MeanScale | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return the table that a panel draws.

        Parameters
        ----------
        x, moderator, at, type, options, **tests
            As above.
        panel : {"lines", "slopes"}
            The left or the right panel.

        Returns
        -------
        data frame
            As ``emmeans``, or as ``slopes``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Hsb82", "polars")
        >>> fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", data)
        >>> fit.plot.interaction.data("cses", "meanses", "slopes").columns[:3]
        ['term', 'meanses', 'estimate']
        """
        panel = choose("panel", panel, get_args(InteractionPanel))
        pictures = self._pictures(x, moderator, at, type, chosen_options(options, tests))
        if panel == "slopes" and len(pictures) == 1:
            raise OptionError(f"panel='slopes': {x!r} is a factor and has no slope")
        return self._table(pictures[panel == "slopes"].table)

    def _pictures(self, *given: Any) -> "list[Picture]":
        from ...pictures import interaction

        return [picture for picture in interaction(self._estimate, *given) if picture is not None]
