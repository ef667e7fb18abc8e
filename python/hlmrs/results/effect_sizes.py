"""Effect sizes of a fit: shares of the variance, reliabilities, standardized coefficients."""

from typing import Any

from .. import effectsize
from ..effectsize import IntervalChoice, IntraclassCorrelation, RSquared
from ..inference import DEFAULT_DDF, TestOptions, uncertainty
from .figures import Figures
from .tables import Tables


class EffectSizes(Tables):
    """How large effects are, and where the variance is."""

    __slots__ = ()

    def icc(
        self, *, interval: str | None = None, level: float = 0.95, n_boot: int = 500, seed: int | None = None
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
        self, *, interval: str | None = None, level: float = 0.95, n_boot: int = 500, seed: int | None = None
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

    def variance_decomposition(self) -> Any:
        """Return where the variance of the response is: by source and level.

        Returns
        -------
        data frame
            ``source`` ("fixed", "random mean", "random slopes", "residual"), ``level`` (a grouping factor, or
            "Residual" for what varies within all groups), ``variance``, ``share`` of the total, ``share_of_level``.

        Notes
        -----
        Rights and Sterba (2019): with one grouping factor the rows are f2, f1, m, v and σ².  With crossed factors the
        fixed part's group effects are fitted together, and what they share is split by their covariance with the whole.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [round(share, 3) for share in fit.variance_decomposition()["share"]]
        [0.0, 0.279, 0.432, 0.089, 0.201]
        """
        return self._frame(effectsize.decomposition_table(self._estimate))

    def variance_reduction(self, null: Figures | None = None) -> Any:
        """Return the proportional reduction of every variance component against a null model.

        Parameters
        ----------
        null : LinearMixedFit, optional
            A model of the same response in the same rows.  Default: an intercept, and a random intercept for every
            grouping factor, which is fitted.

        Returns
        -------
        data frame
            ``group, term, variance_null, variance, reduction``: variances that both models have.  A reduction can be
            negative.

        Notes
        -----
        Raudenbush and Bryk (2002), p. 74.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ meanses + (1 | school)", hlmrs.datasets.load("Hsb82"))
        >>> [round(share, 2) for share in fit.variance_reduction()["reduction"]]
        [0.69, -0.0]
        """
        other = None if null is None else null._estimate
        return self._frame(effectsize.reduction_table(self._estimate, other))

    def reliability(self, *, by_group: bool = False) -> Any:
        """Return how reliably the data tell the groups' coefficients apart: HLM's lambda.

        Parameters
        ----------
        by_group : bool
            Whether to list every group, rather than the averages.

        Returns
        -------
        data frame
            ``group, term, reliability, n_groups`` (those that enter the average: with rows enough for an estimate of
            their own), or ``group, level, term, reliability``.

        Notes
        -----
        Raudenbush and Bryk (2002), eq. 3.58.  With several grouping factors it is one less the share of a coefficient's
        variance that the data leave.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [round(value, 3) for value in fit.reliability()["reliability"]]
        [0.73, 0.815]
        """
        return self._frame(effectsize.reliability_table(self._estimate, by_group=by_group))

    def design_effect(self) -> Any:
        """Return Kish's design effect of every grouping factor.

        Returns
        -------
        data frame
            ``group, n_groups, group_size`` (the mean size that a row sees), ``icc, design_effect, effective_n``.
        """
        return self._frame(effectsize.design_effect_table(self._estimate))

    def standardized(
        self, *, ddf: str = DEFAULT_DDF, level: float = 0.95, vcov: str = "model", cluster: Any = None
    ) -> Any:
        """Return standardized coefficients: in standard deviations of the response, for one of the predictor.

        Parameters
        ----------
        ddf, level, vcov, cluster
            As in ``tidy``.

        Returns
        -------
        data frame
            ``term, estimate, std_error, df, conf_low, conf_high``, without the intercept.  Standard deviations are
            taken as known.
        """
        how = uncertainty(self._estimate, TestOptions(ddf=ddf, vcov=vcov, cluster=cluster))
        return self._frame(effectsize.standardized_table(self._estimate, level, how))
