"""What every fitted model that has a likelihood is: its numbers, its tables of estimates, its file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack, get_args

from .. import estimation, inference
from ..calls import answers_calls
from ..errors import choose
from ..estimation import Verdict
from ..inference import (
    Clusters,
    InformationCriteria,
    TestKeywords,
    TestOptions,
    chosen_options,
    information_criteria,
    with_test_keywords,
)
from ..options import ConfintMethod, Effects, Vcov
from .changed_data import ChangedData
from .fitted import Fitted, Vector
from .hypotheses import Hypotheses
from .means import Means
from .view import FrameT

if TYPE_CHECKING:
    from ..display import Report


@answers_calls
class FittedModel(Hypotheses[FrameT], Means[FrameT], ChangedData[FrameT], Fitted[FrameT]):
    """A fitted model: attributes are numbers and arrays, methods return tables in the library of the data.

    It does not change, and a copy of it is the fit itself.
    """

    __slots__ = ()

    @property
    def reml(self) -> bool:
        """Whether REML was used, rather than maximum likelihood."""
        return self._estimate.request.reml

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

    @property
    def _criteria(self) -> InformationCriteria:
        return information_criteria(self.criterion, self.n_params, self.nobs)
