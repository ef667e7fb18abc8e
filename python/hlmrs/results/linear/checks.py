"""``fit.check``: whether what a fit assumes holds."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ... import diagnostics, prediction
from ...calls import answers_calls
from ...diagnostics import Check, ModelCheck
from ..shared.checks_of_optimum import ChecksOfOptimum
from ..view import FrameT


@answers_calls
class Checks(ChecksOfOptimum[FrameT]):
    """Whether what the fit assumes holds: called, every check; each check is a method."""

    __slots__ = ()

    def __call__(self, *, order: str | None = None) -> ModelCheck:
        """Run every check.

        Parameters
        ----------
        order : str, optional
            As in ``autocorrelation``, which is left out without it.

        Returns
        -------
        ModelCheck
            ``.checks``, by name ``["normality"]``, and ``.to_frame()`` with ``check, verdict, p_value, finding,
            caveat``; printed, the gravest come first.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.check()["convergence"].verdict
        'no concern'
        """
        return diagnostics.check_model(self._estimate, order)

    def normality(self) -> Check:
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
        >>> fit.check.normality().verdict
        'no concern'
        """
        return diagnostics.check_normality(self._estimate)

    def homogeneity(self, group: str | None = None, *, order: str | ArrayLike | None = None) -> Check:
        """Check whether the residual variance is the same in all groups, at all visits and at all fitted values.

        Parameters
        ----------
        group : str, optional
            A grouping factor.  Default: the one with most levels, or that of the residuals' structure.
        order : str or array-like, optional
            As in ``autocorrelation``: its values are the visits, whose standard deviations are compared; many times
            are parted into six bins.  Default: the times of the residuals' structure, if it has some.

        Returns
        -------
        Check
            HLM's H of the groups' own residual variances, Brown and Forsythe's test of the same and across visits,
            and Koenker's of squares against fitted values; ``to_frame()`` has ``test, across, statistic, num_df,
            den_df, p_value``.  Where standard deviations differ by visit or grow with the mean, the finding names the
            structure or ``dispersion=`` to try.

        Notes
        -----
        Residuals are studentized; where they have parameters they are normalized ones, and there is no H.  Raudenbush
        and Bryk (2002), pp. 263-265; Brown and Forsythe (1974); Koenker (1981).

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("mAch ~ cses + (cses | school)", hlmrs.datasets.load("Hsb82"))
        >>> fit.check.homogeneity().to_frame()["test"][0]
        'H (Raudenbush-Bryk)'
        """
        return diagnostics.check_homogeneity(self._estimate, group, order)

    def outliers(self) -> Check:
        """Find rows and groups that the model did not expect, adjusted for how many were tested.

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
        >>> fit.check.outliers().to_frame()["level"].to_list()
        ['56', '59', '7']
        """
        return diagnostics.check_outliers(self._estimate)

    def autocorrelation(self, group: str | None = None, *, order: str | ArrayLike | None = None) -> Check:
        """Check whether residuals of the same group are correlated beyond what the model has.

        Parameters
        ----------
        group : str, optional
            A grouping factor, or another column.  Default: that of the residuals' structure, or the factor with most
            levels.
        order : str or array-like, optional
            A column of the data that orders the rows of a group, such as time, or its values by row; a pandas Series is
            matched by its index.  Default: the times of the residuals' structure, or as the rows come.

        Returns
        -------
        Check
            The finding names the structure to try, as text for ``residual=``.  ``to_frame()`` has ``group, order,
            pairs, correlation, statistic, p_value``; the correlation is that of the errors, by one step from zero.
            Where residuals have parameters, and without random effects, it has a row for every ``lag``, or bin of
            uneven distances, with the correlation of normalized residuals.

        Notes
        -----
        The structure that is named is the one whose correlations by lag are nearest to those of
        ``plot.residual_correlation``.

        The score test of an autoregression beside the variances of the model (Rao 1948), by the restricted likelihood:
        its information is what theirs leaves. Beyond 600 rows the information is estimated to half a percent, always
        from the same random numbers.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (1 | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> fit.check.autocorrelation(order="Days").verdict
        'look closer'
        """
        return diagnostics.check_autocorrelation(self._estimate, group, order)

    def heterogeneity_bias(self) -> Check:
        """Check whether effects of covariates differ within and between groups.

        Returns
        -------
        Check
            Score tests of the covariates' group means; ``to_frame()`` has ``group, term, difference`` (the contextual
            effect: the effect between groups less that within, each covariate's alone), ``std_error, statistic, df,
            p_value``; the term ``all`` is the joint test of a group's covariates.  Errors are those at the variances of
            this fit, no smaller than in a fit with ``between(x, g)``.

        Notes
        -----
        Mundlak (1978); Hausman (1978).

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Hsb82")
        >>> fit = hlmrs.lmer("mAch ~ ses + (1 | school)", data)
        >>> fit.check.heterogeneity_bias().verdict
        'look closer'
        """
        return diagnostics.check_heterogeneity_bias(self._estimate)

    def leverage(self) -> FrameT:
        """Return how much every row decides its own fitted value.

        Returns
        -------
        data frame
            ``leverage``, the diagonal of the matrix H in fitted = H y, and its parts ``fixed`` and ``random``.  Their
            sums are the effective degrees of freedom of the fit, the number of coefficients, and the difference.

        Raises
        ------
        DesignError
            For crossed designs whose trailing block is too large to invert.

        Notes
        -----
        Hodges and Sargent (2001); Demidenko and Stukel (2005).  ``leverage`` is lme4's ``hatvalues``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
        >>> [round(float(sum(fit.check.leverage()[name])), 2) for name in ("leverage", "fixed", "random")]
        [29.02, 2.0, 27.02]
        """
        found = prediction.leverages(self._estimate)
        h, fixed = found["conditional"], found["fixed"]
        return self._table_of_rows({"leverage": h, "fixed": fixed, "random": h - fixed})

    def group_residuals(self, group: str | None = None) -> FrameT:
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
        >>> table = fit.check.group_residuals()
        >>> round(float(table["estimate"][1]), 2), round(float(table["least_squares"][1]), 2)
        (9.2, 11.3)
        """
        return self._table(diagnostics.group_residual_table(self._estimate, group))
