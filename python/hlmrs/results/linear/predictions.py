"""What a linear fit tells of rows: predictions, residuals, new responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np
from numpy.typing import ArrayLike

from ... import prediction
from ...calls import answers_calls
from ...control import count, seed_or_new
from ...frame import open_frame
from ...inference import DEFAULT_DDF
from ...options import Ddf, Interval, NewLevels, PredictionScale, ResidualKind, Variances
from ...prediction import Choice
from ..fitted import Vector
from ..view import FrameT, View
from .typing import FurtherOptions, LazyT, NewT

if TYPE_CHECKING:
    import polars


@answers_calls
class LinearPredictions(View[FrameT]):
    """Predictions, residuals and simulated responses."""

    __slots__ = ()

    def resid(self, kind: ResidualKind = "raw", *, marginal: bool = False) -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"raw", "pearson", "standardized", "normalized", "studentized", "externally-studentized"}
            Response minus fitted value; times the root of the weight; and divided by sigma; these uncorrelated, by the
            Cholesky factor of the residuals' covariance in every group in the order of its times (``residual=``;
            Pinheiro and Bates 2000, section 5.2; otherwise as standardized); standardized ones over the root of 1 - h,
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

        Fits whose residuals have parameters (``residual=``, ``dispersion=``) have ``.normalized`` residuals too.

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
        forecast: bool = False,
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
        forecast : bool
            Whether rows of known groups go by the residuals of the rows that the fit knows of their group, as these are
            correlated (``residual=``): to x'b + z'u comes c'R^-1 e, c the covariances with the known residuals e, and
            intervals are of what these leave (Goldberger 1962).  Rows of new groups have no such part; at a time that
            the fit has of the group the residual is the one known there.

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
        choice = Choice(random_effects, new_levels, interval, level, given, variances, ddf, known, type, forecast)
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
