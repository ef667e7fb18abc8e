"""Tests of the terms of a generalized fit, by Wald or by likelihood ratio."""

from __future__ import annotations

from typing import Literal, TypeAlias, Unpack, get_args

from ... import hypotheses
from ...calls import answers_calls
from ...errors import OptionError, choose
from ...estimation.generalized import GeneralizedEstimate
from ...estimation.penalty import has_prior
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ..result_table import ResultTable
from ..view import FrameT, View

DeletionTest: TypeAlias = Literal["wald", "lr"]


@answers_calls
class GeneralizedDeletions(View[FrameT]):
    """Tests of terms that could be dropped."""

    __slots__ = ()

    _estimate: GeneralizedEstimate

    @with_test_keywords
    def drop1(
        self,
        *,
        method: DeletionTest = "wald",
        options: TestOptions | None = None,
        **tests: Unpack[TestKeywords],
    ) -> ResultTable[FrameT]:
        """Return a test for every term of the fixed part that could be dropped alone.

        Parameters
        ----------
        method : {"wald", "lr"}
            Wald's test; or the likelihood ratio of the fit and the fit without the term, to the same rows.
        options, **tests
            How to test: ``TestOptions``, or its fields as keywords; for ``"wald"``.

        Returns
        -------
        ResultTable
            Wald's tests as ``anova``; likelihood ratios with ``term, df, loglik, aic, chisq, p_value``, log-likelihood
            and AIC of the fit without the term.  Main effects stay while their interaction is there.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "polars")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> table = fit.drop1(method="lr")
        >>> table["df"].to_list(), table["chisq"].round(2).to_list()
        ([3.0], [25.61])
        """
        method = choose("method", method, get_args(DeletionTest), {"LRT": "lr", "Chisq": "lr"})
        how = chosen_options(options, tests)
        if method == "wald":
            return self._shown(
                hypotheses.title_of_deletions(self._estimate, how), hypotheses.deletion_table(self._estimate, how)
            )
        if how.vcov != "model":
            raise OptionError(f"vcov={how.vcov!r}: likelihood ratios take no covariance; it belongs to method='wald'")
        if has_prior(self._estimate):
            raise OptionError("method='lr' is of maximum likelihood, and the fit has a prior; use method='wald'")
        title = hypotheses.title_of_deletion_ratios(self._estimate)
        return self._shown(title, hypotheses.deletion_ratio_table(self._estimate))
