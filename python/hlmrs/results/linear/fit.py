"""The fitted linear mixed model, and new fits from it."""

from __future__ import annotations

from typing import Any, Unpack, get_args

from numpy.typing import ArrayLike

from ... import inference
from ...calls import answers_calls
from ...errors import OptionError, choose
from ...estimation import (
    Changes,
    Estimate,
    change_request,
    estimate,
    reestimate,
    refit_response,
    warn_about_data,
    warn_about_optimum,
)
from ...estimation.streaming import adapted, appended
from ...frame import open_frame
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import Effects, LinearComponent, RandomInterval
from ..likelihood import FittedModel
from ..pictures import Plots
from ..view import FrameT
from .bayes import Bayesian
from .checks import Checks
from .effect_sizes import LinearEffectSizes
from .inference import LinearInference
from .predictions import LinearPredictions
from .residuals import LinearResiduals
from .variances import Variances as VarianceShares


@answers_calls
class LinearMixedFit(
    LinearPredictions[FrameT],
    LinearEffectSizes[FrameT],
    LinearInference[FrameT],
    LinearResiduals[FrameT],
    Bayesian[FrameT],
    FittedModel[FrameT],
):
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

    @with_test_keywords
    def tidy(
        self,
        effects: Effects = "fixed",
        *,
        component: LinearComponent = "conditional",
        conf_int: RandomInterval | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> FrameT:
        """Return estimates as a table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations of the random effects; or the random effects themselves.
        component : {"conditional", "dispersion"}
            The model of the mean, or that of the logarithm of the residual standard deviation (``dispersion=``), whose
            intercept is the logarithm of sigma; tests of the latter refer to the normal distribution.
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
        component = choose("component", component, get_args(LinearComponent))
        if component == "conditional":
            return super().tidy(effects, conf_int=conf_int, options=options, **tests)
        if effects != "fixed":
            raise OptionError("component='dispersion': a linear model has no random effects of the dispersion")
        return self._table(inference.dispersion_table(self._estimate, chosen_options(options, tests).level))

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
    if not result.is_plain:
        warn_about_data(result.layout)
        warn_about_optimum(result.verdict)
    return LinearMixedFit(result)
