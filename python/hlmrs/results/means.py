"""Marginal means of a fit and their contrasts, in the library of its data."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import marginal
from ..inference import DEFAULT_DDF, TestOptions, uncertainty
from ..marginal import At, ContrastChoice
from .tables import Tables

Names = str | Sequence[str]


class Means(Tables):
    """What the fixed part predicts on a grid of its variables, averaged and compared."""

    __slots__ = ()

    def emmeans(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: str = "equal",
        ddf: str = DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
        """Return estimated marginal means: predictions on a grid of the fixed part's variables, averaged.

        Parameters
        ----------
        specs : str or list of str
            Variables whose combinations have a mean each.
        by : str or list of str, optional
            Further variables; here they are as those of ``specs``, in ``contrasts`` they part families.
        at : dict, optional
            Places of the grid by variable: levels of factors, values of covariates.  Default: all levels, and the mean
            of a covariate over the rows used.
        weights : {"equal", "proportional", "outer", "cells"}
            Weights of the other factors' levels: equal; as often as their combinations occur; products of how often
            each level occurs; as often as they occur within each mean's cell.  Rows count with their prior weights.
        ddf : str
            Degrees of freedom, as in ``tidy``.
        level : float
            Level of the confidence intervals.
        vcov, cluster
            The covariance that tests rest on, as in ``tidy``.

        Returns
        -------
        data frame
            The variables, then ``estimate, std_error, df, conf_low, conf_high``.  Numbers are missing, with a
            ``RankDeficiencyWarning``, where the data do not determine a mean.

        Raises
        ------
        OptionError
            For a variable, level or rule that is not there.

        Notes
        -----
        Searle, Speed and Milliken (1980).  An offset that was an argument of the fit is left out; one in the formula is
        computed on the grid.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> [round(mean, 2) for mean in fit.emmeans("Machine")["estimate"]]
        [52.36, 60.32, 66.27]
        """
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        return self._frame(marginal.marginal_means(self._estimate, specs, by, at, weights, level, how))

    def contrasts(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        method: str | Mapping[str, Any] = "pairwise",
        interaction: bool | Mapping[str, Any] = False,
        reference: str | None = None,
        adjust: str = "none",
        at: At | None = None,
        weights: str = "equal",
        ddf: str = DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
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
        at, weights, ddf, level, vcov, cluster
            As in ``emmeans``.

        Returns
        -------
        data frame
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
        choice = ContrastChoice(method, interaction, reference, adjust, level)
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        return self._frame(marginal.contrast_table(self._estimate, specs, by, at, weights, choice, how))

    def pairs(self, specs: Names, *, adjust: str = "tukey", **options: Any) -> Any:
        """Return all pairwise comparisons of marginal means.

        Parameters
        ----------
        specs : str or list of str
            Variables whose means are compared.
        adjust : str
            As in ``contrasts``.
        **options
            Further arguments of ``contrasts``, but ``method``.

        Returns
        -------
        data frame
            As ``contrasts``.
        """
        return self.contrasts(specs, method="pairwise", adjust=adjust, **options)
