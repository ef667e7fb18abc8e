"""``fit.marginal``: further tables of the fixed part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from ... import marginal
from ...calls import answers_calls
from ...inference import Clusters, TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...marginal import At, ContrastChoice
from ...options import Adjustment, ContrastScale, MeanWeights, Vcov
from ..result_table import ResultTable
from ..view import FrameT, View

Names = str | Sequence[str]


@answers_calls
class Marginal(View[FrameT]):
    """Comparisons of marginal means, regions of significance, and the fixed part for marginaleffects."""

    __slots__ = ()

    @with_test_keywords
    def pairs(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        interaction: bool | Mapping[str, Any] = False,
        adjust: Adjustment = "tukey",
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: ContrastScale = "link",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return all pairwise comparisons of marginal means.

        Parameters
        ----------
        specs : str or list of str
            Variables whose means are compared.
        by, interaction, adjust, at, weights, type
            As in ``contrasts``.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
            As ``contrasts``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("log(score) ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> table = fit.marginal.pairs("Machine", type="response")
        >>> list(zip(table["contrast"], [round(float(ratio), 3) for ratio in table["ratio"]]))
        [('A / B', 0.874), ('A / C', 0.789), ('B / C', 0.903)]
        """
        choice, how = ContrastChoice("pairwise", interaction, None, adjust, type), chosen_options(options, tests)
        table = marginal.contrast_table(self._estimate, specs, by, at, weights, choice, how)
        title = marginal.of_variables("Pairwise comparisons", specs)
        notes = marginal.notes_of_contrasts(self._estimate, specs, by, at, weights, choice, table)
        return self._shown(title, table, level=how.level, notes=notes)

    @with_test_keywords
    def johnson_neyman(
        self,
        variable: str,
        moderator: str,
        *,
        at: At | None = None,
        limits: tuple[float, float] | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
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
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords; a slope is
            significant at 1 - ``level``.

        Returns
        -------
        ResultTable
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
        >>> fit.marginal.johnson_neyman("cses", "meanses")["significant"].to_list()
        [True]
        """
        how = chosen_options(options, tests)
        regions = marginal.significance_regions(self._estimate, variable, moderator, at, limits, how)
        title, notes = f"Slope of {variable} by {moderator}", marginal.notes_of_regions(moderator, regions)
        return self._shown(title, regions, notes=notes)

    def to_marginaleffects(self, *, vcov: Vcov = "model", cluster: Clusters = None) -> Any:
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
        ``marginaleffects.avg_slopes(fit.marginal.to_marginaleffects(), variables="x")``
        """
        return marginal.adapted_model(self._estimate, vcov, cluster)
