"""Effect sizes of a linear fit: shares of the variance, standardized coefficients."""

from __future__ import annotations

from typing import Unpack

from ... import effectsize
from ...calls import answers_calls
from ...effectsize import IntervalChoice, IntraclassCorrelation, RSquared
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import BootstrapOnly
from ..result_table import ResultTable
from ..view import FrameT, View


@answers_calls
class LinearEffectSizes(View[FrameT]):
    """Shares of the variance, and coefficients in standard deviations."""

    __slots__ = ()

    def icc(
        self,
        *,
        interval: BootstrapOnly | None = None,
        level: float = 0.95,
        n: int = 500,
        seed: int | None = None,
    ) -> IntraclassCorrelation:
        """Return intraclass correlations: shares of the grouping factors in the variance.

        Parameters
        ----------
        interval : {None, "bootstrap"}
            Percentile intervals of a parametric bootstrap: the model is fitted to ``n`` simulated responses.
        level : float
            Level of the intervals.
        n, seed : int
            Simulated responses, and their seed; for intervals.

        Returns
        -------
        IntraclassCorrelation
            ``.adjusted``, ``.unadjusted``, ``.by_group``, ``.unadjusted_by_group``, ``.intervals``.

        Notes
        -----
        With random slopes a factor's variance is the mean over rows of z'Σz (Johnson 2014).  The residual variance is
        that of a row of weight one.  Where residuals within the groups are correlated (``residual=``) two rows have no
        one correlation, and the shares are NaN.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes"))
        >>> {group: round(share, 3) for group, share in fit.icc().by_group.items()}
        {'batch': 0.154, 'batch:cask': 0.783}
        """
        return effectsize.intraclass_correlation(self._estimate, IntervalChoice(interval, level, n, seed))

    def r2(
        self,
        *,
        interval: BootstrapOnly | None = None,
        level: float = 0.95,
        n: int = 500,
        seed: int | None = None,
    ) -> RSquared:
        """Return Nakagawa's R²: the shares of the variance that fixed part, and both parts, explain.

        Parameters
        ----------
        interval, level, n, seed
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
        return effectsize.r_squared(self._estimate, IntervalChoice(interval, level, n, seed))

    @with_test_keywords
    def standardized(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> ResultTable[FrameT]:
        """Return standardized coefficients: in standard deviations of the response, for one of the predictor.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        ResultTable
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
        how = chosen_options(options, tests)
        table = effectsize.standardized_table(self._estimate, how)
        note = effectsize.note_on_two_values(self._estimate)
        return self._shown("Standardized coefficients", table, level=how.level, notes=[note] if note else [])
