"""Slopes of a fit, and the fixed part as other packages read it."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import marginal
from ..inference import DEFAULT_DDF, TestOptions, uncertainty
from ..marginal import At, ContrastChoice
from .tables import Tables

Names = str | Sequence[str]


class Slopes(Tables):
    """What the fixed part predicts, differentiated."""

    __slots__ = ()

    def slopes(
        self,
        variable: str,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: str = "equal",
        contrast: str | Mapping[str, Any] | None = None,
        adjust: str = "none",
        ddf: str = DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
        """Return slopes of a covariate, with tests against zero: simple slopes when the model has interactions.

        Parameters
        ----------
        variable : str
            A numeric column of the fixed part; powers and transforms of it are differentiated.
        by : str or list of str, optional
            Moderators: a slope for each combination.  Covariates stand at their mean and one standard deviation to
            each side, unless ``at`` places them.
        at, weights, ddf, level, vcov, cluster
            As in ``emmeans``.
        contrast : str or dict, optional
            Compare the slopes instead, by a ``method`` of ``contrasts``.
        adjust : str
            As in ``contrasts``; for ``contrast``.

        Returns
        -------
        data frame
            ``term``, the variables of ``by``, then ``estimate, std_error, df, statistic, p_value, conf_low,
            conf_high``; with ``contrast`` as ``contrasts``.

        Raises
        ------
        OptionError
            For a variable that is not there, or is a factor.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("distance ~ age * Sex + (age | Subject)", hlmrs.datasets.load("Orthodont"))
        >>> [round(slope, 3) for slope in fit.slopes("age", by="Sex")["estimate"]]
        [0.784, 0.48]
        """
        choice = None if contrast is None else ContrastChoice(contrast, False, None, adjust, level)
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        table = marginal.slope_table(self._estimate, variable, by, at, weights, choice, level, how)
        return self._frame(table)

    def johnson_neyman(
        self,
        variable: str,
        moderator: str,
        *,
        at: At | None = None,
        limits: tuple[float, float] | None = None,
        ddf: str = DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
        """Return the regions of a moderator in which a slope differs from zero.

        Parameters
        ----------
        variable : str
            The covariate whose slope it is.
        moderator : str
            The covariate that it depends on, such as a predictor of the groups in a cross-level interaction.
        at : dict, optional
            Places of other variables, as in ``emmeans``.
        limits : pair of float, optional
            The interval to search.  Default: the range of the moderator in the rows used.
        ddf, level, vcov, cluster
            As in ``emmeans``; a slope is significant at 1 - ``level``.

        Returns
        -------
        data frame
            ``moderator, low, high, significant, slope`` (in the middle), one row a region.

        Notes
        -----
        Johnson and Neyman (1936); Bauer and Curran (2005).  Significant point by point: not a simultaneous statement.
        Regions narrower than 1/200 of the interval may be overlooked.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Hsb82")
        >>> fit = hlmrs.lmer("mAch ~ meanses * cses + (cses | school)", data)
        >>> fit.johnson_neyman("cses", "meanses")["significant"].to_list()
        [True]
        """
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        return self._frame(marginal.significance_regions(self._estimate, variable, moderator, at, limits, level, how))

    def to_marginaleffects(self, *, vcov: str = "model", cluster: Any = None) -> Any:
        """Return the fixed part as a model of the package marginaleffects: of its predictions, comparisons, slopes.

        Parameters
        ----------
        vcov, cluster
            The covariance of the coefficients, as ``type`` and ``cluster`` in ``vcov``.

        Returns
        -------
        marginaleffects model
            Predictions have no random effects.  The package has normal quantiles for all of them; ``emmeans``,
            ``contrasts`` and ``slopes`` here give each estimate degrees of freedom of its own.  Its version 0.6
            compares levels of factors with Polars before 2.0 alone.

        Raises
        ------
        HlmrsError
            If marginaleffects is not installed: it is no dependency, and its licence is the GPL.

        Notes
        -----
        Arel-Bundock, Greifer and Heiss (2024), J. Stat. Softw. 111(9).

        Examples
        --------
        ``marginaleffects.avg_slopes(fit.to_marginaleffects(), variables="x")``
        """
        return marginal.adapted_model(self._estimate, vcov, cluster)
