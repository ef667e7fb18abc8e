"""Estimates as tables: fixed effects, parameters of the random effects, and the effects of groups."""

from __future__ import annotations

from typing import Unpack, get_args

from ... import inference
from ...calls import answers_calls
from ...errors import choose, flag_in
from ...inference import Clusters, TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import ConfintMethod, Effects, RandomInterval, Vcov
from ..fitted import Vector
from ..view import FrameT, View


@answers_calls
class Estimates(View[FrameT]):
    """Tables of estimates, their covariance and intervals."""

    __slots__ = ()

    def vcov(self, type: Vcov = "model", *, cluster: Clusters = None) -> Vector:
        """Return the covariance matrix of the fixed effects.

        Parameters
        ----------
        type : {"model", "kenward-roger", "CR0", "CR1", "CR1S", "CR2", "CR3"}
            The model's; with Kenward and Roger's correction for the estimation of the variance components (REML only,
            and at most 5,000 random effects that rows connect); or robust:
            right whatever the dependence within clusters, for many clusters (CR0, CR1, CR1S) or corrected for few
            (CR2, CR3), as clubSandwich for the fitted model.
        cluster : str, list of two str, or array, optional
            Clusters of a robust covariance: a column of the data, two that cross, or a label per row.  Default: the
            outermost grouping factor, of random effects or of correlated residuals, whose groups clusters hold whole.

        Returns
        -------
        array of shape (n_fixed, n_fixed)
            In the order of ``coef_names``.

        Raises
        ------
        OptionError
            For an unknown type, for clusters that part rows whose residuals are correlated, or CR2 and CR3 where random
            effects cross the clusters.
        DesignError
            For Kenward-Roger's where it is not defined, or would be too large: the message has the size.

        Warns
        -----
        InferenceWarning
            Where random effects cross the clusters: CR0, CR1 and CR1S are then right for many clusters only.

        Notes
        -----
        Pustejovsky and Tipton (2018); two ways by Cameron, Gelbach and Miller (2011).  A generalized model has CR0, CR1
        and CR1S of all its parameters (White 1982), for clusters within which all its groups lie.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> print(fit.vcov().round(3))
        [[46.575 -1.451]
         [-1.451  2.389]]
        """
        return inference.covariance_matrix(self._estimate, type, cluster)

    @with_test_keywords
    def tidy(
        self,
        effects: Effects = "fixed",
        *,
        conf_int: RandomInterval | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return estimates as a table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations of the random effects; or the random effects themselves.
        conf_int : {"wald", "profile", "boot"}, optional
            Intervals of ``"ran_pars"``: by the curvature at the optimum, of the logarithm of standard deviations and of
            Fisher's z of correlations, which have few groups too narrow (linear models); or those of ``confint``.  Any
            of them adds intervals to ``"ran_vals"`` too, by their conditional standard deviations.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            Fixed: ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.  Columns that could not
            be estimated come last, with missing numbers.  ``"ran_pars"``: ``group, term, estimate``, with ``term`` as
            ``confint`` names parameters: ``sd(x | g)``, ``cor(x, y | g)``, ``sigma``, of structured terms their own.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.tidy()["estimate"].round(2).to_list()
        [251.41, 10.47]
        >>> fit.tidy("ran_pars", conf_int="wald")["term"].to_list()
        ['sd((Intercept) | Subject)', 'sd(Days | Subject)', 'cor((Intercept), Days | Subject)', 'sigma']
        """
        effects, how = choose("effects", effects, get_args(Effects)), chosen_options(options, tests)
        if effects == "fixed":
            return self._table(inference.fixed_table(self._estimate, how))
        if effects == "ran_pars":
            table = inference.random_parameter_table(self._estimate, conf_int=conf_int, level=how.level)
            return self._table(table)
        return self.ranef(conf_int=conf_int is not None, level=how.level)

    @with_test_keywords
    def confint(
        self,
        *,
        method: ConfintMethod = "wald",
        n: int = 1000,
        seed: int | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return confidence intervals.

        Parameters
        ----------
        method : {"wald", "profile", "boot"}
            Of the fixed effects: estimate plus and minus a quantile times the standard error.  Or by profile likelihood
            (of maximum likelihood), of all parameters: fixed effects, standard deviations ``sd(x | g)`` and
            correlations ``cor(x, y | g)`` of the random effects, those of residuals that have parameters (as
            ``residual_parameters`` names them, and ``dispersion:x``), and ``sigma``, each on its natural scale; a bound
            of 0, or of -1 or 1, means that the interval reaches the boundary.  Or, of the same parameters, by
            percentiles of the parametric bootstrap; ``bootstrap`` offers more.
        n, seed : int
            Replicates and their seed; for ``"boot"``.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords; for intervals that
            are not ``"wald"`` ``level`` alone counts.

        Returns
        -------
        data frame
            ``term, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> bounds = fit.confint(method="profile")
        >>> [round(float(low), 2) for low in bounds["conf_low"]]
        [1486.45, 12.2, 38.23]
        """
        return self._table(inference.confidence_table(self._estimate, method, n, seed, chosen_options(options, tests)))

    def varcorr(self, *, se: bool = False, full: bool = False) -> FrameT:
        """Return variances, standard deviations and correlations of the random effects, and of the residual.

        Parameters
        ----------
        se : bool
            Whether to add ``std_error``, of variances and covariances, from the curvature of the criterion.  Variances
            are far from normal unless there are very many groups, so that a variance over its standard error is no
            test: ``ranova`` and ``confint(method="profile")`` have tests and intervals.
        full : bool
            Whether effects at places or times (``ou``, ``exp``, ``gau``, ``mat``) have a row each and one for every
            pair.  Default: one row of the variance that all have; ``tidy(effects="ran_pars")`` has rate or range.

        Returns
        -------
        data frame
            ``group, term1, term2, variance, sd, corr``.  Where ``term2`` is missing the row is of one variance,
            otherwise of the pair's covariance (in ``variance``) and correlation.  Where residuals have several
            variances ``term1`` of the residual says which rows have this one: ``residual_parameters()`` has all.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.varcorr()["sd"].round(2).to_list()
        [24.74, 5.92, None, 25.59]
        """
        return self._table(inference.variance_table(self._estimate, std_errors=se, full=flag_in("full", full)))

    def ranef(self, group: str | None = None, *, conf_int: bool = False, level: float = 0.95) -> FrameT:
        """Return the random effects: conditional modes and their conditional standard deviations.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: all.
        conf_int : bool
            Whether to add ``conf_low`` and ``conf_high``: normal intervals by the conditional standard deviations.
        level : float
            Level of these.

        Returns
        -------
        data frame
            ``group, level, term, estimate, std_error``.  Of one grouping factor the columns of the data that it is made
            of, in their own type, so that the table joins to the data, and ``term, estimate, std_error``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes", "polars"))
        >>> fit.ranef("batch:cask").columns
        ['batch', 'cask', 'term', 'estimate', 'std_error']
        """
        if group is None:
            table = inference.random_effects(self._estimate)
        else:
            table = inference.random_effects_of(self._estimate, group)
        return self._table(inference.with_intervals(table, level) if flag_in("conf_int", conf_int) else table)

    def coef(self, group: str | None = None) -> FrameT:
        """Return the coefficients of every group: fixed plus random effects.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.

        Returns
        -------
        data frame
            ``level``, or for a named factor the columns of the data that it is made of, in their own type, so that the
            table joins to the data; and a column for each coefficient.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.coef("Subject").columns
        ['Subject', '(Intercept)', 'Days']
        """
        return self._table(inference.group_coefficients(self._estimate, group))
