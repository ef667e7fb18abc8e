"""Diagnostics of a fit: influence, residuals of groups, plots."""

from typing import Any

from .. import diagnostics
from ..diagnostics import Influence
from .plots import Plots
from .tables import Tables


class Diagnostics(Tables):
    """What rows and groups do to the fit."""

    __slots__ = ()

    def influence(self, by: Any = None, *, method: str = "one-step") -> Influence:
        """Leave out rows or groups in turn, and return what that changes.

        Parameters
        ----------
        by : str, array, dict or list, optional
            What to leave out: the groups of a grouping factor (crossed or not) or of a column of the data; groups of
            rows with the same label, one label a row; or sets of row positions in the data, as a list or a dictionary.
            Default: each row.
        method : {"one-step", "refit", "fixed-theta"}
            One Newton step in the variance parameters, from the criterion without the rows, in closed form; sets whose
            criterion is too far from a parabola for that are refitted, as ``method`` of the table says.  Or refit all,
            from the sums without the rows, or hold the relative variances.

        Returns
        -------
        Influence
            ``.to_frame()`` with Cook's distances, MDFFITS, for rows DFFITS, COVRATIO and likelihood displacements,
            ``.dfbetas()``, ``.estimates()`` and ``.variance_changes()``.

        Raises
        ------
        OptionError
            For a name that is not there, or an unknown method.
        DataError
            Where memory does not suffice.

        Warns
        -----
        InferenceWarning
            Where a coefficient cannot be estimated without some set.

        Notes
        -----
        With more than 15,000 crossed random effects sets are taken off the sums one after the other, which takes the
        time of a few evaluations of the criterion each; name the sets that matter in ``by``.

        Cook (1977, 1986); Belsley, Kuh and Welsch (1980); Christensen, Pearson and Johnson (1992); Pregibon (1981).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> found = fit.influence("Subject")
        >>> found
        Influence: 18 sets by Subject; largest Cook's distances: 309 (0.149), 335 (0.129), 337 (0.126), ...
        >>> [round(float(d), 2) for d in found.dfbetas()["Days"][:3]]
        [0.45, -0.31, -0.16]
        """
        return diagnostics.influence(self._estimate, by, method)

    def group_residuals(self, group: str | None = None) -> Any:
        """Return the residuals of groups: random effects as predicted, and as their own rows estimate them.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: all.

        Returns
        -------
        data frame
            ``group, level, term``; ``estimate``, the conditional mode (empirical Bayes); ``least_squares``, the
            regression of the group's y - Xb on its own columns, missing where its rows are too few (with several
            grouping factors the others' modes are taken off); ``standardized``, the mode over its own standard
            deviation; ``mahalanobis``, the squared distance of the group's modes from zero, to be compared with a
            chi-square of as many degrees of freedom as it has effects.

        Notes
        -----
        HLM's level-2 residual file (Raudenbush and Bryk 2002).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> table = fit.group_residuals()
        >>> round(float(table["estimate"][1]), 2), round(float(table["least_squares"][1]), 2)
        (9.2, 11.3)
        """
        return self._frame(diagnostics.group_residual_table(self._estimate, group))

    @property
    def plot(self) -> Plots:
        """Plots of the fit: ``fit.plot.diagnostics()`` draws, ``fit.plot.diagnostics.data("qq")`` gives the table."""
        return Plots(self._estimate)
