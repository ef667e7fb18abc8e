"""Estimates of a generalized fit as tables, by the parts of the model."""

from __future__ import annotations

from typing import Literal, TypeAlias, Unpack, get_args

from ... import inference
from ...calls import answers_calls
from ...errors import choose, flag_in
from ...estimation.generalized import GeneralizedEstimate
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import Effects, RandomInterval
from ..view import FrameT, View

Component: TypeAlias = Literal["conditional", "dispersion", "zero_inflation", "thresholds", "scale", "shape", "shape2"]


@answers_calls
class GeneralizedEstimates(View[FrameT]):
    """Tables of estimates, by component."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    @with_test_keywords
    def tidy(
        self,
        effects: Effects = "fixed",
        *,
        conf_int: RandomInterval | None = None,
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
        conf_int : {"wald", "profile", "boot"}, optional
            Intervals of ``"ran_pars"``: by the curvature at the optimum, of the logarithm of standard deviations and of
            Fisher's z of correlations, which have few groups too narrow (linear models); or those of ``confint``.  Any
            of them adds intervals to ``"ran_vals"`` too, by their conditional standard deviations.
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
        component, how = _checked(component), chosen_options(options, tests)
        if effects == "ran_pars":
            own = self._estimate
            return self._table(inference.random_parameter_table(own, component, conf_int=conf_int, level=how.level))
        if effects == "ran_vals":
            return self.ranef(component=component, conf_int=conf_int is not None, level=how.level)
        part = component or "conditional"
        return self._table(inference.part_table(self._estimate, part, how, exponentiate=exponentiate))

    def varcorr(self, *, component: Component | None = None, se: bool = False, full: bool = False) -> FrameT:
        """Return variances, standard deviations and correlations of the random effects, and of a residual.

        Parameters
        ----------
        component : {"conditional", "dispersion", "zero_inflation", "scale"}, optional
            The part of the model whose random effects are tabulated.  Default: all parts that have some.
        se : bool
            As of linear models, whose variances have standard errors; refused here.
        full : bool
            As of linear models: a row for every effect at a place or time, and for every pair.

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
        return self._table(
            inference.variance_table(self._estimate, _checked(component), std_errors=se, full=flag_in("full", full))
        )

    def ranef(
        self,
        group: str | None = None,
        *,
        component: Component | None = None,
        conf_int: bool = False,
        level: float = 0.95,
    ) -> FrameT:
        """Return the random effects: conditional modes and their conditional standard deviations.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: all.
        component : {"conditional", "dispersion", "zero_inflation", "scale"}, optional
            The part of the model whose random effects are tabulated.  Default: all parts that have some.
        conf_int : bool
            Whether to add ``conf_low`` and ``conf_high``: normal intervals by the conditional standard deviations.
        level : float
            Level of these.

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
            table = inference.random_effects(self._estimate, component)
        else:
            table = inference.random_effects_of(self._estimate, group, component)
        return self._table(inference.with_intervals(table, level) if flag_in("conf_int", conf_int) else table)


def _checked(component: Component | None) -> Component | None:
    return None if component is None else choose("component", component, get_args(Component))
