"""Effect sizes of a generalized fit: shares of the variance on the scale of the link."""

from __future__ import annotations

from ... import effectsize
from ...calls import answers_calls
from ...effectsize import IntraclassCorrelation, RSquared
from ...estimation.generalized import GeneralizedEstimate
from ...options import VarianceMean, VarianceMethod
from ..view import FrameT, View


@answers_calls
class GeneralizedEffectSizes(View[FrameT]):
    """Shares of the variance."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def icc(self, *, method: VarianceMethod | None = None, mean: VarianceMean = "conditional") -> IntraclassCorrelation:
        """Return intraclass correlations on the scale of the link: shares of the grouping factors in the variance.

        Parameters
        ----------
        method : {"theoretical", "observation-level", "delta", "lognormal", "trigamma"}
            How the variance of the family is found: of the latent variable of successes and ordered categories, pi²/3
            (logit), 1 (probit) or pi²/6 (cloglog); or of the observations, with mu the mean of the model without fixed
            effects: Var(y) (d eta/d mu)² by the delta method (``"observation-level"`` is the same); of a log link also
            log(1 + Var(y)/mu²), or trigamma(mu²/Var(y)).  Default: ``"theoretical"`` where there is a latent variable,
            ``"lognormal"`` for a log link, else ``"delta"``; of a Gaussian response with the identity link the residual
            variance.
        mean : {"conditional", "marginal"}
            The mean mu at random effects of zero, as the R package performance up to 0.10 has it; or over the
            population, as in the paper (exp(b0 + variance/2) for a log link) and in MuMIn.

        Returns
        -------
        IntraclassCorrelation
            ``.adjusted``, ``.unadjusted``, ``.by_group``, ``.unadjusted_by_group``.

        Raises
        ------
        OptionError
            For a method that the family and link do not have, or a zero part.

        Notes
        -----
        Nakagawa, Johnson and Schielzeth (2017), tables 1 and 2.  An effect of every single row counts as dispersion.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.icc().adjusted, 4)
        0.1114
        >>> round(fit.icc(method="delta").adjusted, 4)
        0.0401
        """
        return effectsize.generalized_icc(self._estimate, effectsize.VarianceChoice(method, mean))

    def r2(self, *, method: VarianceMethod | None = None, mean: VarianceMean = "conditional") -> RSquared:
        """Return Nakagawa's R² on the scale of the link: what fixed part, and both parts, explain.

        Parameters
        ----------
        method, mean
            How the variance of the family is found, as in ``icc``.

        Returns
        -------
        RSquared
            ``.marginal``, ``.conditional``.

        Raises
        ------
        OptionError
            As ``icc``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.r2().marginal, 4), round(fit.r2().conditional, 4)
        (0.0854, 0.1873)
        """
        return effectsize.generalized_r2(self._estimate, effectsize.VarianceChoice(method, mean))
