"""``fit.variance``: shares of the variance."""

from __future__ import annotations

from typing import Any

from ... import effectsize
from ...calls import answers_calls
from ..result_table import ResultTable
from ..view import FrameT, View


@answers_calls
class Variances(View[FrameT]):
    """Where the variance of the response is, and how much of it a model takes up."""

    __slots__ = ()

    def decomposition(self) -> ResultTable[FrameT]:
        """Return where the variance of the response is: by source and level.

        Returns
        -------
        ResultTable
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
        >>> [round(share, 3) for share in fit.variance.decomposition()["share"]]
        [0.0, 0.279, 0.432, 0.089, 0.201]
        """
        return self._shown(
            "Variance of the response by source and level", effectsize.decomposition_table(self._estimate)
        )

    def reduction(self, null: View[Any] | None = None) -> ResultTable[FrameT]:
        """Return the proportional reduction of every variance component against a null model.

        Parameters
        ----------
        null : LinearMixedFit, optional
            A model of the same response in the same rows.  Default: an intercept, and a random intercept for every
            grouping factor, which is fitted.

        Returns
        -------
        ResultTable
            ``group, term, variance_null, variance, reduction``: variances that both models have.  A reduction can be
            negative.

        Notes
        -----
        Raudenbush and Bryk (2002), p. 74.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ meanses + (1 | school)", hlmrs.datasets.load("Hsb82"))
        >>> [round(share, 2) for share in fit.variance.reduction()["reduction"]]
        [0.69, -0.0]
        """
        other = None if null is None else null._estimate
        return self._shown(
            "Variance components beside those of the null model", effectsize.reduction_table(self._estimate, other)
        )

    def reliability(self, *, by_group: bool = False) -> ResultTable[FrameT]:
        """Return how reliably the data tell the groups' coefficients apart: HLM's lambda.

        Parameters
        ----------
        by_group : bool
            Whether to list every group, rather than the averages.

        Returns
        -------
        ResultTable
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
        >>> [round(value, 3) for value in fit.variance.reliability()["reliability"]]
        [0.73, 0.815]
        """
        return self._shown(
            "Reliability of the groups' coefficients", effectsize.reliability_table(self._estimate, by_group=by_group)
        )

    def design_effect(self) -> ResultTable[FrameT]:
        """Return Kish's design effect of every grouping factor.

        Returns
        -------
        ResultTable
            ``group, n_groups, group_size`` (the mean size that a row sees), ``icc, design_effect, effective_n``; NaN
            where residuals within the groups are correlated.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> fit.variance.design_effect()["design_effect"].round(2).to_list()
        [6.81]
        """
        notes = effectsize.note_on_correlated_rows(self._estimate)
        return self._shown("Design effects", effectsize.design_effect_table(self._estimate), notes=notes)
