"""What a posterior tells of groups: their effects, their ranks."""

from __future__ import annotations

from ... import posterior
from ...calls import answers_calls
from ..result_table import ResultTable
from ..view import FrameT
from .view import PosteriorView


@answers_calls
class PosteriorGroups(PosteriorView[FrameT]):
    """Random effects and ranks."""

    __slots__ = ()

    def ranef(self, group: str | None = None, *, level: float = 0.95) -> FrameT:
        """Return the random effects of every group.

        Parameters
        ----------
        group : str, optional
            A grouping factor, whose columns then name the groups.  Default: all.
        level : float
            Probability of the intervals.

        Returns
        -------
        data frame
            ``group, level, effect, mean, sd, conf_low, conf_high``; with `group` its columns in the place of the first
            two.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.posterior(draws=500).ranef("Batch").columns
        ['Batch', 'effect', 'mean', 'sd', 'conf_low', 'conf_high']
        """
        return self._table(posterior.effects_table(self._draws, group, level))

    def ranks(self, group: str | None = None, effect: str | None = None, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Rank the groups of a factor by one of their random effects, in every draw.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.
        effect : str, optional
            A random effect.  Default: the first of the group.
        level : float
            Probability of the intervals.

        Returns
        -------
        ResultTable
            A row for each group, from the lowest mean rank on: the columns that name it, ``effect``; ``mean, sd`` of
            the effect; ``expected_rank`` (1 is the lowest) with its interval ``rank_low, rank_high``, and the
            probabilities of being ``lowest``, in the ``bottom_tenth`` or ``top_tenth`` (of n groups n // 10, at least
            one), and ``highest``.

        Raises
        ------
        OptionError
            For a group or a random effect that the model does not have.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> fit.posterior(draws=500).ranks("Batch")["Batch"].to_list()[-1]
        'E'
        """
        columns, title, again = posterior.ranks_table(self._draws, group, effect, level)
        return self._shown(title, columns, level=level, in_frame_alone=again)
