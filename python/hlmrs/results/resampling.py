"""What rests on new data from the fit: the bootstrap, tests of variance components."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import inference
from .tables import Tables


class Resampling(Tables):
    """Replicates of the fit, and tests of its random effects."""

    __slots__ = ()

    def bootstrap(
        self,
        n: int = 1000,
        *,
        kind: str = "parametric",
        statistic: Callable[[Any], Any] | None = None,
        seed: int | None = None,
        cluster: str | Sequence[str] | None = None,
    ) -> "inference.Bootstrap":
        """Fit the model to many new sets of data.

        Parameters
        ----------
        n : int
            Replicates.
        kind : {"parametric", "residual", "case"}
            New random effects and residuals from the model; those of the fit, reflated to the model's covariances and
            drawn with replacement (Carpenter, Goldstein and Rasbash 2003); or whole groups, drawn with replacement: of
            grouping factors that cross, the levels of each, and the rows where those drawn meet.
        statistic : callable, optional
            What to compute from each refit: a function of a fit that returns a number, an array or a dictionary of
            numbers; for ``kind="parametric"``.  Default: every parameter, as ``confint(method="profile")`` names them,
            which is much faster.
        seed : int, optional
            The same seed gives the same replicates, on any number of threads.
        cluster : str or list of str, optional
            The grouping factors whose levels ``kind="case"`` draws, and ``method="bca"`` leaves out.  Default: the
            outermost, all of them where they cross.  Every other factor must be nested in one of them.

        Returns
        -------
        Bootstrap
            ``.draws`` is a frame of the replicates, ``.confint(method=...)`` their intervals.

        Notes
        -----
        Crossed factors: Owen and Eckles (2012), who show that drawing one factor alone understates the variance of an
        estimate, and drawing all of them is mildly conservative.

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
            return inference.draw(self._estimate, n, kind, seed, cluster)
        return inference.draw_statistic(self._estimate, n, kind, seed, lambda e: statistic(type(self)(e)))

    def ranova(
        self,
        *,
        method: str = "mixture",
        n: int | None = None,
        seed: int | None = None,
    ) -> Any:
        """Test the random effects: likelihood ratios of the models without each, right on the boundary.

        A variance cannot be negative, so the usual chi-square is wrong: too large.  A random slope is dropped with its
        covariances, a term with one effect altogether.

        Parameters
        ----------
        method : {"mixture", "simulate"}
            The mixture of chi-squares that is right in large samples for a single effect (for several at once a
            chi-square that is conservative); or the exact distribution where the model has one variance component
            (Crainiceanu and Ruppert 2004), and a parametric bootstrap of both models elsewhere.
        n : int, optional
            Draws.  Default: 10,000 of the exact distribution, 1000 of the bootstrap.
        seed : int, optional
            The same seed gives the same draws, on any number of threads.

        Returns
        -------
        data frame
            ``term, n_params, loglik, aic, statistic, df, p_value, method``: a row for each smaller model; ``df`` are
            the parameters dropped, ``method`` says where the p-value is from.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict"))
        >>> table = fit.ranova()
        >>> float(round(table["p_value"][0], 4)), str(table["method"][0])
        (0.0058, 'mixture of chi-square(0) and (1)')
        """
        return self._frame(inference.variance_test_table(self._estimate, method, n, seed))
