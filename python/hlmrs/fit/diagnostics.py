"""Diagnostics of a fit: influence, residuals of groups, checks, pictures."""

from collections.abc import Sequence
from typing import Any

from .. import diagnostics
from ..diagnostics import Check, Influence, ModelCheck
from .tables import Tables


class Diagnostics(Tables):
    """What rows and groups do to the fit, and whether what it assumes holds."""

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
            ``.to_frame()`` with Cook's distances, MDFFITS, COVRATIO and likelihood displacements, ``.dfbetas()``,
            ``.estimates()`` and ``.variance_changes()``.

        Raises
        ------
        OptionError
            For a name that is not there, or an unknown method.
        DesignError
            For crossed designs whose trailing block is too large to invert.

        Warns
        -----
        InferenceWarning
            Where a coefficient cannot be estimated without some set.

        Notes
        -----
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

    def check_normality(self) -> Check:
        """Check whether residuals and random effects look normal.

        Returns
        -------
        Check
            Anderson-Darling tests of the rows' studentized residuals and of every random effect over its own standard
            deviation; ``to_frame()`` has ``group, term, n, statistic, p_value, skewness, kurtosis``.

        Notes
        -----
        D'Agostino and Stephens (1986).  A rejection counts only where skewness exceeds 0.5 or excess kurtosis 1.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ cses + (1 | school)", hlmrs.datasets.load("Hsb82"))
        >>> fit.check_normality().verdict
        'no concern'
        """
        return diagnostics.check_normality(self._estimate)

    def check_homogeneity(self, group: str | None = None) -> Check:
        """Check whether the residual variance is the same in all groups, and at all fitted values.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the one with most levels.

        Returns
        -------
        Check
            HLM's H of the groups' own residual variances, Brown and Forsythe's test of the same, and Koenker's of
            squares against fitted values; ``to_frame()`` has ``test, across, statistic, num_df, den_df, p_value``.

        Notes
        -----
        Raudenbush and Bryk (2002), pp. 263-265; Brown and Forsythe (1974); Koenker (1981).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
        >>> fit.check_homogeneity().to_frame()["test"][0]
        'H (Raudenbush-Bryk)'
        """
        return diagnostics.check_homogeneity(self._estimate, group)

    def check_collinearity(self) -> Check:
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
        >>> [round(float(v), 2) for v in fit.check_collinearity().to_frame()["vif"]]
        [1.15, 1.15]
        """
        return diagnostics.check_collinearity(self._estimate)

    def check_singularity(self) -> Check:
        """Check whether the covariances of the random effects have full rank.

        Returns
        -------
        Check
            ``to_frame()`` has the principal components: ``term, component, sd, share``.
        """
        return diagnostics.check_singularity(self._estimate)

    def check_convergence(self) -> Check:
        """Check whether the point that the search ended at is an optimum.

        Returns
        -------
        Check
            ``to_frame()`` has ``status, evaluations, expected_decrease``.
        """
        return diagnostics.check_convergence(self._estimate)

    def check_random_effects(self) -> Check:
        """Check whether the random effects have levels enough, and how much is known of each.

        Returns
        -------
        Check
            ``to_frame()`` has ``group, term, levels, sd, informed``: the share of an effect's variance that the data
            tell of a level, on average.
        """
        return diagnostics.check_random_effects(self._estimate)

    def check_outliers(self) -> Check:
        """Find rows and groups that the model did not expect, counting how many were looked at.

        Returns
        -------
        Check
            ``to_frame()`` has the outliers: ``kind`` ("row" or a grouping factor), ``level`` (of a row its place in the
            data), ``statistic`` (an externally studentized residual, or a squared Mahalanobis distance) and ``p_value``
            by Bonferroni.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.check_outliers().to_frame()["level"].to_list()
        ['56', '59', '7']
        """
        return diagnostics.check_outliers(self._estimate)

    def check_autocorrelation(self, group: str | None = None, *, order: str | None = None) -> Check:
        """Check whether residuals that follow each other within groups are alike.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the one with most levels.
        order : str, optional
            A column of the data that orders the rows of a group, such as time.  Default: as they come.

        Returns
        -------
        Check
            ``to_frame()`` has ``group, order, pairs, correlation, statistic, p_value``; the correlation is beyond what
            fitting makes of independent errors.

        Notes
        -----
        Mean and variance of the products of neighbours, less their share of the squares, follow from the model's own
        matrix H of leverage, as in Durbin and Watson (1950).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.check_autocorrelation(order="Days").verdict
        'look closer'
        """
        return diagnostics.check_autocorrelation(self._estimate, group, order)

    def check_heterogeneity_bias(self) -> Check:
        """Check whether effects of covariates differ within and between groups.

        Returns
        -------
        Check
            Score tests of the covariates' group means; ``to_frame()`` has ``group, term, difference`` (the effect
            between groups less that within, each covariate's alone), ``statistic, df, p_value``.

        Notes
        -----
        Mundlak (1978); Hausman (1978).

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Hsb82")
        >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", data)
        >>> fit.check_heterogeneity_bias().verdict
        'look closer'
        """
        return diagnostics.check_heterogeneity_bias(self._estimate)

    def check_model(self, *, order: str | None = None) -> ModelCheck:
        """Run every check.

        Parameters
        ----------
        order : str, optional
            As in ``check_autocorrelation``, which is left out without it.

        Returns
        -------
        ModelCheck
            ``.checks``, by name ``["normality"]``, and ``.to_frame()`` with ``check, verdict, p_value, finding,
            caveat``; printed, the gravest come first.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.check_model()["convergence"].verdict
        'no concern'
        """
        return diagnostics.check_model(self._estimate, order)

    def plot_diagnostics(
        self, panels: str | Sequence[str] | None = None, *, group: str | None = None, method: str = "one-step"
    ) -> Any:
        """Draw residuals, random effects and influence; needs matplotlib.

        Parameters
        ----------
        panels : str or list of str, optional
            From ``"fitted"``, residuals against fitted values; ``"qq"``, normal quantiles of residuals; ``"scale"``,
            roots of their sizes against fitted values; ``"random"``, every random effect over normal quantiles, with
            95 % intervals; ``"influence"``, Cook's distances of groups.  Default: all.
        group : str, optional
            The grouping factor of ``"influence"``.  Default: the one with fewest levels.
        method : str
            As in ``influence``.

        Returns
        -------
        matplotlib.figure.Figure
            Red lines are running means; labels name the largest.

        Examples
        --------
        >>> import hlmrs
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> figure = fit.plot_diagnostics()
        >>> [axis.get_title() for axis in figure.axes[:2]]
        ['Residuals and fitted values', 'Quantiles of residuals']
        """
        from ..diagnostics.pictures import plot_diagnostics  # matplotlib is loaded when a picture is wanted

        return plot_diagnostics(self._estimate, panels, group, method)
