"""The fitted linear mixed model: what only such a model has, new fits from it, and its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np
from numpy.typing import ArrayLike

from .. import effectsize, inference, prediction
from ..calls import answers_calls
from ..control import count, seed_or_new
from ..effectsize import IntervalChoice, IntraclassCorrelation, RSquared
from ..estimation import (
    Changes,
    Estimate,
    change_request,
    estimate,
    reestimate,
    refit_response,
    warn_about_data,
    warn_about_optimum,
)
from ..estimation.streaming import adapted, appended
from ..frame import open_frame
from ..inference import DEFAULT_DDF, TestKeywords, TestOptions, chosen_options, with_test_keywords
from ..options import (
    BootstrapOnly,
    Ddf,
    Interval,
    NewLevels,
    PredictionScale,
    ResidualKind,
    Variances,
    VarianceTest,
)
from ..prediction import Choice
from .base import FittedModel
from .checks import Checks
from .fitted import Vector
from .plots import Plots
from .typing import FurtherOptions, LazyT, NewT
from .variances import Variances as VarianceShares
from .view import FrameT

if TYPE_CHECKING:
    import polars


@answers_calls
class LinearMixedFit(FittedModel[FrameT]):
    """A fitted linear mixed model, as ``lmer`` returns it.

    Attributes are numbers and arrays; methods return tables in the library of the data, or arrays.  It does not change:
    ``refit`` and ``update`` return new fits.

    Examples
    --------
    >>> import hlmrs
    >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    >>> fit
    LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
    >>> fit.tidy()["term"].to_list()
    ['(Intercept)', 'Days']
    """

    __slots__ = ()

    @property
    def check(self) -> Checks[FrameT]:
        """Checks of what the fit assumes: ``fit.check()`` runs all, ``fit.check.normality()`` one."""
        return Checks(self._estimate)

    @property
    def variance(self) -> VarianceShares[FrameT]:
        """Shares of the variance: ``fit.variance.decomposition()``, and ``reduction, reliability, design_effect``."""
        return VarianceShares(self._estimate)

    @property
    def plot(self) -> Plots[FrameT]:
        """Plots of the fit: ``fit.plot.diagnostics()`` draws, ``fit.plot.diagnostics.data("qq")`` gives the table."""
        return Plots(self._estimate)

    def resid(self, kind: ResidualKind = "raw", *, marginal: bool = False) -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"raw", "pearson", "standardized", "studentized", "externally-studentized"}
            Response minus fitted value; times the root of the weight; and divided by sigma; and by the root of 1 - h,
            h the leverage, so that all have the same variance; and with the sigma that the row itself has no part in
            (at the same relative variances).
        marginal : bool
            Whether to subtract the fixed part alone.  These residuals are studentized by the root of their variances
            Var(y - Xb), and depend on each other within groups.

        Returns
        -------
        array of shape (nobs,)
            The residuals; studentized ones are NaN in rows that the model reproduces whatever they are.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> round(float(abs(fit.resid("studentized")).max()), 2)
        5.53
        """
        return prediction.residuals(self._estimate, kind, marginal=marginal)

    def augment(self) -> FrameT:
        """Return the data with ``.fitted``, ``.resid`` and ``.fixed`` (fitted values without random effects).

        Returns
        -------
        data frame
            Every row of the data; the new columns are missing where a row was not used.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.augment().columns
        ['Reaction', 'Days', 'Subject', '.fitted', '.resid', '.fixed']
        """
        return cast("FrameT", prediction.augment(self._estimate, self._estimate.frame))

    @overload
    def predict(
        self, newdata: LazyT, *, interval: Interval | None = None, **further: Unpack[FurtherOptions]
    ) -> LazyT: ...

    @overload
    def predict(self, newdata: Any = None, *, interval: None = None, **further: Unpack[FurtherOptions]) -> Vector: ...

    @overload
    def predict(self, newdata: None = None, *, interval: Interval, **further: Unpack[FurtherOptions]) -> FrameT: ...

    @overload
    def predict(self, newdata: NewT, *, interval: Interval, **further: Unpack[FurtherOptions]) -> NewT: ...

    def predict(
        self,
        newdata: Any = None,
        *,
        random_effects: bool | str | Sequence[str] = True,
        new_levels: NewLevels = "error",
        interval: Interval | None = None,
        level: float = 0.95,
        offset: ArrayLike | None = None,
        variances: Variances = "estimated",
        ddf: Ddf = DEFAULT_DDF,
        weights: str | ArrayLike | None = None,
        type: PredictionScale = "link",
    ) -> Any:
        """Predict the response.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to predict for.  Default: the rows used in the fit.
        random_effects : bool, str or list of str
            Whether to use the random effects, or which: names of grouping factors or of random terms.
        new_levels : {"error", "population", "missing"}
            What a level of a grouping factor gets that the fit has not seen: an error, random effects of zero (and in
            ``between(x, g)`` and ``within(x, g)`` the mean of its own new rows), or no prediction.
        interval : {"confidence", "prediction"}, optional
            An interval for the expected response, which counts the uncertainty of fixed and random effects jointly; or
            for a new observation.  A new level counts with the variance between groups; so do, for new observations,
            random effects that are left out.
        level : float
            Probability of the interval.
        offset : array, optional
            To add, one number per new row.  An offset that was an argument of the fit belongs to its rows alone, one in
            the formula is computed from the new data.
        variances : {"estimated", "known"}
            Whether intervals count that the variance parameters were estimated (to first order: Kackar and Harville
            1984), or take them as known, with normal quantiles.
        ddf : str
            Degrees of freedom of the intervals, as in ``TestOptions``.  Intervals for the fixed part alone are those of
            ``emmeans``; with random effects or for new observations there are ``"satterthwaite"`` (of the whole
            variance: Francq, Lin and Hoyer 2019), ``"residual"`` and ``"normal"``.  Satterthwaite's take a pass over
            the new rows for each variance parameter.
        weights : str or array, optional
            Weights of the new rows, for the variance of new observations.  Default: the column of the new data that
            weighted the fit; rows of the fit have theirs.
        type : {"link", "response", "mean"}
            The scale of the prediction where the formula transforms the response: as modelled; the response's median,
            ``exp`` of the prediction for ``log(y)``; or its mean, which counts the variance of residuals and of random
            effects that are left out (for logarithms and ``sqrt``).  Intervals are turned back at their ends, standard
            errors by the delta method.

        Returns
        -------
        array or data frame
            Predictions, one per row, NaN where a value is missing; with an interval a frame with ``prediction,
            std_error, conf_low, conf_high``.  For a LazyFrame, a LazyFrame with these columns beside its own: a query
            of expressions and of joins on the modes, so that Polars reads what is needed and streams it.  Intervals
            are computed by a function that Polars runs batch by batch; so are groups by a time of day, a duration, or
            texts of which some are ``"1"`` and some ``"1.0"``.  With ``offset=`` the rows are collected.

        Raises
        ------
        DataError
            For a level that the fit has not seen, unless ``new_levels`` says what it gets; or a column that is missing.
        OptionError
            For an unknown choice, or degrees of freedom that such an interval does not have.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))
        >>> new = {"Days": [5.0], "Subject": ["new"]}
        >>> row = fit.predict(new, new_levels="population", interval="prediction")
        >>> [round(float(row[name][0])) for name in ("prediction", "conf_low", "conf_high")]
        [304, 205, 402]
        """
        frame = None if newdata is None else open_frame(newdata)
        given, known = prediction.beside(frame, "offset", offset), prediction.weights_beside(frame, weights)
        choice = Choice(random_effects, new_levels, interval, level, given, variances, ddf, known, type)
        if frame is not None:
            return prediction.predict_frame(self._estimate, frame, choice)
        rows = prediction.predict_rows(self._estimate, choice)
        return self._table_of_rows(rows) if choice.interval else rows["prediction"]

    def to_polars_expr(self) -> polars.Expr:
        """Return the fixed part, offsets of the formula included, as a Polars expression on the columns of the data.

        Returns
        -------
        polars.Expr
            Null where a value is missing; a level of a fixed variable that the fit has not seen is an error of Polars.

        Examples
        --------
        >>> import hlmrs
        >>> import polars as pl
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> fit = hlmrs.lmer("Reaction ~ log1p(Days) + (1 | Subject)", data)
        >>> scored = data.lazy().with_columns(expected=fit.to_polars_expr()).head(2).collect()
        >>> scored["expected"].round(2).to_list()
        [238.05, 265.8]
        """
        return prediction.polars_expression(self._estimate)

    def simulate(
        self,
        n: int = 1,
        *,
        newdata: Any = None,
        weights: str | ArrayLike | None = None,
        seed: int | None = None,
    ) -> Vector:
        """Simulate new responses from the fitted model, with new random effects.

        Parameters
        ----------
        n : int
            How many responses.
        newdata : data frame, optional
            Rows to simulate for, of groups that the fit saw or not.  Default: the rows used in the fit.
        weights : str or array, optional
            Weights of the new rows, as in ``predict``.
        seed : int, optional
            The same seed gives the same numbers, on any number of threads.

        Returns
        -------
        array of shape (nobs, n), or (rows of newdata, n)
            One response a column, on the scale of the formula's left side; NaN where new rows miss a value.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> fit.simulate(100, newdata={"Batch": ["new", "new", "newer"]}, seed=1).shape
        (3, 100)
        """
        n, seed = count("n", n), seed_or_new(seed)
        entropy = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
        frame = None if newdata is None else open_frame(newdata)
        known = prediction.weights_beside(frame, weights)
        if frame is not None:
            return prediction.simulate_frame(self._estimate, frame, n, entropy, known)
        return self._estimate.core.simulate(self._estimate.rows, n, entropy)

    def profile(self, *, level: float = 0.95, terms: Sequence[str] | None = None) -> FrameT:
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

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> table = fit.profile(terms=["sigma"])
        >>> table.columns, bool(table["value"].is_sorted())
        (['term', 'value', 'zeta'], True)
        """
        return self._table(inference.profile_table(self._estimate, level, terms))

    def icc(
        self,
        *,
        interval: BootstrapOnly | None = None,
        level: float = 0.95,
        n_boot: int = 500,
        seed: int | None = None,
    ) -> IntraclassCorrelation:
        """Return intraclass correlations: shares of the grouping factors in the variance.

        Parameters
        ----------
        interval : {None, "bootstrap"}
            Percentile intervals of a parametric bootstrap: the model is fitted to ``n_boot`` simulated responses.
        level : float
            Level of the intervals.
        n_boot : int
            Simulated responses.
        seed : int, optional
            The same seed gives the same intervals.

        Returns
        -------
        IntraclassCorrelation
            ``.adjusted``, ``.unadjusted``, ``.by_group``, ``.unadjusted_by_group``, ``.intervals``.

        Notes
        -----
        With random slopes a factor's variance is the mean over rows of z'Σz (Johnson 2014).  The residual variance is
        that of a row of weight one.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes"))
        >>> {group: round(share, 3) for group, share in fit.icc().by_group.items()}
        {'batch': 0.154, 'batch:cask': 0.783}
        """
        return effectsize.intraclass_correlation(self._estimate, IntervalChoice(interval, level, n_boot, seed))

    def r2(
        self,
        *,
        interval: BootstrapOnly | None = None,
        level: float = 0.95,
        n_boot: int = 500,
        seed: int | None = None,
    ) -> RSquared:
        """Return Nakagawa's R²: the shares of the variance that fixed part, and both parts, explain.

        Parameters
        ----------
        interval, level, n_boot, seed
            As in ``icc``.

        Returns
        -------
        RSquared
            ``.marginal``, ``.conditional``, ``.intervals``.

        Notes
        -----
        Nakagawa, Johnson and Schielzeth (2017).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> round(fit.r2().marginal, 3), round(fit.r2().conditional, 3)
        (0.279, 0.799)
        """
        return effectsize.r_squared(self._estimate, IntervalChoice(interval, level, n_boot, seed))

    @with_test_keywords
    def standardized(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> FrameT:
        """Return standardized coefficients: in standard deviations of the response, for one of the predictor.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        data frame
            ``term, estimate, std_error, df, conf_low, conf_high``, without the intercept.  Standard deviations are
            taken as known.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> table = fit.standardized()
        >>> table["term"].to_list(), table["estimate"].round(3).to_list()
        (['Days'], [0.535])
        """
        return self._table(effectsize.standardized_table(self._estimate, chosen_options(options, tests)))

    def ranova(
        self,
        *,
        method: VarianceTest = "mixture",
        n: int | None = None,
        seed: int | None = None,
    ) -> FrameT:
        """Test the random effects: likelihood ratios of the models without each, right on the boundary.

        A variance cannot be negative, so the usual chi-square is wrong: too large.  A random slope is dropped with its
        covariances, a term with one effect altogether.

        Parameters
        ----------
        method : {"mixture", "simulate"}
            The mixture of chi-squares that is right in large samples for a single effect (for several at once a
            chi-square that is conservative); or the exact distribution where the model has one variance component
            (Crainiceanu and Ruppert 2004), and a parametric bootstrap of both models elsewhere.
        n : int, optional
            Draws.  Default: 10,000 of the exact distribution, 1000 of the bootstrap.
        seed : int, optional
            The same seed gives the same draws, on any number of threads.

        Returns
        -------
        data frame
            ``term, n_params, loglik, aic, statistic, df, p_value, method``: a row for each smaller model; ``df`` are
            the parameters dropped, ``method`` says where the p-value is from.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> table = fit.ranova()
        >>> float(round(table["p_value"][0], 4)), str(table["method"][0])
        (0.0058, 'mixture of chi-square(0) and (1)')
        """
        return self._table(inference.variance_test_table(self._estimate, method, n, seed))

    @with_test_keywords
    def compare_methods(
        self,
        term: str,
        *,
        n: int = 1000,
        seed: int | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return one coefficient by every method side by side, with what each assumes.

        Parameters
        ----------
        term : str
            A coefficient, as in ``coef_names``.
        n, seed : int
            Replicates of the parametric bootstrap, and their seed.
        options, **tests
            ``TestOptions``, or its fields as keywords: the ``level`` of all intervals, and a robust ``vcov`` with its
            ``cluster`` and ``ddf`` in the place of ``CR2``.

        Returns
        -------
        data frame
            ``method, estimate, std_error, df, statistic, p_value, conf_low, conf_high, assumes``: a row for each of the
            methods for degrees of freedom of ``tidy``, then ``CR2`` (robust), ``profile`` and ``bootstrap``.  A method
            that does not apply to this model has missing numbers, and ``assumes`` says why.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))
        >>> table = fit.compare_methods("Days", n=100, seed=1)
        >>> for method, low, high in zip(table["method"][:3], table["conf_low"], table["conf_high"]):
        ...     print(f"{method}: {low:.2f} to {high:.2f}")
        satterthwaite: 7.21 to 13.73
        kenward-roger: 7.21 to 13.73
        containment: 7.21 to 13.73
        """
        return self._table(inference.method_table(self._estimate, term, n, seed, chosen_options(options, tests)))

    def refit(self, y: ArrayLike) -> LinearMixedFit[FrameT]:
        """Fit the same model to another response; everything that does not depend on it is used again.

        Parameters
        ----------
        y : array of shape (nobs,)
            The response in the rows used, in their order, or in all rows of the data; a pandas Series is matched by its
            index.

        Returns
        -------
        LinearMixedFit
            The new fit.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> twice = fit.refit(2 * fit.augment()["Reaction"])
        >>> round(twice.sigma / fit.sigma, 6)
        2.0
        """
        again = reestimate(self._estimate, refit_response(self._estimate, y))
        warn_about_optimum(again.verdict)
        return LinearMixedFit(again)

    def update(self, formula: str = ". ~ .", data: Any = None, **options: Unpack[Changes]) -> LinearMixedFit[FrameT]:
        """Fit a changed model.

        Parameters
        ----------
        formula : str
            The change, as in R: ``"~ . - x + (1 | g)"``, where ``.`` stands for what was there.
        data : data frame, optional
            Default: the data of this fit.
        **options
            Arguments of ``lmer`` to change.

        Returns
        -------
        LinearMixedFit
            The new fit.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.update("~ . - (1 + Days | Subject) + (Days || Subject)").n_params, fit.n_params
        (5, 6)
        >>> fit.update(reml=False)
        LinearMixedFit: Reaction ~ Days + (1 + Days | Subject), 180 rows, -2 log-likelihood 1751.939, converged
        """
        old = self._estimate
        frame = old.frame if data is None else open_frame(data)
        request = change_request(old.request, formula, frame, options, same_rows=data is None)
        return with_warnings(estimate(request, frame))

    def append(self, data: Any) -> LinearMixedFit[FrameT]:
        """Fit the model to its rows and further ones, from this optimum; the rows of this fit are not read again.

        The new rows are encoded as those of the fit were: levels of fixed variables and transforms stay, grouping
        factors gain levels.

        Parameters
        ----------
        data : data frame
            The further rows, the response included.

        Returns
        -------
        LinearMixedFit
            The new fit, which keeps no rows.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data.head(150))
        >>> fit.append(data.tail(30))
        LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
        """
        return with_warnings(appended(self._estimate, data))

    def adapt(self, data: Any) -> LinearMixedFit[FrameT]:
        """Take new rows into account without fitting again: random effects of their groups, new ones included.

        Fixed effects, covariances and sigma stay as they are.

        Parameters
        ----------
        data : data frame
            The new rows, the response included.

        Returns
        -------
        LinearMixedFit
            A fit with the parameters of this one, whose ``ranef`` and ``predict`` know the new rows.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data.head(170))
        >>> fit.n_groups, fit.adapt(data.tail(10)).n_groups
        ({'Subject': 17}, {'Subject': 18})
        """
        return LinearMixedFit(adapted(self._estimate, data))


def with_warnings(result: Estimate) -> LinearMixedFit[Any]:
    """Wrap an estimate, and warn of what the user should know; called by what the user calls."""
    warn_about_data(result.layout)
    warn_about_optimum(result.verdict)
    return LinearMixedFit(result)
