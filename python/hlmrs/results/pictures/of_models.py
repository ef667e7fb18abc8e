"""Pictures of parameters and models: profiles, variances, coefficients, the structure of a factorization."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from ...errors import ArgumentError
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ..view import FrameT, View
from .drawn import Drawn, answers_as, below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...display import Picture
    from ...estimation import Estimate

Names = str | Sequence[str]


@answers_as("profile")
class ProfilePicture(Drawn[FrameT]):
    """Likelihood profiles of parameters."""

    __slots__ = ()

    def __call__(self, terms: Names | None = None, *, level: float = 0.99, ax: Any = None) -> "list[Axes]":
        """Draw zeta of every parameter, a straight line if the likelihood is quadratic; needs matplotlib.

        Parameters
        ----------
        terms : str or list of str, optional
            Parameters, as ``confint(method="profile")`` names them.  Default: all.
        level : float
            The profiles reach to the bounds of the intervals of this level.
        ax : list of matplotlib.axes.Axes, optional
            Where to draw: one for each parameter.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            Upright lines end intervals of 50, 80, 95 and 99 %; a thick one is the boundary of the parameter, where the
            interval reaches it.

        Notes
        -----
        Bates and Watts (1988), Nonlinear Regression Analysis, section 6.1; profiles are of maximum likelihood.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
        >>> [axis.get_xlabel() for axis in fit.plot.profile()]
        ['(Intercept)', 'sd((Intercept) | Batch)', 'sigma']
        """
        return self._draw_all(self._pictures(terms, level), ax)

    def data(self, terms: Names | None = None, *, level: float = 0.99) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        terms, level
            As above.

        Returns
        -------
        data frame
            ``term, value, zeta``, as ``profile`` returns it.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.plot.profile.data("sigma").columns
        ['term', 'value', 'zeta']
        """
        return self._table(below([picture.table for picture in self._pictures(terms, level)]))

    def _pictures(self, terms: Names | None, level: float) -> "list[Picture]":
        from ...pictures import profile_pictures  # loaded when it is wanted: importing hlmrs should take no time

        return profile_pictures(self._estimate, terms, level)


@answers_as("variance")
class VariancesPicture(Drawn[FrameT]):
    """Where the variance is, by source and level, of several models."""

    __slots__ = ()

    def __call__(
        self, *others: View[FrameT], names: Names | None = None, absolute: bool = False, ax: Any = None
    ) -> "Axes":
        """Draw the variance of every level and source as stacked bars; needs matplotlib.

        Parameters
        ----------
        *others : LinearMixedFit or GeneralizedMixedFit
            Further models, each a bar below that of this fit.
        names : list of str, optional
            What the models are called.  Default: the formula of one model, m1, m2, ... of several.
        absolute : bool
            Whether to draw variances instead of their shares, so that what a model explains is seen as missing.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            Colours are levels, hatches sources.

        Notes
        -----
        As ``fit.variance.decomposition()`` (Rights and Sterba 2019); of generalized models on the scale of the link, by
        the method of ``r2()``.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> data = hlmrs.datasets.load("Hsb82")
        >>> null = hlmrs.lmer("mAch ~ 1 + (1 | school)", data)
        >>> fit = hlmrs.lmer("mAch ~ meanses + cses + (1 | school)", data)
        >>> null.plot.variance(fit, names=["null", "with ses"]).get_xlabel()
        'Share of the variance'
        """
        return self._draw(self._picture(others, names, absolute), ax)

    def data(self, *others: View[FrameT], names: Names | None = None) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        *others, names
            As above.

        Returns
        -------
        data frame
            ``model, level, source, variance, share``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.plot.variance.data()["share"].round(3).to_list()
        [0.418, 0.582]
        """
        return self._table(self._picture(others, names, False).table)

    def _picture(self, others: Sequence[View[FrameT]], names: Names | None, absolute: bool) -> "Picture":
        from ...pictures import variances

        return variances(_estimates(self, others), names, absolute)


@answers_as("coefs")
class Coefficients(Drawn[FrameT]):
    """Coefficients with intervals, of several models."""

    __slots__ = ()

    @with_test_keywords
    def __call__(
        self,
        *others: View[FrameT],
        names: Names | None = None,
        standardized: bool = False,
        intercept: bool = False,
        ax: Any = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> "Axes":
        """Draw the fixed effects of models beside each other; needs matplotlib.

        Parameters
        ----------
        *others : LinearMixedFit or GeneralizedMixedFit
            Further models.
        names : list of str, optional
            What the models are called.  Default: m1, m2, ...
        standardized : bool
            Whether to draw coefficients times sd(x) / sd(y), as ``standardized()`` has them; of linear models.
        intercept : bool
            Whether to draw the intercept.
        ax : matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        matplotlib.axes.Axes
            A row for each coefficient, in the order in which they first come.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> data = hlmrs.datasets.load("Hsb82")
        >>> small = hlmrs.lmer("mAch ~ cses + (1 | school)", data)
        >>> large = hlmrs.lmer("mAch ~ cses + meanses + (1 | school)", data)
        >>> [label.get_text() for label in small.plot.coefs(large).get_yticklabels()]
        ['cses', 'meanses']
        """
        return self._draw(self._picture(others, names, standardized, intercept, chosen_options(options, tests)), ax)

    @with_test_keywords
    def data(
        self,
        *others: View[FrameT],
        names: Names | None = None,
        standardized: bool = False,
        intercept: bool = False,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return the table that is drawn.

        Parameters
        ----------
        *others, names, standardized, intercept, options, **tests
            As above.

        Returns
        -------
        data frame
            ``model, term, estimate, std_error, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.plot.coefs.data()["term"].to_list()
        ['Days']
        """
        how = chosen_options(options, tests)
        return self._table(self._picture(others, names, standardized, intercept, how).table)

    def _picture(self, others: Sequence[View[FrameT]], *given: Any) -> "Picture":
        from ...pictures import coefficients

        return coefficients(_estimates(self, others), *given)


@answers_as("structure")
class Structure(Drawn[FrameT]):
    """The blocks of Z'Z and of its Cholesky factor."""

    __slots__ = ()

    def __call__(self, *, ax: Any = None) -> "list[Axes]":
        """Draw which random effects meet in rows, and what their elimination fills; needs matplotlib.

        Parameters
        ----------
        ax : two matplotlib.axes.Axes, optional
            Where to draw.  Default: a new figure.

        Returns
        -------
        list of matplotlib.axes.Axes
            Z'Z and L, in the order of elimination, a cell for each level, or for several where there are more than 400.
            Leading blocks of L are exact; what follows is full, or of sparse blocks as strong as they are full.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin"))
        >>> [axis.get_title(loc="left") for axis in fit.plot.structure()]
        ["Z'Z", 'L']
        """
        return self._draw_all(self._found()[1], ax)

    def data(self) -> FrameT:
        """Return the blocks, as ``fit.blocks`` has them.

        Returns
        -------
        data frame
            ``block, kind, levels, width, size, entries, fill``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Penicillin", "polars")
        >>> fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
        >>> fit.plot.structure.data()["block"].to_list()
        ['plate', 'sample']
        """
        return self._table(self._found()[0])

    def _found(self) -> "tuple[dict[str, Any], list[Picture]]":
        from ...pictures import structure

        return structure(self._estimate)


def _estimates(own: View[FrameT], others: Sequence[View[FrameT]]) -> "list[Estimate]":
    """Return the estimates of fitted models."""
    for other in others:
        if not isinstance(other, View):
            raise ArgumentError(f"other models are fits, as lmer returns them, not {type(other).__name__}")
    return [own._estimate, *(other._estimate for other in others)]
