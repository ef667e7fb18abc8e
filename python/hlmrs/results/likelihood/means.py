"""What every fit that has a likelihood tells of its fixed part: marginal means, contrasts and slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack, get_args

from ...calls import answers_calls
from ...errors import choose
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...marginal import At, ContrastChoice
from ...options import Adjustment, ContrastMethod, ContrastScale, MeanScale, MeanWeights
from ..result_table import ResultTable
from ..shared.means import Names, TabledMeans
from ..view import FrameT
from .marginal import Marginal


@answers_calls
class Means(TabledMeans[FrameT]):
    """Marginal means, contrasts and slopes."""

    __slots__ = ()

    @property
    def marginal(self) -> Marginal[FrameT]:
        """Further tables of the fixed part: ``fit.marginal.pairs()``, ``johnson_neyman``, ``to_marginaleffects``."""
        return Marginal(self._estimate)

    @with_test_keywords
    def emmeans(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: MeanScale = "link",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return estimated marginal means: predictions on a grid of the fixed part's variables, averaged.

        Parameters
        ----------
        specs : str or list of str
            Variables whose combinations have a mean each.
        by : str or list of str, optional
            Further variables; here like those of ``specs``, in ``contrasts`` each combination is a family of tests.
        at : dict, optional
            Places of the grid by variable: levels of factors, values of covariates.  Default: all levels, and the mean
            of a covariate over the rows used.
        weights : {"equal", "proportional", "outer", "cells"}
            Weights of the other factors' levels: equal; as often as their combinations occur; products of how often
            each level occurs; as often as they occur within each mean's cell.  Rows count with their prior weights.
        type : str
            The scale of the means.  Where the formula transforms the response, as in ``predict``: means of ``log(y)``
            (``"link"``); turned back (``"response"``), the median of a mean group; or (``"mean"``) its mean response,
            with the variance of residuals and random effects.  Of generalized models ``"response"`` is the mean at
            random effects of zero, what ``predict`` gives for the same type, and with a zero part ``"conditional"`` is
            the mean without it, ``"zprob"`` the probability of its zeros.  Of ordered responses ``"response"``
            (``"mean.class"``) is the expected category, from 1; ``"prob"`` the probability of each, ``"cumulative"``
            that of it or a lower one, ``"exceedance"`` that of a higher one, in rows of a column ``category``.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
            The variables, then ``estimate, std_error, df, conf_low, conf_high``.  Numbers are missing, with a
            ``RankDeficiencyWarning``, where the data do not determine a mean.  A variable that is named like one of
            these columns has an underscore at its end.

        Raises
        ------
        OptionError
            For a variable, level or rule that is not there.

        Notes
        -----
        Searle, Speed and Milliken (1980).  A factor that the formula has only together with another, with each of its
        levels in one level of that, is nested in it: means are over the combinations that there can be.

        What rests on several parts, as probabilities of categories, the mean beside a zero part, or one that depends on
        a dispersion with a model of its own, is computed in every point of the grid of all their variables and then
        averaged, with standard errors by the delta method over all coefficients; intervals are of its logarithm, or
        logit, turned back.  Other means are averages of the linear predictor, turned back.

        An offset that was an argument of the fit is left out; one in the formula is computed on the grid, at the mean
        of its column unless ``at`` places it, as is one of ``glmer`` that was given by a column's name.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> [round(mean, 2) for mean in fit.emmeans("Machine")["estimate"]]
        [52.36, 60.32, 66.27]
        """
        how = chosen_options(options, tests)
        return self._means(specs, by, at, weights, type, how)

    @with_test_keywords
    def contrasts(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        method: ContrastMethod | Mapping[str, Any] = "pairwise",
        interaction: bool | Mapping[str, Any] = False,
        reference: str | None = None,
        adjust: Adjustment = "none",
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: ContrastScale = "link",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return contrasts of marginal means, with tests against zero.

        Parameters
        ----------
        specs : str or list of str
            Variables whose means are compared.
        by : str or list of str, optional
            Variables within whose combinations they are compared; each combination is a family of tests.
        method : str or dict
            ``"pairwise"``; ``"reference"`` (or ``"trt.vs.ctrl"``), all others against ``reference``; ``"consecutive"``;
            ``"poly"``, orthogonal polynomials as whole numbers; ``"eff"``, against the mean of all; ``"helmert"``,
            against the mean of those before; or weights by name, as lists or as dictionaries by level.
        interaction : bool or dict
            Whether to contrast contrasts: products of the ``method`` of every variable, or of those given by variable.
        reference : str, optional
            The level that others are compared with.  Default: the first.
        adjust : str
            ``"none"``, ``"tukey"`` (pairwise), ``"dunnett"`` (reference), ``"scheffe"``, ``"mvt"``, ``"sidak"``,
            ``"bonferroni"``, ``"holm"``, ``"hochberg"``, ``"bh"`` (or ``"fdr"``), ``"by"``.  Intervals are adjusted as
            well; those of the stepwise methods are Bonferroni's.
        at, weights
            As in ``emmeans``.
        type : {"link", "response", "conditional", "zprob", "prob", "cumulative", "exceedance", "mean.class"}
            On the scale of the model, or turned back: differences of ``log(y)`` (to any base) to ratios of y, named
            ``a / b`` in a column ``ratio``, those of ``2 * y`` or ``scale(y)`` to differences of y; others cannot be.
            The tests are the same.  Of generalized models: ratios of means for a log link, ratios of odds for a logit
            link, and else differences of means on the response scale with standard errors and tests by the delta
            method; so also of truncated counts, whose mean above zero is not the exponential of the predictor.
            The other scales are those of ``emmeans``, whose means are compared, within each category.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
            The variables of ``by``, then ``contrast, estimate, std_error, df, statistic, p_value, conf_low,
            conf_high``.

        Raises
        ------
        OptionError
            For an unknown choice, or an adjustment that does not belong to the contrasts.

        Notes
        -----
        Tukey's and the multivariate t's tails take each contrast's own degrees of freedom.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> table = fit.contrasts("Machine", method="consecutive", adjust="holm")
        >>> list(zip(table["contrast"], [round(x, 2) for x in table["estimate"]]))
        [('B - A', 7.97), ('C - B', 5.95)]
        """
        choice, how = ContrastChoice(method, interaction, reference, adjust, type), chosen_options(options, tests)
        return self._contrasts(specs, by, at, weights, choice, how)

    @with_test_keywords
    def slopes(
        self,
        variable: str,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        contrast: ContrastMethod | Mapping[str, Any] | None = None,
        adjust: Adjustment = "none",
        type: ContrastScale = "link",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return slopes of a covariate, with tests against zero: simple slopes when the model has interactions.

        Parameters
        ----------
        variable : str
            A numeric column of the fixed part; powers and transforms of it are differentiated.
        by : str or list of str, optional
            Moderators: a slope for each combination.  Covariates stand at their mean and one standard deviation to
            each side, unless ``at`` places them.
        at : dict, optional
            Where variables stand, as in ``emmeans``; a slope for each of several values of a covariate.
        weights : str
            As in ``emmeans``.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.
        contrast : str or dict, optional
            Compare the slopes instead, by a ``method`` of ``contrasts``.
        adjust : str
            As in ``contrasts``; for ``contrast``.
        type : {"link", "response", "conditional", "zprob", "prob", "cumulative", "exceedance", "mean.class"}
            Slopes of the linear predictor on the grid; or average marginal effects: slopes of the mean response, or of
            what else ``emmeans`` has, at random effects of zero, averaged over the rows of the fit (of each level of
            the factors in ``by``), with standard errors by the delta method.

        Returns
        -------
        ResultTable
            ``term``, the variables of ``by``, covariates with several values in ``at``, then ``estimate, std_error, df,
            statistic, p_value, conf_low, conf_high``; with ``contrast`` as ``contrasts``.

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
        how = chosen_options(options, tests)
        scale = choose("type", type, get_args(ContrastScale))
        return self._slopes(variable, by, at, weights, contrast, adjust, scale, how)
