"""What a marginal fit tells of its predictors: marginal means, contrasts and slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ... import marginal
from ...calls import answers_calls
from ...errors import choose
from ...inference import EquationOptions
from ...marginal import At, ContrastChoice
from ...options import Adjustment, ContrastMethod, EquationDdf, EquationScale, EquationVcov, MeanWeights
from ..result_table import ResultTable
from ..shared.means import Names, TabledMeans
from ..view import FrameT


@answers_calls
class EquationMeans(TabledMeans[FrameT]):
    """Marginal means, contrasts and slopes."""

    __slots__ = ()

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
    ) -> ResultTable[FrameT]:
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
        ResultTable
            The variables, then ``estimate, std_error, df, conf_low, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception", "dict")
        >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial")
        >>> [round(float(p), 3) for p in fit.emmeans("urban", type="response")["estimate"]]
        [0.342, 0.516]
        """
        scale, how = choose("type", type, get_args(EquationScale)), EquationOptions(vcov=vcov, ddf=ddf, level=level)
        return self._means(specs, by, at, weights, scale, how)

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
        type: EquationScale = "link",
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
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
        ResultTable
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
        how = EquationOptions(vcov=vcov, ddf=ddf, level=level)
        return self._contrasts(specs, by, at, weights, choice, how)

    def slopes(
        self,
        variable: str,
        *,
        by: Names | None = None,
        at: At | None = None,
        weights: MeanWeights = "equal",
        contrast: ContrastMethod | Mapping[str, Any] | None = None,
        adjust: Adjustment = "none",
        type: EquationScale = "link",
        vcov: EquationVcov = "robust",
        ddf: EquationDdf = "normal",
        level: float = 0.95,
    ) -> ResultTable[FrameT]:
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
        ResultTable
            ``term``, the variables of ``by``, then ``estimate, std_error, df, statistic, p_value, conf_low,
            conf_high``; with ``contrast`` as ``contrasts``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age * Sex", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> [round(float(slope), 3) for slope in fit.slopes("age", by="Sex")["estimate"]]
        [0.48, 0.784]
        """
        how = EquationOptions(vcov=vcov, ddf=ddf, level=level)
        scale = choose("type", type, get_args(EquationScale))
        return self._slopes(variable, by, at, weights, contrast, adjust, scale, how)

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
