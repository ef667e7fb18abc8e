"""What a posterior tells of rows: predictions, replicated responses."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ... import posterior
from ...calls import answers_calls
from ...errors import flag_in
from ...frame import build, build_rows, open_frame
from ..fitted import Vector
from ..view import FrameT
from .view import PosteriorView


@answers_calls
class PosteriorPredictions(PosteriorView[FrameT]):
    """Predictions and replicated responses."""

    __slots__ = ()

    def predict(self, new: Any = None, *, level: float = 0.95, include_noise: bool = True) -> FrameT:
        """Predict responses, or their means, with intervals that count all that is uncertain.

        Parameters
        ----------
        new : data frame, optional
            Rows to predict for.  Groups of the fit have their effects, new groups effects from the distribution of
            groups, in every draw.  Default: the rows used in the fit.
        level : float
            Probability of the interval.
        include_noise : bool
            Whether the residual of a new response counts; else intervals are of its mean.  Of a generalized model new
            responses are drawn from the family; of successes their share of the trials, which are those of the rows
            used, the weights of new rows, or one.

        Returns
        -------
        data frame
            ``prediction`` (the mean), ``sd, conf_low, conf_high``; missing where a value is missing.

        Raises
        ------
        DesignError
            With `include_noise`, for new rows of a model whose residuals have parameters of their own.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "pandas"))
        >>> post = fit.posterior(draws=1000)
        >>> two = post.predict({"Batch": ["E", "new"]}, include_noise=False)
        >>> bool(two["prediction"][0] > two["prediction"][1]), bool(two["sd"][1] > two["sd"][0])
        (True, True)
        """
        noise, frame = flag_in("include_noise", include_noise), None if new is None else open_frame(new)
        columns = posterior.prediction_table(self._draws, frame, level, noise=noise)
        return self._table_of_rows(columns) if frame is None else cast("FrameT", build_rows(frame, columns))

    def predict_draws(self, new: Any = None, *, draws: int | None = None, include_noise: bool = True) -> FrameT:
        """Predict responses, or their means, in every draw: what ``predict`` summarizes.

        Parameters
        ----------
        new, include_noise
            As in ``predict``.
        draws : int, optional
            How many; draws of the posterior that are evenly apart.  Default: all.

        Returns
        -------
        data frame
            A row for each row of the data and draw: ``row`` (counted from 0), ``draw`` (from 1; of all draws the rows
            of ``.draws``), ``prediction``.

        Raises
        ------
        DesignError
            With `include_noise`, for new rows of a model whose residuals have parameters of their own.

        Examples
        --------
        The probability that a new sample of batch E is better than one of batch B:

        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=1000)
        >>> drawn = post.predict_draws({"Batch": ["E", "B"]})
        >>> e, b = (drawn["prediction"][drawn["row"] == k] for k in (0, 1))
        >>> bool(0.7 < (e > b).mean() < 0.9)
        True
        """
        noise, frame = flag_in("include_noise", include_noise), None if new is None else open_frame(new)
        drawn = posterior.predicted_draws(self._draws, frame, draws, noise=noise)
        rows, n = drawn.shape
        columns = {
            "row": np.repeat(np.arange(rows), n),
            "draw": np.tile(np.arange(1, n + 1), rows),
            "prediction": drawn.ravel(),
        }
        return self._table(columns) if frame is None else cast("FrameT", build(frame.kind, columns))

    def predictive(self, draws: int = 200) -> Vector:
        """Return responses of the rows used as the model would have them again, in the same groups.

        Parameters
        ----------
        draws : int
            How many; draws of the posterior that are evenly apart.

        Returns
        -------
        array of shape (nobs, draws)
            A column for each.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
        >>> fit.posterior(draws=500).predictive(draws=20).shape
        (30, 20)
        """
        return posterior.replicates(self._draws, draws)

    def prior_predictive(self, n: int = 200) -> Vector:
        """Return responses of the rows used as the model has them by its priors alone: whether these are sensible.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        array of shape (nobs, n)
            A column for each draw of all parameters from their priors.

        Raises
        ------
        DesignError
            Where a prior is flat, random terms or residuals have a structure, or the response is of ordered categories.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
        >>> fit.posterior(draws=100).prior_predictive(50).shape
        (30, 50)
        """
        return posterior.prior_responses(self._draws, n)
