"""Values by row: fitted values, residuals, predictions, simulated responses."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from .. import prediction
from ..errors import OptionError
from ..estimation import new_columns, numeric_array
from ..frame import Column, Frame, PolarsLazyFrame, build, open_frame
from ..inference import DEFAULT_DDF
from ..prediction import Choice
from .figures import Figures, Vector


class ByRow(Figures):
    """What has a value for every row of the fit, or of new data."""

    __slots__ = ()

    @property
    def fitted(self) -> Vector:
        """Fitted values of the rows used, random effects included."""
        return self._estimate.values.fitted.copy()

    def resid(self, kind: str = "raw", *, marginal: bool = False) -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"raw", "pearson", "standardized", "studentized", "externally-studentized"}
            Response minus fitted value; times the root of the weight; and divided by sigma; and by the root of 1 - h,
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

    def leverage(self) -> Any:
        """Return how much every row decides its own fitted value.

        Returns
        -------
        data frame
            ``leverage``, the diagonal of the matrix H in fitted = H y, and its parts ``fixed`` and ``random``.  Their
            sums are the effective degrees of freedom of the fit, the number of coefficients, and the difference.

        Raises
        ------
        DesignError
            For crossed designs whose trailing block is too large to invert.

        Notes
        -----
        Hodges and Sargent (2001); Demidenko and Stukel (2005).  ``leverage`` is lme4's ``hatvalues``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [round(float(sum(fit.leverage()[name])), 2) for name in ("leverage", "fixed", "random")]
        [29.02, 2.0, 27.02]
        """
        found = prediction.leverages(self._estimate)
        h, fixed = found["conditional"], found["fixed"]
        return build(self._estimate.kind, {"leverage": h, "fixed": fixed, "random": h - fixed})

    def augment(self) -> Any:
        """Return the data with ``.fitted``, ``.resid`` and ``.fixed`` (fitted values without random effects).

        Returns
        -------
        data frame
            Every row of the data; the new columns are missing where a row was not used.
        """
        return prediction.augment(self._estimate, self._estimate.frame)

    def predict(
        self,
        newdata: Any = None,
        *,
        random_effects: bool | str | Sequence[str] = True,
        new_levels: str = "error",
        interval: str | None = None,
        level: float = 0.95,
        offset: ArrayLike | None = None,
        variances: str = "estimated",
        ddf: str = DEFAULT_DDF,
    ) -> Any:
        """Predict the response.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to predict for.  Default: the rows used in the fit.
        random_effects : bool, str or list of str
            Whether to use the random effects, or which: names of grouping factors or of random terms.
        new_levels : {"error", "population", "missing"}
            What a level of a grouping factor gets that the fit has not seen: an error, random effects of zero, or no
            prediction.
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
            Degrees of freedom of the intervals, as in ``tidy``.  Intervals for the fixed part alone are those of
            ``emmeans``; with random effects or for new observations there are ``"satterthwaite"`` (of the whole
            variance: Francq, Lin and Hoyer 2019), ``"residual"`` and ``"normal"``.  Satterthwaite's take a pass over
            the new rows for each variance parameter.

        Returns
        -------
        array or data frame
            Predictions, one per row, NaN where a value is missing; with an interval a frame with ``prediction,
            std_error, conf_low, conf_high``.  For a LazyFrame, a LazyFrame with these columns beside its own.  It is a
            query of expressions and of joins on the modes, so that Polars reads what is needed and streams it; a
            function that Polars runs batch by batch are intervals, and groups by a time of day, a duration, or texts of
            which some are ``"1"`` and some ``"1.0"``; with ``offset=`` the rows are collected.

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
        given = None if offset is None else numeric_array("offset", offset)
        choice = Choice(random_effects, new_levels, interval, level, given, variances, ddf)
        if newdata is None:
            if given is not None:
                raise OptionError("offset= is for new data; the rows of the fit have theirs already")
            return _labelled(prediction.predict_rows(self._estimate, choice), choice, self._estimate.kind)
        frame = open_frame(newdata)
        if isinstance(frame, PolarsLazyFrame):
            plain = replace(choice, interval=None, offset=None)
            plan = prediction.lazy_prediction(
                self._estimate, frame.query, choice, lambda rows: self._predict(open_frame(rows), plain)
            )
            if plan is not None:
                return plan
            return frame.extend(
                choice.columns,
                lambda rows: cast("Mapping[str, Column]", self._predict(rows, choice)),
                by_row=given is None,
            )
        return _labelled(self._predict(frame, choice), choice, frame.kind)

    def to_polars_expr(self) -> Any:
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

    def simulate(self, n: int = 1, *, seed: int | None = None) -> Vector:
        """Simulate new responses for the rows used, from the fitted model with new random effects.

        Parameters
        ----------
        n : int
            How many responses.
        seed : int, optional
            The same seed gives the same numbers, on any number of threads.

        Returns
        -------
        array of shape (nobs, n)
            One response a column.
        """
        if n < 1:
            raise OptionError(f"n={n!r}: give a positive whole number")
        entropy = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
        rows = self._estimate.rows
        draws = self._estimate.core.simulate(rows, n, int(entropy))
        offset = rows.offset()
        return draws if offset is None else draws + offset[:, None]

    def _predict(self, frame: Frame, choice: Choice) -> dict[str, Vector]:
        columns = new_columns(self._estimate.request, frame, self._estimate.splines)
        return prediction.predict(self._estimate, columns, choice)


def _labelled(columns: dict[str, Vector], choice: Choice, kind: str) -> Any:
    """Return an array of predictions, or a frame if there are intervals."""
    return build(kind, columns) if choice.interval else columns["prediction"]
