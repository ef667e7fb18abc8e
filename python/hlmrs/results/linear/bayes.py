"""The posterior of a linear fit's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ...calls import answers_calls
from ...options import PosteriorMethod
from ...posterior import draw_posterior
from ...priors import Distribution
from ..posterior import Posterior
from ..view import FrameT, View


@answers_calls
class Bayesian(View[FrameT]):
    """Posteriors."""

    __slots__ = ()

    def posterior(
        self,
        priors: Mapping[str, Distribution] | Literal["brms"] | None = None,
        *,
        draws: int = 4000,
        seed: int | None = 1,
        method: PosteriorMethod = "auto",
    ) -> Posterior[FrameT]:
        """Draw from the posterior of the model: its coefficients and random effects are integrated over exactly.

        Parameters
        ----------
        priors : dict or "brms", optional
            Priors by name: of a parameter, as ``confint`` names it (``"Days"``, ``"sd(Days | Subject)"``, ``"sigma"``),
            or of several (``"fixed"``: all coefficients but the intercept; ``"sd"``, ``"sd(Subject)"``; ``"cor"``,
            ``"cor(Subject)"``).  Coefficients take ``Normal`` and ``Flat``.  Default: weakly informative ones in the
            units of the data, which ``.priors()`` shows.  ``"brms"``: those of the R package brms.
        draws : int
            How many draws.
        seed : int, optional
            With the same seed the draws are the same, whatever the number of threads.  None: a new one.
        method : {"auto", "direct", "nuts"}
            Independent draws by importance, or chains by Hamiltonian Monte Carlo; ``"auto"`` draws chains where the
            former cannot be trusted, and says so in ``.verdict``.

        Returns
        -------
        Posterior
            ``.summary()``, ``.draws``, ``.verdict``, ``.hypothesis("x > 0")``, ``.predict(new)``, ``.loo()``.

        Raises
        ------
        OptionError
            For a prior whose name means nothing, or that a parameter cannot have.
        DesignError
            For priors under which there is no posterior, and structures for which it is not offered.

        Notes
        -----
        The posterior is that of the model, whichever criterion the fit had, and of a singular fit too: standard
        deviations near zero are ordinary values.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> post = fit.posterior(priors={"Days": hlmrs.Normal(10, 5)}, draws=1000)
        >>> post.verdict.method, post.verdict.trusted
        ('direct', True)
        >>> bool(9 < post.draws["Days"].mean() < 12)
        True
        """
        return Posterior(draw_posterior(self._estimate, priors, draws, seed, method))
