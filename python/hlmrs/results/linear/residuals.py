"""What a linear fit tells of its residuals: their parameters, and the standard deviation of every row."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import inference, prediction
from ...calls import answers_calls
from ...frame import open_frame
from ..fitted import Vector
from ..view import FrameT, View


@answers_calls
class LinearResiduals(View[FrameT]):
    """Parameters of the residuals."""

    __slots__ = ()

    @property
    def residual_sd(self) -> Vector:
        """Standard deviation of the residual of every row used: sigma, unless weights or the model say otherwise."""
        return self._estimate.residual_sd.copy()

    def residual_sd_at(self, newdata: Any, *, weights: str | ArrayLike | None = None) -> Vector:
        """Return the standard deviations of the residuals of new rows.

        Parameters
        ----------
        newdata : data frame
            Rows with the columns of the fixed part and of the model of the residuals.
        weights : str or array, optional
            Weights of the new rows, as in ``predict``.

        Returns
        -------
        array of shape (rows of newdata,)
            NaN where a value is missing.  Where they depend on fitted values, random effects of new groups are zero.

        Raises
        ------
        DataError
            For a column that is missing, or a level that the fit has no row of.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont", "polars")
        >>> fit = hlmrs.gls("distance ~ age * Sex", data, dispersion="~ Sex")
        >>> fit.residual_sd_at({"age": [9.0, 9.0], "Sex": ["Male", "Female"]}).round(2).tolist()
        [2.32, 2.16]
        """
        frame = open_frame(newdata)
        known = prediction.weights_beside(frame, weights)
        return prediction.residual_sd_frame(self._estimate, frame, known)

    def residual_parameters(self, *, level: float = 0.95) -> FrameT:
        """Return the parameters of the residuals: correlations, and standard deviations by visit or sigma.

        Parameters
        ----------
        level : float
            Level of the intervals: Wald's on a scale on which the parameter has no bounds.

        Returns
        -------
        data frame
            ``parameter, estimate, std_error, conf_low, conf_high``.  ``rho`` of ``car1`` is the correlation at distance
            one.

        Raises
        ------
        DesignError
            For a fit whose residuals have one standard deviation and no correlation.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont", "polars")
        >>> fit = hlmrs.gls("distance ~ age * Sex", data, residual="cs(1 | Subject)")
        >>> fit.residual_parameters()["estimate"].round(3).to_list()
        [0.632, 2.285]
        """
        return self._table(inference.residual_table(self._estimate, level))

    def residual_covariance(self, *, level: str | None = None, correlation: bool = False) -> FrameT:
        """Return the covariance of the residuals of a group: a row and a column for every visit.

        Parameters
        ----------
        level : str, optional
            The level of ``by=`` whose parameters count; by default all, each with its name in the first column.
        correlation : bool
            Whether to give correlations instead.

        Returns
        -------
        data frame
            The visits, by the name of their column or ``visit``; then a column for every visit, or time of the data.
            Before them, where every level of ``by=`` has a covariance of its own, the level.

        Raises
        ------
        DesignError
            For a fit whose residuals are not correlated, or whose standard deviations depend on more than the visit.
        OptionError
            For an unknown level.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Orthodont", "polars")
        >>> fit = hlmrs.gls("distance ~ age * Sex", data, residual="ar1h(factor(age) | Subject)")
        >>> fit.residual_covariance(correlation=True)["8"].round(3).to_list()
        [1.0, 0.633, 0.401, 0.254]
        """
        return self._table(inference.residual_covariance_table(self._estimate, level, correlation))
