"""The fitted generalized linear mixed model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, cast, get_args

import numpy as np
from numpy.typing import ArrayLike

from .. import diagnostics, effectsize, hypotheses, inference, prediction
from ..calls import answers_calls
from ..control import count, seed_or_new
from ..effectsize import IntraclassCorrelation, RSquared
from ..errors import OptionError, RankDeficiencyWarning, choose, warn
from ..estimation import warn_about_data, warn_about_optimum
from ..estimation.approximation import Approximation, laplace_approximation
from ..estimation.generalized import GeneralizedEstimate, fit_generalized, refit_generalized
from ..estimation.generalized_changes import GeneralizedChanges, change_generalized_request
from ..families import Family, tweedie_power
from ..frame import build_rows, open_frame
from ..inference import TestKeywords, TestOptions, chosen_options, tests_by_normal, with_test_keywords
from ..options import Effects, NewLevels, QuantileMethod
from .base import FittedModel
from .fitted import Vector
from .foreign import ONLY_OF_LINEAR_FITS
from .generalized_checks import GeneralizedChecks
from .generalized_plots import GeneralizedPlots
from .view import FrameT

if TYPE_CHECKING:
    import polars

Component: TypeAlias = Literal["conditional", "dispersion", "zero_inflation", "thresholds", "scale", "shape", "shape2"]
DeletionTest: TypeAlias = Literal["wald", "lr"]
ResidualName: TypeAlias = Literal["response", "pearson", "quantile"]
PredictionType: TypeAlias = Literal["response", "link", "conditional", "zprob", "disp", "prob", "class"]


@tests_by_normal
@answers_calls
class GeneralizedMixedFit(FittedModel[FrameT]):
    """A fitted generalized linear mixed model, as ``glmer`` returns it.

    Attributes are numbers and arrays; methods return tables in the library of the data, or arrays.  The likelihood is
    that of Laplace's approximation, or of quadrature.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("cbpp", "dict")
    >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    >>> fit.family, fit.verdict.converged, round(fit.loglik, 3)
    (Family(name='binomial', link='logit'), True, -92.026)
    >>> [round(float(b), 3) for b in fit.beta]
    [-1.399, -0.992, -1.129, -1.58]
    """

    __slots__ = ()

    _absent = ONLY_OF_LINEAR_FITS
    _estimate: GeneralizedEstimate

    @property
    def family(self) -> Family:
        """Distribution and link."""
        return self._estimate.family

    @property
    def dispersion(self) -> float:
        """The dispersion, where it is one number: phi; of gamma 1/sqrt(shape), of Gaussian responses sigma."""
        if "dispersion" not in self._estimate.parts or "dispersion" in self._estimate.generalized.others:
            return float("nan")
        value = float(self._estimate.own.coefficients_of("dispersion")[0])
        return float(np.exp(-0.5 * value if self.family.name == "gamma" else value))

    @property
    def residual_sd(self) -> Vector:
        """Standard deviation of the response of every row used about its conditional mean, of weight one."""
        return prediction.residual_deviations(self._estimate)

    @property
    def family_parameters(self) -> dict[str, float]:
        """Further parameters of the family: ``power`` of tweedie, ``df`` of student, both cut points of ordbeta."""
        if "shape" not in self._estimate.parts:
            return {}
        value = float(self._estimate.own.coefficients_of("shape")[0])
        if self.family.name == "tweedie":
            return {"power": float(tweedie_power(value))}
        if self.family.name == "ordbeta":
            return {"lower": value, "upper": float(self._estimate.own.coefficients_of("shape2")[0])}
        return {"df": float(np.exp(value))}

    @property
    def log_prior(self) -> float:
        """Log-density of the prior at the estimates, which maximize it and ``loglik`` together; 0 without a prior."""
        return self._estimate.own.fit.log_prior or 0.0

    @property
    def approximation(self) -> Approximation:
        """How far Laplace's approximation is from the likelihood, crossed models included: ``.error``, ``.corrected``.

        Where it matters quadrature (``nagq=``) is exact for one grouping factor, or two nested ones; the
        corrected estimates are there for all models with random effects of the mean.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.approximation.error, 3)
        0.044
        """
        return laplace_approximation(self._estimate)

    @property
    def success(self) -> str:
        """The level that counts as success, of a response with two; else empty."""
        levels = self._estimate.levels
        return levels[1] if levels else ""

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated coefficients of the mean, as in R."""
        return list(self._estimate.parts["conditional"].names)

    @with_test_keywords
    def tidy(
        self,
        effects: Effects = "fixed",
        *,
        component: Component | None = None,
        exponentiate: bool = False,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return estimates as a table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations of the random effects; or the random effects themselves.
        component : {"conditional", "dispersion", "zero_inflation", "thresholds", "scale", "shape", "shape2"}
            The part of the model that is tabulated.  Default: of fixed effects the conditional part; of random effects
            all parts that have some, with a column ``component`` where these are others than the conditional part.
        exponentiate : bool
            Whether to turn estimates and bounds into ratios, of odds, of rates or means, or of hazards, for the links
            logit, log and cloglog, and of medians of lognormal; standard errors by the delta method.
        options, **tests
            How to test: ``TestOptions``, or its fields as keywords; degrees of freedom are infinite.

        Returns
        -------
        data frame
            Fixed: ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.

        Raises
        ------
        OptionError
            For a component that the model does not have, or that has no random effects where these are asked for; for
            ``exponentiate`` with a link whose coefficients are no logarithms of ratios.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> [round(float(ratio), 3) for ratio in fit.tidy(exponentiate=True)["estimate"]]
        [0.247, 0.371, 0.323, 0.206]
        """
        effects = choose("effects", effects, get_args(Effects))
        component = _checked(component)
        if effects == "ran_pars":
            return self._table(inference.random_parameter_table(self._estimate, component))
        if effects == "ran_vals":
            return self.ranef(component=component)
        how, part = chosen_options(options, tests), component or "conditional"
        return self._table(inference.part_table(self._estimate, part, how, exponentiate=exponentiate))

    def varcorr(self, *, component: Component | None = None) -> FrameT:
        """Return variances, standard deviations and correlations of the random effects, and of a residual.

        Parameters
        ----------
        component : {"conditional", "dispersion", "zero_inflation", "scale"}, optional
            The part of the model whose random effects are tabulated.  Default: all parts that have some.

        Returns
        -------
        data frame
            ``group, term1, term2, variance, sd, corr``.  Where ``term2`` is missing the row is of one variance,
            otherwise of the pair's covariance (in ``variance``) and correlation.  By default with a column
            ``component`` before them, where parts beside the conditional one have random effects.

        Raises
        ------
        OptionError
            For a component without random effects.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.varcorr()["sd"].round(3).to_list()
        [0.642]
        """
        return self._table(inference.variance_table(self._estimate, _checked(component)))

    def ranef(self, group: str | None = None, *, component: Component | None = None) -> FrameT:
        """Return the random effects: conditional modes and their conditional standard deviations.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: all.
        component : {"conditional", "dispersion", "zero_inflation", "scale"}, optional
            The part of the model whose random effects are tabulated.  Default: all parts that have some.

        Returns
        -------
        data frame
            ``group, level, term, estimate, std_error``.  Of one grouping factor the columns of the data that it is made
            of, in their own type, so that the table joins to the data, and ``term, estimate, std_error``.  By default
            with a column ``component`` where parts beside the conditional one have random effects.

        Raises
        ------
        OptionError
            For a component without random effects, or a grouping factor that is not there.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.ranef("herd").columns
        ['herd', 'term', 'estimate', 'std_error']
        """
        component = _checked(component)
        if group is None:
            return self._table(inference.random_effects(self._estimate, component))
        return self._table(inference.random_effects_of(self._estimate, group, component))

    def predict(
        self,
        newdata: Any = None,
        *,
        random_effects: bool | str | Sequence[str] = True,
        new_levels: NewLevels = "error",
        type: PredictionType = "response",
        offset: ArrayLike | None = None,
        marginal: bool = False,
        interval: Literal["confidence"] | None = None,
        level: float = 0.95,
    ) -> Any:
        """Predict.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to predict for.  Default: the rows used in the fit.
        random_effects : bool, str or list of str
            Whether to use the random effects, or which: names of grouping factors or of random terms.  Without them a
            prediction is that at random effects of zero, and not the mean over the population.
        new_levels : {"error", "population", "missing"}
            What a level of a grouping factor gets that the fit has not seen: an error, random effects of zero, or no
            prediction.
        type : {"response", "link", "conditional", "zprob", "disp", "prob", "class"}
            The mean of the response; the linear predictor; the mean without the zero part and without truncation; the
            probability of a zero of the zero part; the dispersion; of an ordered response the probability of each
            category (a column each), and the most probable one.  The ``"response"`` of an ordered response is the
            expected number of its category, from 1.
        offset : array, optional
            To add to the linear predictor of the mean, one number per new row.  Needed where the offset of the fit was
            an array, which belongs to its rows; an offset that is a column is read from the new data.
        marginal : bool
            Whether to average over the random effects of the mean, and not to use those of the groups: the mean over
            the population, by quadrature.  For the types that are means or probabilities.
        interval : {"confidence"}, optional
            An interval of the mean at random effects of zero (``random_effects=False``): that of the linear predictor,
            turned back, with standard errors by the delta method.
        level : float
            Probability of the interval.

        Returns
        -------
        array or data frame
            With an interval ``prediction, std_error, conf_low, conf_high``, else one number per row, NaN where a value
            is missing; for ``"prob"`` of shape (rows, categories).  For a LazyFrame, a LazyFrame with a column
            ``prediction`` beside its own, for ``"prob"`` one for each category,
            ``prediction_...``: where Polars has the functions a query of expressions and of joins on the modes, else
            computed batch by batch.

        Raises
        ------
        DataError
            For a level that the fit has not seen, unless ``new_levels`` says what it gets; or a column that is missing.
        OptionError
            For an unknown choice, a type that the model does not have, or new rows without the offset that they need.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> new = {"period": ["1", "4"], "herd": ["3", "3"]}
        >>> [round(float(p), 3) for p in fit.predict(new)]
        [0.27, 0.071]
        """
        type = choose("type", type, get_args(PredictionType))
        frame = None if newdata is None else open_frame(newdata)
        given = prediction.beside(frame, "offset", offset)
        if interval is not None:
            prediction.require_interval(interval, random_effects, marginal=marginal)
            columns = prediction.predict_interval(self._estimate, frame, type, given, level)
            return self._table_of_rows(columns) if frame is None else build_rows(frame, columns)
        how = prediction.GeneralizedChoice(random_effects, new_levels, type, given, marginal)
        return prediction.predict_generalized_frame(self._estimate, frame, how)

    def to_polars_expr(self, *, type: PredictionType = "response", category: str | None = None) -> "polars.Expr":
        """Return a prediction at random effects of zero as a Polars expression on the columns of the data.

        Parameters
        ----------
        type : {"response", "link", "conditional", "zprob", "disp", "prob"}
            As in ``predict``.
        category : str, optional
            Of an ordered response the category whose probability is returned; for ``"prob"``.

        Returns
        -------
        polars.Expr
            What ``predict(random_effects=False, type=...)`` gives; null where a value is missing; a level of a fixed
            variable that the fit has not seen is an error of Polars.

        Raises
        ------
        OptionError
            For what Polars has no function for, such as the normal distribution of a probit link; or another type.
        DesignError
            For a part with splines of what is learned from the rows.

        Examples
        --------
        >>> import hlmrs
        >>> import polars as pl
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> scored = data.lazy().with_columns(expected=fit.to_polars_expr()).head(2).collect()
        >>> scored["expected"].round(3).to_list()
        [0.198, 0.084]
        """
        return prediction.generalized_expression(
            self._estimate, choose("type", type, get_args(PredictionType)), category
        )

    def resid(
        self,
        kind: ResidualName = "response",
        *,
        method: QuantileMethod = "simulated",
        n: int = 250,
        seed: int | None = None,
    ) -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"response", "pearson", "quantile"}
            Response (of counts of successes their proportion) minus fitted mean; or divided by the standard deviation
            that family and weight give it; or where the response lies among simulated ones, which is uniform between 0
            and 1 if the model is right (Dunn and Smyth 1996), whatever the family.
        method : {"simulated", "exact"}
            How ``"quantile"`` is found: among responses simulated with new random effects, as DHARMa does; or by the
            distribution function given the fitted ones, at random within a step of it.
        n, seed : int
            Simulated responses for ``"quantile"``, and the seed of what is random.

        Returns
        -------
        array of shape (nobs,)
            The residuals.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(float(fit.resid("pearson").std()), 2)
        1.06
        """
        kind = choose("kind", kind, get_args(ResidualName))
        if kind == "quantile":
            if choose("method", method, get_args(QuantileMethod)) == "exact":
                return prediction.exact_quantile_residuals(self._estimate, seed_or_new(seed))
            return diagnostics.simulated(self._estimate, count("n", n), seed_or_new(seed)).residuals.copy()
        return prediction.generalized_residuals(self._estimate, pearson=kind == "pearson")

    def simulate(self, n: int = 1, *, seed: int | None = None) -> Vector:
        """Simulate new responses to the rows of the fit, with new random effects.

        Parameters
        ----------
        n : int
            How many responses.
        seed : int, optional
            The same seed gives the same numbers.

        Returns
        -------
        array of shape (nobs, n)
            One response a column: of counts of successes the successes, of two levels 0 and 1, of ordered categories
            their number from 1.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.simulate(100, seed=1).shape
        (56, 100)
        """
        return inference.simulate_generalized(self._estimate, count("n", n), seed_or_new(seed))

    def icc(self) -> IntraclassCorrelation:
        """Return intraclass correlations on the scale of the link: shares of the grouping factors in the variance.

        Returns
        -------
        IntraclassCorrelation
            ``.adjusted``, ``.unadjusted``, ``.by_group``, ``.unadjusted_by_group``.

        Raises
        ------
        OptionError
            For a family and link of which the variance on that scale is not defined, or a zero part.

        Notes
        -----
        Nakagawa, Johnson and Schielzeth (2017): the variance of the family is pi²/3 (logit), 1 (probit) or pi²/6
        (cloglog), and log(1 + Var(y)/mu²) for a log link, mu of the model without fixed effects.  An effect of every
        single row counts as dispersion.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.icc().adjusted, 4)
        0.1114
        """
        return effectsize.generalized_icc(self._estimate)

    def r2(self) -> RSquared:
        """Return Nakagawa's R² on the scale of the link: what fixed part, and both parts, explain.

        Returns
        -------
        RSquared
            ``.marginal``, ``.conditional``.

        Raises
        ------
        OptionError
            As ``icc``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.r2().marginal, 4), round(fit.r2().conditional, 4)
        (0.0854, 0.1873)
        """
        return effectsize.generalized_r2(self._estimate)

    def refit(self, y: ArrayLike) -> "GeneralizedMixedFit[FrameT]":
        """Fit the same model to another response for the same rows.

        Parameters
        ----------
        y : array
            One number per row used, in their order, or for each row of the data; a pandas Series is matched by its
            index.  As ``simulate`` gives them: of counts of successes the successes, of two levels 0 and 1, of ordered
            categories their number from 1.

        Returns
        -------
        GeneralizedMixedFit
            The new fit.

        Raises
        ------
        DataError
            For a wrong length, or values that the family cannot have.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> again = fit.refit(fit.simulate(1, seed=1)[:, 0])
        >>> again.nobs
        56
        """
        again = refit_generalized(self._estimate, y)
        warn_about_optimum(again.verdict)
        return GeneralizedMixedFit(again)

    def update(
        self, formula: str = ". ~ .", data: Any = None, **options: Unpack[GeneralizedChanges]
    ) -> "GeneralizedMixedFit[FrameT]":
        """Fit a changed model.

        Parameters
        ----------
        formula : str
            The change of the mean's formula, as in R: ``"~ . - x + (1 | g)"``, where ``.`` stands for what was there.
        data : data frame, optional
            Default: the data of this fit.
        **options
            Arguments of ``glmer`` to change; another family has the link that is its default.

        Returns
        -------
        GeneralizedMixedFit
            The new fit.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.update("~ . - period", link="probit").n_params
        2
        >>> round(fit.update(nagq=10).loglik, 3)
        -91.983
        """
        old = self._estimate
        frame = old.frame if data is None else open_frame(data)
        request = change_generalized_request(old.generalized, formula, frame, options, same_rows=data is None)
        return generalized_with_warnings(fit_generalized(request, frame))

    def augment(
        self, newdata: Any = None, *, kind: ResidualName | None = None, n: int = 250, seed: int | None = None
    ) -> Any:
        """Return the data with ``.fitted``, ``.resid``, ``.fixed`` and ``.link``.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to add predictions to, where levels of grouping factors may be new: their random effects are zero.
            Default: the data of the fit.
        kind : {"response", "pearson", "quantile"}
            Which residuals are in ``.resid``, as in ``resid``.  Default: ``"response"``, of an ordered response
            ``"quantile"``.
        n, seed : int
            Simulated responses for ``"quantile"``, and their seed.

        Returns
        -------
        data frame
            Every row of the data, with fitted means (of an ordered response expected categories, from 1), residuals,
            means at random effects of zero, and the linear predictor of the mean; missing where a row was not used.
            New data have no residuals.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.augment()[".fitted"].round(3).to_list()[:4]
        [0.308, 0.142, 0.126, 0.084]
        """
        if newdata is not None:
            if kind is not None:
                raise OptionError(f"kind={kind!r}: new data have no residuals; leave kind out")
            return prediction.augment_new(self._estimate, open_frame(newdata))
        default = "quantile" if self.family.name == "cumulative" else "response"
        residuals = self.resid(kind or cast("ResidualName", default), n=n, seed=seed)
        return prediction.augment_generalized(self._estimate, residuals)

    @with_test_keywords
    def drop1(
        self,
        *,
        method: DeletionTest = "wald",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return a test for every term of the fixed part that could be dropped alone.

        Parameters
        ----------
        method : {"wald", "lr"}
            Wald's test; or the likelihood ratio of the fit and the fit without the term, to the same rows.
        options, **tests
            How to test: ``TestOptions``, or its fields as keywords; for ``"wald"``.

        Returns
        -------
        data frame
            Wald's tests as ``anova``; likelihood ratios with ``term, df, loglik, aic, chisq, p_value``, log-likelihood
            and AIC of the fit without the term.  Main effects stay while their interaction is there.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> table = fit.drop1(method="lr")
        >>> table["df"].to_list(), table["chisq"].round(2).to_list()
        ([3.0], [25.61])
        """
        method = choose("method", method, get_args(DeletionTest), {"LRT": "lr", "Chisq": "lr"})
        how = chosen_options(options, tests)
        if method == "wald":
            return self._table(hypotheses.deletion_table(self._estimate, how))
        if how.vcov != "model":
            raise OptionError(f"vcov={how.vcov!r}: likelihood ratios take no covariance; it belongs to method='wald'")
        if self._estimate.generalized.prior is not None:
            raise OptionError("method='lr' is of maximum likelihood, and the fit has a prior; use method='wald'")
        return self._table(hypotheses.deletion_ratio_table(self._estimate))

    @property
    def check(self) -> GeneralizedChecks[FrameT]:
        """Checks of what the fit assumes: ``fit.check()`` runs all, ``fit.check.dispersion()`` one."""
        return GeneralizedChecks(self._estimate)

    @property
    def plot(self) -> GeneralizedPlots[FrameT]:
        """Plots of the fit: ``fit.plot.diagnostics()`` draws, ``fit.plot.diagnostics.data("uniform")`` is the table."""
        return GeneralizedPlots(self._estimate)

    @property
    def _model_named(self) -> str:
        return f"{self.formula.strip()}, {self.family.name} ({self.family.link})"


def generalized_with_warnings(estimate: GeneralizedEstimate) -> GeneralizedMixedFit[Any]:
    """Make the fit of an estimate, and warn of what users should know."""
    warn_about_data(replace(estimate.layout, columns=[], kept=[]))
    if estimate.parts["conditional"].dropped:
        names = ", ".join(map(repr, estimate.parts["conditional"].dropped))
        warn(f"fixed-effects columns that depend on those before are not estimated: {names}", RankDeficiencyWarning)
    warn_about_optimum(estimate.verdict)
    return GeneralizedMixedFit(estimate)


def _checked(component: Component | None) -> Component | None:
    return None if component is None else choose("component", component, get_args(Component))
