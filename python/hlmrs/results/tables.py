"""Tables of a fit, in the library of its data, and its summary."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import inference
from ..errors import OptionError
from ..frame import Column, build
from .figures import Figures

if TYPE_CHECKING:
    from ..display import Report


class Tables(Figures):
    """Fixed effects, random effects, variance components, key figures."""

    __slots__ = ()

    def summary(self, *, ddf: str = inference.DEFAULT_DDF, level: float = 0.95) -> "Report":
        """Return a report: printed as text, shown as HTML in a notebook.

        Parameters
        ----------
        ddf : str
            As in ``tidy``.
        level : float
            Level of the confidence intervals.

        Returns
        -------
        Report
            Estimator, sizes, dropped rows, verdict, variance components, fixed effects.
        """
        from ..report import summarize  # loaded when it is wanted: importing hlmrs should take no time

        return summarize(self._estimate, ddf, level)

    def glance(self) -> Any:
        """Return the key figures as a frame of one row.

        Returns
        -------
        data frame
            ``nobs, n_params, sigma, loglik, aic, bic, criterion, df_residual, converged, singular``.
        """
        return self._frame(inference.glance_table(self._estimate))

    def to_dict(self, *, ddf: str = inference.DEFAULT_DDF) -> dict[str, Any]:
        """Return key figures, verdict, fixed effects and variance components as plain dictionaries and lists.

        Parameters
        ----------
        ddf : str
            As in ``tidy``.

        Returns
        -------
        dict
            Ready for JSON, but for NaN and infinity.
        """
        return inference.record(self._estimate, ddf)

    def tidy(
        self,
        effects: str = "fixed",
        *,
        ddf: str = inference.DEFAULT_DDF,
        level: float = 0.95,
        vcov: str = "model",
        cluster: Any = None,
    ) -> Any:
        """Return estimates as a table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations of the random effects; or the random effects themselves.
        ddf : {"satterthwaite", "kenward-roger", "containment", "between-within", "residual", "normal"}
            Degrees of freedom of the fixed effects' tests.  ``"satterthwaite"`` (the default everywhere) and
            ``"kenward-roger"`` (which also corrects the standard errors; REML only, and at most 5,000 random effects
            that rows connect) follow from the uncertainty of the variance components; ``"containment"`` and
            ``"between-within"`` count; ``"residual"`` is rows minus coefficients, ``"normal"`` infinite.
        level : float
            Level of the confidence intervals.
        vcov, cluster
            The covariance that standard errors come from, as ``type`` and ``cluster`` in ``vcov``.  Robust ones have
            degrees of freedom of their own: Satterthwaite's for the sandwich, or ``ddf="normal"``.

        Returns
        -------
        data frame
            Fixed: ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.  Columns that could not
            be estimated come last, with missing numbers.
        """
        if effects == "fixed":
            return self._frame(
                inference.fixed_table(
                    self._estimate, inference.TestOptions(ddf=ddf, vcov=vcov, cluster=cluster, level=level)
                )
            )
        if effects == "ran_pars":
            return self._frame(inference.random_parameter_table(self._estimate))
        if effects == "ran_vals":
            return self.ranef()
        raise OptionError(f"effects={effects!r}: choose 'fixed', 'ran_pars' or 'ran_vals'")

    def confint(
        self,
        *,
        method: str = "wald",
        level: float = 0.95,
        ddf: str = inference.DEFAULT_DDF,
        n: int = 1000,
        seed: int | None = None,
    ) -> Any:
        """Return confidence intervals.

        Parameters
        ----------
        method : {"wald", "profile", "boot"}
            Of the fixed effects: estimate plus and minus a quantile times the standard error.  Or by profile likelihood
            (of maximum likelihood), of all parameters: fixed effects, standard deviations ``sd_x|g`` and correlations
            ``cor_y.x|g`` of the random effects, and ``sigma``, each on its natural scale; a bound of 0, or of -1 or 1,
            means that the interval reaches the boundary.  Or, of the same parameters, by percentiles of the parametric
            bootstrap; ``bootstrap`` offers more.
        level : float
            Probability that an interval covers.
        ddf : str
            As in ``tidy``; for ``"wald"``.
        n, seed : int
            Replicates and their seed; for ``"boot"``.

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
        return self._frame(inference.confidence_table(self._estimate, method, ddf, level, n, seed))

    def profile(self, *, level: float = 0.95, terms: Sequence[str] | None = None) -> Any:
        """Return likelihood profiles: zeta, the signed root of the deviance's rise, as each parameter is held.

        Parameters
        ----------
        level : float
            The profiles reach to the bounds of the intervals of this level.
        terms : list of str, optional
            Parameters, as ``confint(method="profile")`` names them.  Default: all.

        Returns
        -------
        data frame
            ``term, value, zeta``, ascending in ``value``.  A straight line is a quadratic likelihood.
        """
        return self._frame(inference.profile_table(self._estimate, level, terms))

    def varcorr(self) -> Any:
        """Return variances, standard deviations and correlations of the random effects, and of the residual.

        Returns
        -------
        data frame
            ``group, term1, term2, variance, sd, corr``.  Where ``term2`` is missing the row is of one variance,
            otherwise of the pair's covariance (in ``variance``) and correlation.
        """
        return self._frame(inference.variance_table(self._estimate))

    def ranef(self) -> Any:
        """Return the random effects: conditional modes and their conditional standard deviations.

        Returns
        -------
        data frame
            ``group, level, term, estimate, std_error``.
        """
        return self._frame(inference.random_effects(self._estimate))

    def coef(self, group: str | None = None) -> Any:
        """Return the coefficients of every group: fixed plus random effects.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.

        Returns
        -------
        data frame
            ``level``, and a column for each coefficient.
        """
        first = self._estimate.layout.groups[self._estimate.layout.random[0].group].name
        return self._frame(inference.group_coefficients(self._estimate, first if group is None else group))

    @property
    def blocks(self) -> Any:
        """The blocks of the factorization: ``block, kind, levels, width, size, entries, fill``.

        Crossed grouping factors share a block of kind ``dense``, ``sparse`` (few of their levels meet; exact too), or
        ``iterative`` (the log-determinant is an estimate: see `criterion_std_error`).
        """
        return self._frame(inference.structure_table(self._estimate.core.model, self._estimate.layout.group_names))

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _frame(self, columns: Mapping[str, Column]) -> Any:
        return build(self._estimate.kind, columns)
