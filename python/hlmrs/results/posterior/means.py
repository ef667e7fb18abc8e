"""What a posterior tells of the fixed part: marginal means, contrasts and slopes, on draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ... import posterior
from ...calls import answers_calls
from ...errors import choose
from ...marginal import At, ContrastChoice
from ...options import ContrastMethod, MeanWeights, PosteriorScale
from ..result_table import ResultTable
from ..shared.means import Names
from ..view import FrameT
from .view import PosteriorView


@answers_calls
class PosteriorMeans(PosteriorView[FrameT]):
    """Marginal means, contrasts and slopes."""

    __slots__ = ()

    def emmeans(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: PosteriorScale = "link",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
        """Return marginal means: predictions on a grid of the fixed part's variables, averaged, in every draw.

        Parameters
        ----------
        specs, by, at, weights
            As in ``LinearMixedFit.emmeans``.
        type : {"link", "response"}
            Means of the linear predictor; or of the response, at random effects of zero, of a generalized model, and
            of a transformed response turned back.
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            The variables, then ``mean, sd, conf_low, median, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"), draws=500)
        >>> post.emmeans("Machine").columns
        ['Machine', 'mean', 'sd', 'conf_low', 'median', 'conf_high']
        """
        scale = choose("type", type, get_args(PosteriorScale))
        columns = posterior.means_table(self._draws, specs, by, at, weights, scale, level)
        return self._shown("Posterior marginal means", columns, level=level)

    def contrasts(
        self,
        specs: Names,
        *,
        by: Names | None = None,
        method: ContrastMethod | Mapping[str, Any] = "pairwise",
        interaction: bool | Mapping[str, Any] = False,
        reference: str | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        type: PosteriorScale = "link",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
        """Return contrasts of marginal means in every draw.

        Parameters
        ----------
        specs, by, method, interaction, reference, at, weights
            As in ``LinearMixedFit.contrasts``.
        type : {"link", "response"}
            Differences of the linear predictor; or, as in ``GeneralizedMixedFit.contrasts``, ratios of means for a log
            link, of odds for a logit link, with the probability ``above_one``, and else differences of means.
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            The variables of ``by``, then ``contrast, mean, sd, conf_low, median, conf_high`` and ``above_zero``, the
            probability that it is positive.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"), draws=500)
        >>> table = post.contrasts("Machine", method="consecutive")
        >>> list(table["contrast"]), min(table["above_zero"]) > 0.99
        (['B - A', 'C - B'], True)
        """
        scale = choose("type", type, get_args(PosteriorScale))
        choice = ContrastChoice(method, interaction, reference, "none", scale)
        columns = posterior.contrasts_table(self._draws, specs, by, at, weights, choice, level)
        return self._shown("Posterior contrasts", columns, level=level)

    def slopes(
        self,
        variable: str,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
        """Return slopes of a covariate in every draw: simple slopes when the model has interactions.

        Parameters
        ----------
        variable, by, at, weights
            As in ``LinearMixedFit.slopes``.
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``term``, the variables of ``by``, then ``mean, sd, conf_low, median, conf_high`` and ``above_zero``, the
            probability that it is positive.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont")
        >>> post = hlmrs.bayes("distance ~ age * Sex + (age | Subject)", data, draws=500)
        >>> [round(slope, 1) for slope in post.slopes("age", by="Sex")["mean"]]
        [0.8, 0.5]
        """
        columns = posterior.slopes_table(self._draws, variable, by, at, weights, level)
        return self._shown(f"Posterior slopes of {variable}", columns, level=level)
