"""Checks of what a fit assumes, in plain words."""

from .. import diagnostics
from ..diagnostics import Check, ModelCheck
from .tables import Tables


class Checks(Tables):
    """Whether what the fit assumes holds."""

    __slots__ = ()

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
            ``to_frame()`` has ``group, order, pairs, correlation, statistic, p_value``; the correlation is that of the
            errors, by one step from zero.

        Notes
        -----
        The score test of an autoregression beside the variances of the model (Rao 1948), by the restricted likelihood:
        its information is what theirs leaves. Beyond 600 rows the information is estimated to half a percent, always
        from the same random numbers.

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
