"""The posterior of a generalized fit's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ...calls import answers_calls
from ...estimation.generalized import GeneralizedEstimate
from ...options import PosteriorMethod
from ...posterior import draw_generalized_posterior
from ...priors import Distribution
from ..posterior import Posterior
from ..view import FrameT, View


@answers_calls
class GeneralizedBayesian(View[FrameT]):
    """Posteriors."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def posterior(
        self,
        priors: Mapping[str, Distribution] | Literal["brms"] | None = None,
        *,
        draws: int = 4000,
        seed: int | None = 1,
        method: PosteriorMethod = "auto",
    ) -> Posterior[FrameT]:
        """Draw from the posterior of the model: coefficients of all parts, and variance parameters.

        Random effects are integrated over: by quadrature, as good as exactly, where the model has one random effect in
        each group of one factor, or the fit has ``nagq=``; else by Laplace's approximation.  ``.verdict`` says which,
        and how far Laplace's log-likelihood is off.

        Parameters
        ----------
        priors : dict or "brms", optional
            Priors by name: of a parameter, as ``confint`` names it (``"x"``, ``"sd((Intercept) | herd)"``,
            ``"zero_inflation:x"``), or of several (``"fixed"``: all coefficients of the mean but the intercept;
            ``"dispersion"``, ``"zero_inflation"``, ``"thresholds"``, ``"scale"``: those of a part; ``"sd"``,
            ``"sd(herd)"``, ``"cor"``).  Coefficients take ``Normal``, ``StudentT``, ``Uniform``, ``Flat``.  Default:
            weakly informative ones on the scale of the link, which ``.priors()`` shows.
        draws, method
            As in ``LinearMixedFit.posterior``.
        seed : int, optional
            With the same seed the draws are the same, with any number of threads.  None: a new one.

        Returns
        -------
        Posterior
            ``.summary()``, ``.draws``, ``.verdict``, ``.hypothesis("x > 0")``, ``.predict(new)``, ``.loo()``.

        Raises
        ------
        OptionError
            For a prior whose name means nothing, or that a parameter cannot have.
        DesignError
            For priors under which there is no posterior, and for fits with ``reml=True`` or ``nagq=0``.
        FitStateError
            For a fit from a file: its rows are gone.

        Notes
        -----
        Random effects are drawn, in every draw, from the normal distribution about their mode.  A ``prior=`` of the fit
        is none of the posterior's.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> post = fit.posterior(draws=500)
        >>> post.verdict.method, bool(post.draws["period4"].mean() < -1)
        ('direct', True)
        """
        return Posterior(draw_generalized_posterior(self._estimate, priors, draws, seed, method))
