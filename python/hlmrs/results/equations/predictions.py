"""What a marginal fit tells of rows: means, residuals, and what leaving groups out does."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from ... import diagnostics, prediction
from ...calls import answers_calls
from ...errors import OptionError, choose
from ...estimation.marginal import EquationsEstimate
from ...frame import PolarsLazyFrame, open_frame
from ...inference import EquationOptions
from ...options import EquationDdf, EquationInterval, EquationResidual, EquationScale, EquationVcov
from ..fitted import Vector
from ..view import FrameT, View


@answers_calls
class EquationPredictions(View[FrameT]):
    """Means of rows, residuals, and the influence of groups."""

    __slots__ = ()

    _estimate: EquationsEstimate

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
        options = None if interval is None else EquationOptions(vcov=vcov, ddf=ddf, level=level)
        if interval is not None:
            choose("interval", interval, get_args(EquationInterval))
        if isinstance(frame, PolarsLazyFrame):
            return prediction.predict_mean_lazily(self._estimate, frame, scale, given, options)
        if options is None:
            return prediction.predict_mean(self._estimate, frame, scale, given)
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

    def augment(self, newdata: Any = None, *, kind: EquationResidual = "response") -> Any:
        """Return the data with ``.fitted``, ``.resid`` and ``.link``.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to add means to; they have no residuals.  Default: the data of the fit.
        kind : {"response", "pearson"}
            Which residuals are in ``.resid``, as in ``resid``.

        Returns
        -------
        data frame
            Every row of the data with its mean, residual and linear predictor; missing where a row was not used.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "polars"), groups="Subject")
        >>> fit.augment()[".fitted"].round(2).to_list()[:3]
        [22.04, 23.36, 24.68]
        """
        if newdata is not None:
            return prediction.augment_new_means(self._estimate, open_frame(newdata))
        return prediction.augment_mean(self._estimate, self.resid(kind))

    def influence(self) -> FrameT:
        """Return what leaving each group out does to the coefficients, by one step with the working correlation held.

        Returns
        -------
        data frame
            ``level, n_rows, cooks_distance``, then for every coefficient how much it falls without the group.  Cook's
            distance is that of all coefficients together, over their number, by the naive covariance.

        Raises
        ------
        DesignError
            Where a group alone determines a coefficient.

        Notes
        -----
        Preisser and Qaqish (1996).  For a Gaussian response with independent rows the step is exact.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "polars"), groups="Subject")
        >>> table = fit.influence().sort("cooks_distance", descending=True)
        >>> table["level"][0], round(table["age"][0], 3)
        ('F10', -0.008)
        """
        return self._table(diagnostics.group_deletions(self._estimate))
