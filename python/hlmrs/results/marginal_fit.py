"""The fitted marginal model: generalized estimating equations, solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from .. import inference, marginal, prediction
from ..calls import answers_calls
from ..errors import ConvergenceWarning, InferenceWarning, OptionError, choose, warn
from ..estimation import warn_about_data
from ..estimation.marginal import EquationsEstimate, EquationsVerdict
from ..families import Family
from ..frame import open_frame
from ..hypotheses import chi_square_anova, chi_square_hypotheses
from ..inference import EquationOptions, QuasiCriteria
from ..marginal import At, ContrastChoice
from ..options import (
    Adjustment,
    ContrastMethod,
    ContrastScale,
    EquationAnovaType,
    EquationDdf,
    EquationInterval,
    EquationResidual,
    EquationScale,
    EquationVcov,
    MeanWeights,
)
from .fitted import Fitted, Vector
from .foreign import ABSENT_FROM_MARGINAL_FITS
from .view import FrameT

if TYPE_CHECKING:
    from ..display import Report

Names = str | Sequence[str]


@answers_calls
class MarginalFit(Fitted[FrameT]):
    """A fitted marginal model, as ``gee`` returns it: attributes are numbers and arrays, methods return tables.

    Methods that test take the same three options: ``vcov``, the covariance of the coefficients as ``type`` in
    ``vcov()``; ``ddf``, ``"normal"`` or ``"groups"``, t and F with groups less coefficients; and ``level``, of the
    confidence intervals.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Contraception")
    >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial", correlation="exchangeable")
    >>> fit.family, fit.n_groups, round(fit.scale, 3)
    (Family(name='binomial', link='logit'), 60, 1.005)
    """

    __slots__ = ()

    _estimate: EquationsEstimate
    _absent = ABSENT_FROM_MARGINAL_FITS

    @property
    def family(self) -> Family:
        """What gives the variance as a function of the mean, and the link."""
        return self._estimate.family

    @property
    def correlation(self) -> str:
        """The structure of the working correlation."""
        return self._estimate.asked.correlation

    @property
    def n_groups(self) -> int:
        """Groups of rows, of positive weight."""
        return self._estimate.n_groups

    @property
    def scale(self) -> float:
        """The scale of variances, phi: the mean squared Pearson residual, or what was given."""
        return self._estimate.own.fit.scale

    @property
    def size(self) -> float:
        """The size of family ``"nbinom2"``; infinite where counts vary no more than Poisson's, else NaN."""
        return self._estimate.own.fit.size

    @property
    def correlation_parameters(self) -> Vector:
        """Parameters of the working correlation; if unstructured by pairs of times: 1 and 2, 1 and 3, ..., 2 and 3."""
        return self._estimate.own.fit.correlation_parameters

    @property
    def correlation_matrix(self) -> Vector:
        """The working correlation of as many rows as the largest group has, or of all times."""
        fit = self._estimate.own.fit
        return fit.correlation_matrix(fit.n_waves)

    @property
    def success(self) -> str:
        """The level that counts as success, of a response with two; else empty."""
        levels = self._estimate.response.levels
        return levels[1] if levels else ""

    @property
    def qic(self) -> float:
        """The quasi-likelihood information criterion as geepack has it: with quasi-likelihoods of scale one.

        Those of families whose scale is free depend on the unit of the response; ``compare`` divides them by a scale.
        """
        return self.criteria(scale=1.0).qic

    @property
    def verdict(self) -> EquationsVerdict:
        """What the solution is worth: ``.converged``, ``.positive_definite``, ``.explain()``."""
        return self._estimate.verdict

    def vcov(self, type: EquationVcov = "robust") -> Vector:
        """Return the covariance matrix of the coefficients.

        Parameters
        ----------
        type : {"robust", "naive", "kauermann-carroll", "mancl-derouen"}
            The sandwich of Liang and Zeger, right for many groups whatever the correlation; the model's, right if the
            working correlation is; or the sandwich with residuals corrected for few groups, by (I - H)^-1/2 of
            Kauermann and Carroll, or by (I - H)^-1 of Mancl and DeRouen, the more cautious one.

        Returns
        -------
        array of shape (n_coefficients, n_coefficients)
            In the order of ``coef_names``.

        Raises
        ------
        OptionError
            For an unknown type.
        DesignError
            For a correction where a group alone determines a coefficient.

        Notes
        -----
        Liang and Zeger (1986), Kauermann and Carroll (2001), Mancl and DeRouen (2001).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(fit.vcov(type)[1, 1]) ** 0.5, 4) for type in ("robust", "kauermann-carroll", "mancl-derouen")]
        [0.0699, 0.0713, 0.0726]
        """
        return inference.covariance_matrix(self._estimate, type, None)

    def summary(self, *, vcov: EquationVcov = "robust", ddf: EquationDdf = "normal", level: float = 0.95) -> Report:
        """Return a report: printed as text, shown as HTML in a notebook.

        Parameters
        ----------
        vcov, ddf, level
            How to test.

        Returns
        -------
        Report
            Sizes, dropped rows, scale, working correlation, verdict, coefficients.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont"), groups="Subject", correlation="ar1")
        >>> print(str(fit.summary()).splitlines()[0])
        Marginal model, gaussian (identity link), by generalized estimating equations with ar1 correlation
        """
        from ..report import summarize_equations  # loaded when it is wanted: importing hlmrs should take no time

        return summarize_equations(self._estimate, _options(vcov, ddf, level))

    def tidy(
        self,
        *,
        exponentiate: bool = False,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Return the coefficients as a table, one row each.

        Parameters
        ----------
        exponentiate : bool
            Whether to turn estimates and bounds into ratios, of odds or of rates; standard errors by the delta method.
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``.  Columns that could not be
            estimated come last, with missing numbers.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial")
        >>> [round(float(ratio), 3) for ratio in fit.tidy(exponentiate=True)["estimate"]]
        [0.519, 1.007, 2.06]
        """
        options = _options(vcov, ddf, level)
        return self._table(inference.coefficient_table(self._estimate, options, exponentiate=exponentiate))

    def glance(self) -> FrameT:
        """Return the key figures as a frame of one row.

        Returns
        -------
        data frame
            ``nobs, n_groups, largest_group, n_params, scale, qic, qicu, cic, converged``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "polars"), groups="Subject")
        >>> fit.glance().row(0, named=True)["n_groups"]
        27
        """
        return self._table(inference.glance_of_equations(self._estimate))

    def criteria(self, *, scale: float = 1.0) -> QuasiCriteria:
        """Return QIC and its parts, to choose predictors (``qicu``, ``qic``) and the correlation (``qic``, ``cic``).

        Parameters
        ----------
        scale : float
            What the quasi-likelihood is divided by: the same number for all models that are compared, such as the
            ``scale`` of the largest of them.  Default: 1, as geepack.

        Returns
        -------
        QuasiCriteria
            ``.qic``, ``.qicu``, ``.cic``, ``.quasi_likelihood``.

        Notes
        -----
        Pan (2001): QIC = -2 Q + 2 CIC, CIC = tr(A V) with V the robust covariance and A the inverse of the naive
        covariance of independent rows; QICu has the number of coefficients in place of CIC.  CIC is Hin and Wang's
        (2009).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("follicles ~ 1", hlmrs.datasets.load("Ovary"), groups="Mare", family="poisson")
        >>> round(fit.criteria().cic, 2)
        9.91
        """
        return inference.quasi_criteria(self._estimate, scale)

    def confint(self, *, vcov: EquationVcov = "robust", ddf: EquationDdf = "normal", level: float = 0.95) -> FrameT:
        """Return Wald's confidence intervals of the coefficients.

        Parameters
        ----------
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            ``term, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(low), 2) for low in fit.confint(vcov="mancl-derouen", ddf="groups")["conf_low"]]
        [15.13, 0.51]
        """
        table = inference.coefficient_table(self._estimate, _options(vcov, ddf, level))
        return self._table({name: table[name] for name in ("term", "conf_low", "conf_high")})

    def predict(
        self,
        newdata: Any = None,
        *,
        type: EquationScale = "response",
        interval: EquationInterval | None = None,
        offset: ArrayLike | None = None,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> Any:
        """Predict means of the population.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to predict for; they need no groups.  Default: the rows used in the fit.
        type : {"response", "link"}
            The mean, or the linear predictor.
        interval : {"confidence"}, optional
            Whether to return standard errors and an interval of the mean as well; on the scale of the response the
            standard errors are by the delta method, the bounds those of the linear predictor turned back.
        offset : array, optional
            To add to the linear predictor, one number per new row.
        vcov, ddf, level
            What standard errors and intervals rest on.

        Returns
        -------
        array, or data frame
            One number per row, NaN where a value is missing; with ``interval`` a frame with ``prediction, std_error,
            conf_low, conf_high``.

        Raises
        ------
        DataError
            For a column that is missing, or a level that the fit has not seen.
        OptionError
            For an unknown choice.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ urban", data, groups="district", family="binomial")
        >>> table = fit.predict({"urban": ["N", "Y"]}, interval="confidence")
        >>> [round(float(p), 3) for p in table["prediction"]], [round(float(se), 3) for se in table["std_error"]]
        ([0.342, 0.516], [0.023, 0.039])
        """
        scale = choose("type", type, get_args(EquationScale))
        frame = None if newdata is None else open_frame(newdata)
        given = None if offset is None else np.asarray(offset, dtype=np.float64)
        if given is not None and frame is None:
            raise OptionError("offset= is for new data; the rows of the fit have theirs already")
        if interval is None:
            return prediction.predict_mean(self._estimate, frame, scale, given)
        choose("interval", interval, get_args(EquationInterval))
        options = _options(vcov, ddf, level)
        columns = prediction.mean_intervals(self._estimate, frame, scale, given, options)
        return self._table_of_rows(columns) if frame is None else self._table(columns)

    def resid(self, kind: EquationResidual = "response") -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"response", "pearson"}
            Response (of counts of successes their proportion) minus fitted mean; or that over the root of the variance
            function and the weight, of scale one.

        Returns
        -------
        array of shape (nobs,)
            The residuals.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("follicles ~ 1", hlmrs.datasets.load("Ovary"), groups="Mare", family="poisson")
        >>> round(float((fit.resid("pearson") ** 2).mean() - fit.scale), 10)
        0.0
        """
        kind = choose("kind", kind, get_args(EquationResidual))
        return prediction.equation_residuals(self._estimate, pearson=kind == "pearson")

    def anova(
        self,
        *,
        type: EquationAnovaType = 3,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
    ) -> FrameT:
        """Return a Wald test for every term.

        Parameters
        ----------
        type : {3, 2}
            2: each term after all others but those that contain it.  3: each term after all others, averaged over the
            levels of the factors it interacts with with equal weights.
        vcov, ddf
            How to test; with ``ddf="groups"`` the statistics over their degrees of freedom are referred to F.

        Returns
        -------
        data frame
            ``term, df, statistic, p_value``: chi-square statistics; terms that the data do not determine come last.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban + livch", data, groups="district", family="binomial")
        >>> table = fit.anova()
        >>> list(map(str, table["term"])), [int(df) for df in table["df"]]
        (['age', 'urban', 'livch'], [1, 1, 3])
        """
        kind = choose("type", type, get_args(EquationAnovaType), {"II": 2, "III": 3})
        return self._table(chi_square_anova(self._estimate, kind, _options(vcov, ddf, 0.95)))

    def test(
        self,
        hypotheses: str | Sequence[str] | ArrayLike,
        *,
        joint: bool | None = None,
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Test linear hypotheses about the coefficients.

        Parameters
        ----------
        hypotheses : str, list of str, or array of shape (n, n_coefficients)
            ``"age = 1"``, ``"a = b, c = 0"``, with the names of ``coef_names``; or a matrix, whose rows times the
            coefficients are zero.
        joint : bool, optional
            Whether all are tested together.  Default: if there are several.
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            Together ``hypothesis, df, statistic, p_value``, a chi-square; otherwise a row each of ``hypothesis,
            estimate, value, std_error, df, statistic, p_value, conf_low, conf_high``.

        Raises
        ------
        FormulaError
            For a text that cannot be read, at its place.
        OptionError
            For hypotheses that contradict each other, or a matrix of another width.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> round(float(fit.test("age = 0.5")["statistic"][0]), 2)
        2.29
        """
        options = _options(vcov, ddf, level)
        return self._table(chi_square_hypotheses(self._estimate, hypotheses, joint, options))

    def emmeans(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: EquationScale = "link",
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Return estimated marginal means: predictions on a grid of the predictors, averaged.

        Parameters
        ----------
        specs, by, at, weights
            As for ``emmeans`` of a linear mixed model.
        type : {"link", "response"}
            The linear predictor, or what the inverse link makes of its average.
        vcov, ddf, level
            What standard errors and intervals rest on.

        Returns
        -------
        data frame
            The variables, then ``estimate, std_error, df, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial")
        >>> [round(float(p), 3) for p in fit.emmeans("urban", type="response")["estimate"]]
        [0.342, 0.516]
        """
        scale, options = choose("type", type, get_args(EquationScale)), _options(vcov, ddf, level)
        return self._table(marginal.marginal_means(self._estimate, specs, by, at, weights, scale, options))

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
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Return contrasts of marginal means, with tests against zero.

        Parameters
        ----------
        specs, by, method, interaction, reference, adjust, at, weights
            As for ``contrasts`` of a linear mixed model.
        type : {"link", "response"}
            Differences of linear predictors; or, named ``a / b`` in a column ``ratio``, ratios of means (log link) or
            of odds (logit link).
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            The variables of ``by``, then ``contrast, estimate, std_error, df, statistic, p_value, conf_low,
            conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + livch", data, groups="district", family="binomial")
        >>> table = fit.contrasts("livch", method="reference", type="response")
        >>> list(zip(table["contrast"], [round(float(ratio), 2) for ratio in table["ratio"]]))
        [('1 / 0', 2.78), ('2 / 0', 3.31), ('3+ / 0', 3.05)]
        """
        choice = ContrastChoice(method, interaction, reference, adjust, type)
        options = _options(vcov, ddf, level)
        return self._table(marginal.contrast_table(self._estimate, specs, by, at, weights, choice, options))

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
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> FrameT:
        """Return slopes of a covariate, with tests against zero.

        Parameters
        ----------
        variable, by, at, weights, contrast, adjust
            As for ``slopes`` of a linear mixed model.
        type : {"link", "response"}
            Slopes of the linear predictor; or average marginal effects, slopes of the mean averaged over the rows.
        vcov, ddf, level
            How to test.

        Returns
        -------
        data frame
            ``term``, the variables of ``by``, then ``estimate, std_error, df, statistic, p_value, conf_low,
            conf_high``; with ``contrast`` as ``contrasts``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age * Sex", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(slope), 3) for slope in fit.slopes("age", by="Sex")["estimate"]]
        [0.48, 0.784]
        """
        options = _options(vcov, ddf, level)
        if choose("type", type, get_args(ContrastScale)) == "response":
            grid = {"at": at, "weights": weights, "contrast": contrast}
            return self._table(marginal.average_effects(self._estimate, variable, by, options, **grid))
        choice = None if contrast is None else ContrastChoice(contrast, False, None, adjust)
        return self._table(marginal.slope_table(self._estimate, variable, by, at, weights, choice, options))

    def to_marginaleffects(self, *, vcov: EquationVcov = "robust") -> Any:
        """Return a model of the package marginaleffects, on the scale of the link.

        Parameters
        ----------
        vcov
            The covariance of the coefficients.

        Returns
        -------
        marginaleffects model
            Of its predictions, comparisons and slopes.

        Raises
        ------
        HlmrsError
            If marginaleffects is not installed: it is no dependency, and its licence is the GPL.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont"), groups="Subject")
        >>> marginaleffects.avg_slopes(fit.to_marginaleffects(), variables="age")  # doctest: +SKIP
        """
        return marginal.adapted_model(self._estimate, vcov, None)

    def __repr__(self) -> str:
        family, state = self.family, "solved" if self.verdict.converged else "NOT solved"
        return (
            f"MarginalFit: {self.formula.strip()}, {family.name} ({family.link}), {self.correlation}, "
            f"{self.nobs} rows, {self.n_groups} groups, {state}"
        )


def _options(vcov: EquationVcov, ddf: EquationDdf, level: float) -> EquationOptions:
    return EquationOptions(vcov=vcov, ddf=ddf, level=level)


def marginal_with_warnings(estimate: EquationsEstimate) -> MarginalFit[Any]:
    """Make the fit of an estimate, and warn of what users should know."""
    warn_about_data(estimate.layout)
    verdict = estimate.verdict
    if verdict.status != "solved":
        category = InferenceWarning if verdict.converged else ConvergenceWarning
        warn(verdict.warning, category)
    return MarginalFit(estimate)
