"""What a posterior tells of the variance: shares of groups, of the fixed part, of sources by level."""

from __future__ import annotations

from ... import posterior
from ...calls import answers_calls
from ..result_table import ResultTable
from ..view import FrameT
from .view import PosteriorView


@answers_calls
class PosteriorVariances(PosteriorView[FrameT]):
    """Intraclass correlations, R², sources of the variance."""

    __slots__ = ()

    def icc(self, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Return the shares of the grouping factors in the variance.

        Parameters
        ----------
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``group``; ``share``: ``adjusted``, of the variance that the fixed part leaves, or ``unadjusted``, of all of
            it; ``mean, sd, conf_low, median, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> post = hlmrs.bayes("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"), draws=500)
        >>> table = post.icc()
        >>> bool(0.3 < table["median"][0] < 0.5)
        True
        """
        return self._shown(
            "Posterior intraclass correlation", posterior.intraclass_table(self._draws, level), level=level
        )

    def r2(self, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Return the shares of the variance that the model explains.

        Parameters
        ----------
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``r2``: ``marginal``, by the fixed part, or ``conditional``, by fixed and random part; ``mean, sd,
            conf_low, median, conf_high``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> post = hlmrs.bayes("Reaction ~ Days + (Days | Subject)", data, draws=500)
        >>> bool(0.7 < post.r2()["mean"][1] < 0.9)
        True
        """
        columns = posterior.explained_table(self._draws, level)
        return self._shown("Posterior R²", columns, level=level)

    def variance_decomposition(self, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Return where the variance is: by source and level.

        Parameters
        ----------
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            ``source, level``, the posterior mean of the ``variance``, and ``mean, sd, conf_low, median, conf_high`` of
            its share of the total.

        Notes
        -----
        Rights and Sterba (2019), Psychol. Methods 24, 309-338.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> post = hlmrs.bayes("Reaction ~ Days + (Days | Subject)", data, draws=500)
        >>> post.variance_decomposition()["source"].to_list()
        ['fixed', 'fixed', 'random mean', 'random slopes', 'residual']
        """
        notes = ["Mean, standard deviation and quantiles are of the share of the total."]
        columns = posterior.decomposition_table(self._draws, level)
        return self._shown("Posterior sources of the variance", columns, level=level, notes=notes)
