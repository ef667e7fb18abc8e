"""How certain estimates of a linear fit are: profiles, tests of the random effects, every method side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from ... import inference
from ...calls import answers_calls
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import VarianceTest
from ..result_table import ResultTable
from ..view import FrameT, View


@answers_calls
class LinearInference(View[FrameT]):
    """Profiles, tests of the random effects, and one coefficient by every method."""

    __slots__ = ()

    def profile(self, *, level: float = 0.95, terms: Sequence[str] | None = None) -> FrameT:
        """Return likelihood profiles: zeta, the signed root of the deviance's rise, as each parameter is held.

        Parameters
        ----------
        level : float
            The profiles reach to the bounds of the intervals of this level.
        terms : list of str, optional
            Parameters, as ``confint(method="profile")`` names them.  Default: all.

        Returns
        -------
        data frame
            ``term, value, zeta``, ascending in ``value``.  A straight line is a quadratic likelihood.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> table = fit.profile(terms=["sigma"])
        >>> table.columns, bool(table["value"].is_sorted())
        (['term', 'value', 'zeta'], True)
        """
        return self._table(inference.profile_table(self._estimate, level, terms))

    def ranova(
        self,
        *,
        method: VarianceTest = "mixture",
        n: int | None = None,
        seed: int | None = None,
    ) -> ResultTable[FrameT]:
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
        ResultTable
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
        return self._shown(
            "Tests of the random effects", inference.variance_test_table(self._estimate, method, n, seed)
        )

    @with_test_keywords
    def compare_methods(
        self,
        term: str,
        *,
        n: int = 1000,
        seed: int | None = None,
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return one coefficient by every method side by side, with what each assumes.

        Parameters
        ----------
        term : str
            A coefficient, as in ``coef_names``.
        n, seed : int
            Replicates of the parametric bootstrap, and their seed.
        options, **tests
            ``TestOptions``, or its fields as keywords: the ``level`` of all intervals, and a robust ``vcov`` with its
            ``cluster`` and ``ddf`` in the place of ``CR2``.

        Returns
        -------
        ResultTable
            ``method, estimate, std_error, df, statistic, p_value, conf_low, conf_high, assumes``: a row for each of the
            methods for degrees of freedom of ``tidy``, then ``CR2`` (robust), ``profile`` and ``bootstrap``.  A method
            that does not apply to this model has missing numbers, and ``assumes`` says why.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))
        >>> table = fit.compare_methods("Days", n=100, seed=1)
        >>> for method, low, high in zip(table["method"][:3], table["conf_low"], table["conf_high"]):
        ...     print(f"{method}: {low:.2f} to {high:.2f}")
        satterthwaite: 7.21 to 13.73
        kenward-roger: 7.21 to 13.73
        containment: 7.21 to 13.73
        """
        how = chosen_options(options, tests)
        table = inference.method_table(self._estimate, term, n, seed, how)
        return self._shown(f"{term} by every method", table, level=how.level)
