"""What the estimates could have been: the bootstrap."""

from collections.abc import Callable
from typing import Any

from .. import inference
from .figures import Figures


class Resampling(Figures):
    """Replicates of the fit."""

    __slots__ = ()

    def bootstrap(
        self,
        n: int = 1000,
        *,
        kind: str = "parametric",
        statistic: Callable[[Any], Any] | None = None,
        seed: int | None = None,
        cluster: str | None = None,
        progress: bool | None = None,
    ) -> "inference.Bootstrap":
        """Fit the model to many new sets of data.

        Parameters
        ----------
        n : int
            Replicates.
        kind : {"parametric", "residual", "case"}
            New random effects and residuals from the model; those of the fit, reflated to the model's covariances and
            drawn with replacement (Carpenter, Goldstein and Rasbash 2003); or whole groups, drawn with replacement.
        statistic : callable, optional
            What to compute from each refit: a function of a fit that returns a number, an array or a dictionary of
            numbers; for ``kind="parametric"``.  Default: every parameter, as ``confint(method="profile")`` names them,
            which is much faster.
        seed : int, optional
            The same seed gives the same replicates, on any number of threads.
        cluster : str, optional
            The grouping factor that ``kind="case"`` draws, and that ``method="bca"`` leaves out.  Default: the one with
            fewest levels.  All others must be nested in it.
        progress : bool, optional
            Whether to show progress on the standard error.  Default: on a terminal, after two seconds.

        Returns
        -------
        Bootstrap
            ``.draws`` is a frame of the replicates, ``.confint(method=...)`` their intervals.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> boot = fit.bootstrap(200, seed=1)
        >>> boot
        Bootstrap: 200 parametric replicates of 3 parameters, seed 1
        >>> list(boot.confint(level=0.9)["term"])
        ['(Intercept)', 'sd_(Intercept)|Batch', 'sigma']
        """
        if statistic is None:
            return inference.draw(self._estimate, n, kind, seed, cluster, progress)
        return inference.draw_statistic(self._estimate, n, kind, seed, lambda e: statistic(type(self)(e)), progress)
