"""What every fitted model that has a likelihood can tell: numbers, tables, tests, values by row."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import diagnostics, estimation, inference, marginal
from ..calls import answers_calls
from ..diagnostics import Influence
from ..errors import choose
from ..estimation import Verdict
from ..hypotheses import anova_table, deletion_table, hypothesis_table
from ..inference import (
    Clusters,
    InformationCriteria,
    TestKeywords,
    TestOptions,
    chosen_options,
    information_criteria,
    with_test_keywords,
)
from ..marginal import At, ContrastChoice
from ..options import (
    Adjustment,
    AnovaType,
    BootstrapKind,
    ConfintMethod,
    ContrastMethod,
    ContrastScale,
    DeletionMethod,
    Effects,
    MeanScale,
    MeanWeights,
    Vcov,
)
from .foreign import foreign_attribute
from .marginal import Marginal
from .view import FrameT, View

if TYPE_CHECKING:
    from ..display import Report

Names = str | Sequence[str]
Vector = NDArray[np.float64]


@answers_calls
class FittedModel(View[FrameT]):
    """A fitted model: attributes are numbers and arrays, methods return tables in the library of the data.

    It does not change, and a copy of it is the fit itself.
    """

    __slots__ = ()

    _absent: ClassVar[Mapping[str, str]] = {}
    """What other kinds of fits have and this one does not, and what there is instead."""

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._estimate.request.spec.formula

    @property
    def reml(self) -> bool:
        """Whether REML was used, rather than maximum likelihood."""
        return self._estimate.request.reml

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._estimate.layout.n_rows

    @property
    def n_groups(self) -> dict[str, int]:
        """Levels of each grouping factor."""
        return {group.name: len(group.levels) for group in self._estimate.layout.groups}

    @property
    def n_params(self) -> int:
        """Free parameters: fixed effects, covariance parameters, sigma."""
        return self._estimate.core.n_params

    @property
    def criterion(self) -> float:
        """What was minimized: the REML criterion, or -2 log-likelihood."""
        return self._estimate.core.criterion

    @property
    def loglik(self) -> float:
        """Log-likelihood with all constants; restricted under REML."""
        return self._criteria.loglik

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self._criteria.aic

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the logarithm of the number of rows."""
        return self._criteria.bic

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return self._estimate.sigma

    @property
    def theta(self) -> Vector:
        """Relative covariance parameters, term by term."""
        return self._estimate.core.theta

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated fixed effects, as in R."""
        return self._estimate.layout.coef_names

    @property
    def beta(self) -> Vector:
        """Estimates of the fixed effects."""
        return self._estimate.core.beta

    @property
    def fitted(self) -> Vector:
        """Fitted means of the rows used, random effects included: an attribute, ``fit.fitted``, and no method.

        Of an ordered response they are expected numbers of its category, from 1.
        """
        return self._estimate.values.fitted.copy()

    @property
    def verdict(self) -> Verdict:
        """What the optimum is worth: ``.converged``, ``.singular``, ``.explain()``."""
        return self._estimate.verdict

    @property
    def blocks(self) -> FrameT:
        """The blocks of the factorization: ``block, kind, levels, width, size, entries, fill``.

        Crossed grouping factors share a block of kind ``dense``, ``sparse`` (few of their levels meet; exact too), or
        ``iterative`` (the log-determinant is an estimate: see ``verdict.std_error``).
        """
        return self._table(inference.blocks_table(self._estimate.core.model, inference.factor_names(self._estimate)))

    @property
    def marginal(self) -> Marginal[FrameT]:
        """Further tables of the fixed part: ``fit.marginal.pairs()``, ``johnson_neyman``, ``to_marginaleffects``."""
        return Marginal(self._estimate)

    def fixef(self) -> dict[str, float]:
        """Return the fixed effects by name.

        Returns
        -------
        dict of str to float
            The estimates; columns that depend on others are not among them.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> {name: round(value, 3) for name, value in fit.fixef().items()}
        {'(Intercept)': 251.405, 'Days': 10.467}
        """
        return dict(zip(self.coef_names, map(float, self.beta), strict=True))

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
            outermost grouping factor.

        Returns
        -------
        array of shape (n_fixed, n_fixed)
            In the order of ``coef_names``.

        Raises
        ------
        OptionError
            For an unknown type, or CR2 and CR3 where random effects cross the clusters.
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
    def summary(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> Report:
        """Return a report: printed as text, shown as HTML in a notebook.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        Report
            Estimator, sizes, dropped rows, verdict, variance components, fixed effects.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> lines = str(fit.summary(ddf="kenward-roger")).splitlines()
        >>> lines[0], next(line for line in lines if line.startswith("Fixed"))
        ('Linear mixed model, fitted by REML',
         "Fixed effects (Kenward and Roger's degrees of freedom and standard errors)")
        """
        from ..report import summarize  # loaded when it is wanted: importing hlmrs should take no time

        return summarize(self._estimate, chosen_options(options, tests))

    def glance(self) -> FrameT:
        """Return the key figures as a frame of one row.

        Returns
        -------
        data frame
            ``nobs, n_params, sigma, loglik, aic, bic, criterion, df_residual, converged, singular``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> figures = fit.glance().row(0, named=True)
        >>> figures["nobs"], figures["n_params"], round(figures["aic"], 2), figures["converged"]
        (180, 6, 1755.63, True)
        """
        return self._table(inference.glance_table(self._estimate))

    @with_test_keywords
    def to_dict(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> dict[str, Any]:
        """Return key figures, verdict, fixed effects and variance components as plain dictionaries and lists.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        dict
            Ready for JSON, but for NaN and infinity.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> found = fit.to_dict()
        >>> found["n_groups"], found["verdict"]["status"], found["fixed"][1]["term"]
        ({'Subject': 18}, 'optimum', 'Days')
        """
        return inference.record(self._estimate, chosen_options(options, tests))

    @with_test_keywords
    def tidy(
        self,
        effects: Effects = "fixed",
        *,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return estimates as a table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations of the random effects; or the random effects themselves.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            Fixed: ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.  Columns that could not
            be estimated come last, with missing numbers.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.tidy()["estimate"].round(2).to_list()
        [251.41, 10.47]
        >>> fit.tidy("ran_pars")["term"].to_list()
        ['sd__(Intercept)', 'sd__Days', 'cor__(Intercept).Days', 'sd__Observation']
        """
        effects = choose("effects", effects, get_args(Effects))
        if effects == "fixed":
            return self._table(inference.fixed_table(self._estimate, chosen_options(options, tests)))
        if effects == "ran_pars":
            return self._table(inference.random_parameter_table(self._estimate))
        return self.ranef()

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
            (of maximum likelihood), of all parameters: fixed effects, standard deviations ``sd_x|g`` and correlations
            ``cor_y.x|g`` of the random effects, and ``sigma``, each on its natural scale; a bound of 0, or of -1 or 1,
            means that the interval reaches the boundary.  Or, of the same parameters, by percentiles of the parametric
            bootstrap; ``bootstrap`` offers more.
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

    def bootstrap(
        self,
        n: int = 1000,
        *,
        kind: BootstrapKind = "parametric",
        statistic: Callable[[Any], Any] | None = None,
        seed: int | None = None,
        cluster: str | Sequence[str] | None = None,
    ) -> inference.Bootstrap:
        """Fit the model to many new sets of data.

        Parameters
        ----------
        n : int
            Replicates.
        kind : {"parametric", "residual", "case"}
            New random effects and responses from the model; for linear models those of the fit, reflated to the
            model's covariances and drawn with replacement (Carpenter, Goldstein and Rasbash 2003); or whole groups,
            drawn with replacement: of grouping factors that cross, the levels of each, and the rows where those drawn
            meet.
        statistic : callable, optional
            What to compute from each refit: a function of a fit that returns a number, an array or a dictionary of
            numbers; for ``kind="parametric"``.  Default: every parameter, as ``confint(method="profile")`` names them,
            which is much faster.
        seed : int, optional
            The same seed gives the same replicates, on any number of threads.
        cluster : str or list of str, optional
            The grouping factors whose levels ``kind="case"`` draws, and ``method="bca"`` leaves out.  Default: the
            outermost, all of them where they cross.  Every other factor must be nested in one of them.

        Returns
        -------
        Bootstrap
            ``.draws`` is a frame of the replicates, ``.confint(method=...)`` their intervals.

        Raises
        ------
        OptionError
            For residuals of a generalized model, which are not exchangeable.

        Notes
        -----
        Replicates that cannot be fitted are counted, and said in a warning: ``n_failed``.

        Crossed factors: Owen and Eckles (2012), who show that drawing one factor alone understates the variance of an
        estimate, and drawing all of them is mildly conservative.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> boot = fit.bootstrap(200, seed=1)
        >>> boot
        Bootstrap: 200 parametric replicates of 3 parameters, seed 1
        >>> list(boot.confint(level=0.9)["term"])
        ['(Intercept)', 'sd_(Intercept)|Batch', 'sigma']
        """
        if statistic is None:
            return inference.draw(self._estimate, n, kind, seed, cluster)
        return inference.draw_statistic(self._estimate, n, kind, seed, lambda e: statistic(type(self)(e)))

    def influence(self, by: Any = None, *, method: DeletionMethod = "one-step") -> Influence:
        """Leave out rows or groups in turn, and return what that changes.

        Parameters
        ----------
        by : str, array, dict or list, optional
            What to leave out: the groups of a grouping factor (crossed or not) or of a column of the data; groups of
            rows with the same label, one label a row; or sets of row positions in the data, as a list or a dictionary.
            Default: each row.
        method : {"one-step", "refit", "fixed-theta"}
            One Newton step in the variance parameters, from the criterion without the rows, in closed form (of a
            generalized model in all parameters, by the information without the rows); sets whose criterion is too far
            from a parabola for that are refitted, as ``method`` of the table says.  Or refit all, from the sums without
            the rows, or hold the relative variances (of linear models).

        Returns
        -------
        Influence
            ``.to_frame()`` with Cook's distances, MDFFITS, for rows DFFITS, COVRATIO and likelihood displacements,
            ``.dfbetas()``, ``.estimates()`` and ``.variance_changes()``.

        Raises
        ------
        OptionError
            For a name that is not there, or an unknown method.
        DataError
            Where memory does not suffice.

        Warns
        -----
        InferenceWarning
            Where a coefficient cannot be estimated without some set.

        Notes
        -----
        With more than 15,000 crossed random effects sets are taken off the sums one after the other, which takes the
        time of a few evaluations of the criterion each; name the sets that matter in ``by``.

        The coefficients are those of the mean.  In a generalized model ``dffits`` is of the linear predictor, in
        standard errors of all rows.

        Cook (1977, 1986); Belsley, Kuh and Welsch (1980); Christensen, Pearson and Johnson (1992); Pregibon (1981).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> found = fit.influence("Subject")
        >>> found
        Influence: 18 sets by Subject; largest Cook's distances: 309 (0.149), 335 (0.129), 337 (0.126), ...
        >>> [round(float(d), 2) for d in found.dfbetas()["Days"][:3]]
        [0.45, -0.31, -0.16]
        """
        return diagnostics.influence(self._estimate, by, method)

    def varcorr(self) -> FrameT:
        """Return variances, standard deviations and correlations of the random effects, and of the residual.

        Returns
        -------
        data frame
            ``group, term1, term2, variance, sd, corr``.  Where ``term2`` is missing the row is of one variance,
            otherwise of the pair's covariance (in ``variance``) and correlation.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.varcorr()["sd"].round(2).to_list()
        [24.74, 5.92, None, 25.59]
        """
        return self._table(inference.variance_table(self._estimate))

    def ranef(self, group: str | None = None) -> FrameT:
        """Return the random effects: conditional modes and their conditional standard deviations.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: all.

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
            return self._table(inference.random_effects(self._estimate))
        return self._table(inference.random_effects_of(self._estimate, group))

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

    @with_test_keywords
    def anova(
        self, *, type: AnovaType = 3, options: TestOptions | None = None, **tests: Unpack[TestKeywords]
    ) -> FrameT:
        """Return an F test for every term of the fixed part.

        Parameters
        ----------
        type : {3, 2, 1}
            1: each term after those before it.  2: each term after all others but those that contain it.  3: each term
            after all others, averaged over the levels of the factors it interacts with with equal weights.  Types 2
            and 3 do not depend on the coding of factors; all agree in balanced designs of factors.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            ``term, num_df, den_df, statistic, p_value``; terms that the data do not determine come last, with 0
            degrees of freedom.

        Raises
        ------
        OptionError
            For an unknown type or method.
        DesignError
            For type 3 with contrasts that do not span the levels of a factor.

        Notes
        -----
        Kuznetsova, Brockhoff and Christensen (2017); the types are those of the SAS/STAT User's Guide.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"))
        >>> [round(f, 2) for f in fit.anova()["statistic"]]
        [87.8]
        """
        return self._table(anova_table(self._estimate, type, chosen_options(options, tests)))

    @with_test_keywords
    def test(
        self,
        hypotheses: str | Sequence[str] | ArrayLike,
        *,
        joint: bool | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Test linear hypotheses about the fixed effects.

        Parameters
        ----------
        hypotheses : str, list of str, or array of shape (n, n_fixed)
            ``"Days = 10"``, ``"a = b, c = 0"``, ``"2 * a - b = 1"``, with the names of ``coef_names`` (in backticks
            where they could be misread); or a matrix, whose rows times the coefficients are zero.
        joint : bool, optional
            Whether all are tested together, by one F test.  Default: if there are several.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            Together ``hypothesis, num_df, den_df, statistic, p_value``; otherwise a row each of ``hypothesis, estimate,
            value, std_error, df, statistic, p_value, conf_low, conf_high``, where the estimate is of the left side less
            the coefficients of the right one.

        Raises
        ------
        FormulaError
            For a text that cannot be read, at its place.
        OptionError
            For hypotheses that contradict each other, or a matrix of another width.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> table = fit.test("Days = 10")
        >>> round(table["estimate"][0], 3), round(table["statistic"][0], 3)
        (10.467, 0.302)
        """
        return self._table(hypothesis_table(self._estimate, hypotheses, joint, chosen_options(options, tests)))

    @with_test_keywords
    def drop1(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> FrameT:
        """Return an F test for every term of the fixed part that could be dropped alone.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            As ``anova``, without the terms that others contain: main effects stay while their interaction is there.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> table = fit.drop1()
        >>> table["term"].to_list(), table["statistic"].round(1).to_list()
        (['Machine'], [87.8])
        """
        return self._table(deletion_table(self._estimate, chosen_options(options, tests)))

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
    ) -> FrameT:
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
        type : {"link", "response", "conditional", "mean"}
            The scale of the means where the formula transforms the response, as in ``predict``: means of ``log(y)``;
            turned back, the median of a mean group; or its mean response, with the variance of residuals and random
            effects.  Of generalized models ``"response"`` is the mean at random effects of zero, what ``predict`` gives
            for the same type; with a zero part there is ``"conditional"``, the mean without it.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
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
        return self._table(marginal.marginal_means(self._estimate, specs, by, at, weights, type, how))

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
    ) -> FrameT:
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
        type : {"link", "response"}
            On the scale of the model, or turned back: differences of ``log(y)`` (to any base) to ratios of y, named
            ``a / b`` in a column ``ratio``, those of ``2 * y`` or ``scale(y)`` to differences of y; others cannot be.
            The tests are the same.  Of generalized models: ratios of means for a log link (with a zero part of the
            means without it), ratios of odds for a logit link, and else differences of means on the response scale with
            standard errors and tests by the delta method.
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

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
        choice, how = ContrastChoice(method, interaction, reference, adjust, type), chosen_options(options, tests)
        return self._table(marginal.contrast_table(self._estimate, specs, by, at, weights, choice, how))

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
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
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

        Returns
        -------
        data frame
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
        choice = None if contrast is None else ContrastChoice(contrast, False, None, adjust)
        return self._table(marginal.slope_table(self._estimate, variable, by, at, weights, choice, how))

    def save(self, path: str | os.PathLike[str], *, keep_rows: bool = False) -> None:
        """Write the fit to a file, which ``hlmrs.load`` reads; see docs/file-format.md.

        Parameters
        ----------
        path : str or path
            The file.
        keep_rows : bool
            Whether to keep response and fitted values, so that ``fitted``, ``resid()``, ``predict()`` of the rows used
            and ``residual_sd`` of generalized fits work on the loaded fit.  The data themselves are never saved: what
            is made from them (``anova``, ``check``, ``influence``, ``simulate``, ``bootstrap``, ``refit``, ``update``,
            shares of the variance, plots) says that they are gone, and everything else works either way.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.save(os.path.join(folder, "sleep.fit"))
        ...     hlmrs.load(os.path.join(folder, "sleep.fit"))
        LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
        """
        estimation.save(self._estimate, path, keep_rows=keep_rows)

    if not TYPE_CHECKING:  # every name would be an attribute to a type checker

        def __getattr__(self, name: str) -> Any:
            raise foreign_attribute(self, name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __repr__(self) -> str:
        criterion = "REML criterion" if self.reml else "-2 log-likelihood"
        state = "converged" if self.verdict.converged else "NOT converged"
        if self.verdict.singular:
            state += ", singular"
        kind = type(self).__name__
        return f"{kind}: {self._model_named}, {self.nobs} rows, {criterion} {self.criterion:.3f}, {state}"

    @property
    def _model_named(self) -> str:
        return self.formula

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    @property
    def _criteria(self) -> InformationCriteria:
        return information_criteria(self.criterion, self.n_params, self.nobs)
