"""What a posterior tells of rows: predictions, replicated responses."""

from __future__ import annotations

from typing import Any, cast

from ... import posterior
from ...calls import answers_calls
from ...errors import flag_in
from ...frame import build_rows, open_frame
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
            With `include_noise`, for a model whose residuals have parameters of their own.

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
            Where a prior is flat, or random terms or residuals have a structure.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
        >>> fit.posterior(draws=100).prior_predictive(50).shape
        (30, 50)
        """
        return posterior.prior_responses(self._draws, n)
