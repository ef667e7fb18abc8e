"""What every fit with random effects tells of its groups beside the effects themselves."""

from __future__ import annotations

from ...calls import answers_calls
from ..result_table import ResultTable
from ..view import FrameT, View


@answers_calls
class Groups(View[FrameT]):
    """Rankings of groups."""

    __slots__ = ()

    def ranking(self, group: str | None = None, term: str | None = None, *, level: float = 0.95) -> ResultTable[FrameT]:
        """Rank the groups of a factor by one of their random effects, with what is uncertain of the ranks.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the first.
        term : str, optional
            A random effect.  Default: the first of the group.
        level : float
            Probability of the intervals of ranks.

        Returns
        -------
        ResultTable
            A row for each group, from the lowest rank on: the columns that name it, ``term, n`` (rows),
            ``least_squares`` (of the group's own rows, for linear models), ``estimate`` (empirical Bayes: drawn towards
            zero), ``std_error``; of intercepts of generalized models ``mean, mean_low, mean_high``, the mean response
            of the group where the fixed part is the average of all rows, and its interval by the group's effect;
            ``reliability`` (1 - se²/τ²), ``expected_rank`` (1 is the lowest), ``rank_low``, ``rank_high``, and the
            probabilities of ``bottom_quarter`` and ``top_quarter``.

        Raises
        ------
        OptionError
            For a group or a random effect that the model does not have.

        Notes
        -----
        The effects of groups are taken as normal about their modes; ranks are those of 2000 draws with a fixed seed.
        Laird and Louis (1989), J. Educ. Stat. 14, 29; Goldstein and Spiegelhalter (1996), J. R. Stat. Soc. A 159, 385.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", hlmrs.datasets.load("Hsb82", "polars"))
        >>> table = fit.ranking("school")
        >>> table["school"].to_list()[-1], round(table["expected_rank"].to_list()[-1], 1)
        ('3427', 159.4)
        """
        from ...ranking import ranking_table

        columns, title, found = ranking_table(self._estimate, group, term, level)
        return ResultTable(title, columns, self._estimate.kind, level=level, notes=[found])
