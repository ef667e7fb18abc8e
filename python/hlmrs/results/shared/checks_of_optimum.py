"""What ``fit.check`` has of fits with random effects, whatever their response."""

from __future__ import annotations

from ... import diagnostics
from ...calls import answers_calls
from ...diagnostics import Check
from ..view import FrameT, View


@answers_calls
class ChecksOfOptimum(View[FrameT]):
    """Whether the search found an optimum that the data determine."""

    __slots__ = ()

    def convergence(self) -> Check:
        """Check whether the point that the search ended at is an optimum.

        Returns
        -------
        Check
            ``to_frame()`` has ``status, evaluations, expected_decrease``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.check.convergence().to_frame()["status"].to_list()
        ['optimum']
        """
        return diagnostics.check_convergence(self._estimate)

    def singularity(self) -> Check:
        """Check whether the covariances of the random effects have full rank.

        Returns
        -------
        Check
            ``to_frame()`` has the principal components: ``term, component, sd, share``; terms of parts beside the mean
            say which.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.check.singularity().to_frame()["share"].round(3).to_list()
        [0.946, 0.054]
        """
        return diagnostics.check_singularity(self._estimate)

    def random_effects(self) -> Check:
        """Check whether the random effects have levels enough, and how much is known of each.

        Returns
        -------
        Check
            ``to_frame()`` has ``group, term, levels, sd, informed``: the share of an effect's variance that the data
            tell of a level, on average; before them ``component``, the part of the model, where others than the mean
            have random effects.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> fit.check.random_effects().to_frame()["informed"].round(2).to_list()
        [0.76, 0.85]
        """
        return diagnostics.check_random_effects(self._estimate)

    def collinearity(self) -> Check:
        """Check how much the fixed effects share: variance inflation by term.

        Returns
        -------
        Check
            ``to_frame()`` has ``term, gvif, df, vif``, the last comparable between terms of several columns.

        Notes
        -----
        Fox and Monette (1992).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ meanses + sector + (1 | school)", hlmrs.datasets.load("Hsb82"))
        >>> [round(float(v), 2) for v in fit.check.collinearity().to_frame()["vif"]]
        [1.15, 1.15]
        """
        return diagnostics.check_collinearity(self._estimate)
