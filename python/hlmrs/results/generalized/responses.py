"""What a generalized fit tells of the responses it has: residuals, the data with them, simulated ones."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast, get_args

from ... import diagnostics, inference, prediction
from ...calls import answers_calls
from ...control import count, seed_or_new
from ...errors import OptionError, choose
from ...estimation.generalized import GeneralizedEstimate
from ...frame import open_frame
from ...options import QuantileMethod
from ..fitted import Vector
from ..view import FrameT, View

ResidualName: TypeAlias = Literal["response", "pearson", "quantile"]


@answers_calls
class GeneralizedResponses(View[FrameT]):
    """Residuals and simulated responses."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def resid(
        self,
        kind: ResidualName = "response",
        *,
        method: QuantileMethod = "simulated",
        n: int = 250,
        seed: int | None = None,
    ) -> Vector:
        """Return residuals of the rows used.

        Parameters
        ----------
        kind : {"response", "pearson", "quantile"}
            Response (of counts of successes their proportion) minus fitted mean; or divided by the standard deviation
            that family and weight give it; or where the response lies among simulated ones, which is uniform between 0
            and 1 if the model is right (Dunn and Smyth 1996), whatever the family.
        method : {"simulated", "exact"}
            How ``"quantile"`` is found: among responses simulated with new random effects, as DHARMa does; or by the
            distribution function given the fitted ones, at random within a step of it.
        n, seed : int
            Simulated responses for ``"quantile"``, and the seed of what is random.

        Returns
        -------
        array of shape (nobs,)
            The residuals.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(float(fit.resid("pearson").std()), 2)
        1.06
        """
        kind = choose("kind", kind, get_args(ResidualName))
        if kind == "quantile":
            if choose("method", method, get_args(QuantileMethod)) == "exact":
                return prediction.exact_quantile_residuals(self._estimate, seed_or_new(seed))
            return diagnostics.simulated(self._estimate, count("n", n), seed_or_new(seed)).residuals.copy()
        return prediction.generalized_residuals(self._estimate, pearson=kind == "pearson")

    def simulate(self, n: int = 1, *, seed: int | None = None) -> Vector:
        """Simulate new responses to the rows of the fit, with new random effects.

        Parameters
        ----------
        n : int
            How many responses.
        seed : int, optional
            The same seed gives the same numbers.

        Returns
        -------
        array of shape (nobs, n)
            One response a column: of counts of successes the successes, of two levels 0 and 1, of ordered categories
            their number from 1.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.simulate(100, seed=1).shape
        (56, 100)
        """
        return inference.simulate_generalized(self._estimate, count("n", n), seed_or_new(seed))

    def augment(
        self, newdata: Any = None, *, kind: ResidualName | None = None, n: int = 250, seed: int | None = None
    ) -> Any:
        """Return the data with ``.fitted``, ``.resid``, ``.fixed`` and ``.link``.

        Parameters
        ----------
        newdata : data frame, optional
            Rows to add predictions to, where levels of grouping factors may be new: their random effects are zero.
            Default: the data of the fit.
        kind : {"response", "pearson", "quantile"}
            Which residuals are in ``.resid``, as in ``resid``.  Default: ``"response"``, of an ordered response
            ``"quantile"``.
        n, seed : int
            Simulated responses for ``"quantile"``, and their seed.

        Returns
        -------
        data frame
            Every row of the data, with fitted means (of an ordered response expected categories, from 1), residuals,
            means at random effects of zero, and the linear predictor of the mean; missing where a row was not used.
            New data have no residuals.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.augment()[".fitted"].round(3).to_list()[:4]
        [0.308, 0.142, 0.126, 0.084]
        """
        if newdata is not None:
            if kind is not None:
                raise OptionError(f"kind={kind!r}: new data have no residuals; leave kind out")
            return prediction.augment_new(self._estimate, open_frame(newdata))
        default = "quantile" if self._estimate.family.name == "cumulative" else "response"
        residuals = self.resid(kind or cast("ResidualName", default), n=n, seed=seed)
        return prediction.augment_generalized(self._estimate, residuals)
