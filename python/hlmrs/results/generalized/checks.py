"""``fit.check`` of a generalized fit: whether what it assumes holds."""

from __future__ import annotations

from ... import diagnostics
from ...calls import answers_calls
from ...control import count, seed_or_new
from ...diagnostics import Check, ModelCheck, Simulated
from ...estimation.generalized import GeneralizedEstimate
from ..shared.checks_of_optimum import ChecksOfOptimum
from ..view import FrameT


@answers_calls
class GeneralizedChecks(ChecksOfOptimum[FrameT]):
    """Whether what the fit assumes holds: called, every check; each check is a method."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    def __call__(self, *, n: int = 250, seed: int | None = None) -> ModelCheck:
        """Run every check that the family has.

        Parameters
        ----------
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        ModelCheck
            ``.checks``, by name ``["dispersion"]``, and ``.to_frame()`` with ``check, verdict, p_value, finding,
            caveat``; printed, the gravest come first.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> [check.name for check in fit.check(seed=1).checks][:4]
        ['convergence', 'singularity', 'random effects', 'residuals']
        """
        return diagnostics.check_generalized(self._estimate, self._simulated(n, seed))

    def residuals(self, *, n: int = 250, seed: int | None = None) -> Check:
        """Check whether quantile residuals are uniform between 0 and 1: Kolmogorov and Smirnov's test.

        Parameters
        ----------
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        Check
            ``to_frame()`` has ``statistic, p_value``.

        Notes
        -----
        Dunn and Smyth (1996); as DHARMa (Hartig 2022), random effects are drawn anew.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.residuals(seed=1).verdict
        'no concern'
        """
        return diagnostics.check_residuals(self._estimate, self._simulated(n, seed))

    def dispersion(self, *, n: int = 250, seed: int | None = None) -> Check:
        """Check whether responses spread as much about their expectation as simulated ones.

        Parameters
        ----------
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        Check
            ``to_frame()`` has ``ratio, p_value``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.dispersion(seed=1).verdict
        'no concern'
        """
        return diagnostics.check_dispersion(self._estimate, self._simulated(n, seed))

    def zeros(self, *, n: int = 250, seed: int | None = None) -> Check:
        """Check whether there are as many zeros as in simulated responses; for counts.

        Parameters
        ----------
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        Check
            ``to_frame()`` has ``observed, expected, p_value``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.zeros(seed=1).to_frame()["observed"].to_list()
        [22.0]
        """
        return diagnostics.check_zeros(self._estimate, self._simulated(n, seed))

    def outliers(self, *, n: int = 250, seed: int | None = None) -> Check:
        """Count the responses that lie outside of all simulated ones.

        Parameters
        ----------
        n, seed : int
            Simulated responses of each row, and their seed.

        Returns
        -------
        Check
            ``to_frame()`` has these rows: ``row, response, lowest, highest``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.outliers(seed=1).name
        'outliers'
        """
        return diagnostics.check_simulated_outliers(self._estimate, self._simulated(n, seed))

    def overdispersion(self) -> Check:
        """Compare Pearson's chi-square with its degrees of freedom; for families without a dispersion.

        Returns
        -------
        Check
            ``to_frame()`` has ``statistic, df, ratio, p_value``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.overdispersion().to_frame()["df"].to_list()
        [51.0]
        """
        return diagnostics.check_overdispersion(self._estimate)

    def sparseness(self) -> Check:
        """Look for levels of the fixed part's factors with few responses of a kind, such as few successes.

        Returns
        -------
        Check
            ``to_frame()`` has ``variable, level, n_rows, rarest, count``.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.check.sparseness().to_frame()["count"].to_list()
        [61.0, 17.0, 14.0, 7.0]
        """
        return diagnostics.check_sparseness(self._estimate)

    def _simulated(self, n: int, seed: int | None) -> Simulated:
        return diagnostics.simulated(self._estimate, count("n", n), seed_or_new(seed))
