"""Predictions of a generalized fit, as numbers or as an expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from numpy.typing import ArrayLike

from ... import prediction
from ...calls import answers_calls
from ...control import count, seed_or_new
from ...errors import choose, flag_in
from ...estimation.generalized import GeneralizedEstimate
from ...frame import Frame, PolarsLazyFrame, build_rows, open_frame
from ...options import Interval, NewLevels
from ..fitted import Vector
from ..view import FrameT, View

if TYPE_CHECKING:
    import polars

PredictionType: TypeAlias = Literal["response", "link", "conditional", "zprob", "disp", "prob", "class"]


@answers_calls
class GeneralizedPredictions(View[FrameT]):
    """Predictions."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def predict(
        self,
        newdata: Any = None,
        *,
        random_effects: bool | str | Sequence[str] = True,
        new_levels: NewLevels = "error",
        type: PredictionType = "response",
        offset: ArrayLike | None = None,
        marginal: bool = False,
        interval: Interval | None = None,
        level: float = 0.95,
        weights: str | ArrayLike | None = None,
        n: int = 1000,
        seed: int | None = None,
    ) -> Any:
        """Predict.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to predict for.  Default: the rows used in the fit.
        random_effects : bool, str or list of str
            Whether to use the random effects, or which: names of grouping factors or of random terms.  Without them a
            prediction is that at random effects of zero, and not the mean over the population.
        new_levels : {"error", "population", "missing"}
            What a level of a grouping factor gets that the fit has not seen: an error, random effects of zero, or no
            prediction.
        type : {"response", "link", "conditional", "zprob", "disp", "prob", "class"}
            The mean of the response; the linear predictor; the mean without the zero part and without truncation; the
            probability of a zero of the zero part; the dispersion; of an ordered response the probability of each
            category (a column each), and the most probable one.  The ``"response"`` of an ordered response is the
            expected number of its category, from 1.
        offset : array, optional
            To add to the linear predictor of the mean, one number per new row.  Needed where the offset of the fit was
            an array, which belongs to its rows; an offset that is a column is read from the new data.
        marginal : bool
            Whether to average over the random effects of the mean, and not to use those of the groups: the mean over
            the population, by quadrature.  For the types that are means or probabilities.
        interval : {"confidence", "prediction"}, optional
            An interval of the mean at random effects of zero (``random_effects=False``) or over the population
            (``marginal=True``), with standard errors by the delta method, which for the population count the
            estimation of the variances.  Or of a new response: quantiles of ``n`` responses drawn from the model with
            parameters drawn from the distribution of their estimates, random effects of known groups about their modes,
            and those of new groups, or left out, from the distribution of groups; ``std_error`` is the standard
            deviation of these responses.
        level : float
            Probability of the interval.
        weights : str or array, optional
            Of new responses that are proportions the trials of every new row, and their column.  Default: the column of
            the new data that weighted the fit, or one trial; rows of the fit have theirs.
        n, seed : int
            Responses drawn for ``interval="prediction"``; the same seed gives the same numbers.

        Returns
        -------
        array or data frame
            With an interval ``prediction, std_error, conf_low, conf_high``, for ``"prob"`` a column for each category
            under its name, else one number per row; NaN where a value is missing.  For a LazyFrame, a LazyFrame with a
            column ``prediction`` beside its own, for ``"prob"`` one for each category, ``prediction_...``: where Polars
            has the functions a query of expressions and of joins on the modes, else computed batch by batch.

        Raises
        ------
        DataError
            For a level that the fit has not seen, unless ``new_levels`` says what it gets; or a column that is missing.
        OptionError
            For an unknown choice, a type that the model does not have, or new rows without the offset that they need.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> new = {"period": ["1", "4"], "herd": ["3", "3"]}
        >>> [round(float(p), 3) for p in fit.predict(new)]
        [0.27, 0.071]
        """
        type = choose("type", type, get_args(PredictionType))
        frame, marginal = None if newdata is None else open_frame(newdata), flag_in("marginal", marginal)
        given = prediction.beside(frame, "offset", offset)
        trials = None if weights is None else prediction.weights_beside(frame, weights)
        if interval is not None:
            if prediction.require_interval(interval, random_effects, marginal=marginal) == "confidence":
                columns = prediction.predict_interval(self._estimate, frame, type, given, level, marginal=marginal)
            else:
                effects = (random_effects, choose("new_levels", new_levels, get_args(NewLevels)), given, marginal)
                drawn = prediction.ResponseChoice(*effects, level, trials, count("n", n), seed_or_new(seed))
                columns = prediction.predict_responses(self._estimate, frame, type, drawn)
            return self._table_of_rows(columns) if frame is None else build_rows(frame, columns)
        how = prediction.GeneralizedChoice(random_effects, new_levels, type, given, marginal)
        found = prediction.predict_generalized_frame(self._estimate, frame, how)
        prediction.check_weights(trials, found)
        return found if type != "prob" or isinstance(frame, PolarsLazyFrame) else self._by_category(found, frame)

    def _by_category(self, probabilities: Vector, frame: Frame | None) -> Any:
        """Make a table of the probabilities of categories, row by row."""
        columns = dict(zip(self._estimate.categories, probabilities.T.copy(), strict=True))
        return self._table_of_rows(columns) if frame is None else build_rows(frame, columns)

    def to_polars_expr(self, *, type: PredictionType = "response", category: str | None = None) -> polars.Expr:
        """Return a prediction at random effects of zero as a Polars expression on the columns of the data.

        Parameters
        ----------
        type : {"response", "link", "conditional", "zprob", "disp", "prob"}
            As in ``predict``.
        category : str, optional
            Of an ordered response the category whose probability is returned; for ``"prob"``.

        Returns
        -------
        polars.Expr
            What ``predict(random_effects=False, type=...)`` gives; null where a value is missing; a level of a fixed
            variable that the fit has not seen is an error of Polars.

        Raises
        ------
        OptionError
            For what Polars has no function for, such as the normal distribution of a probit link; or another type.
        DesignError
            For a part with splines of what is learned from the rows.

        Examples
        --------
        >>> import hlmrs
        >>> import polars as pl
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> scored = data.lazy().with_columns(expected=fit.to_polars_expr()).head(2).collect()
        >>> scored["expected"].round(3).to_list()
        [0.198, 0.084]
        """
        return prediction.generalized_expression(
            self._estimate, choose("type", type, get_args(PredictionType)), category
        )
