"""Key figures of a fit: criteria, one row of them all, a record for JSON."""

from __future__ import annotations

from typing import Any, Unpack

from ... import inference
from ...calls import answers_calls
from ...inference import TestKeywords, TestOptions, chosen_options, with_test_keywords
from ...options import CountedParameters, CountedRows
from ..view import FrameT, View


@answers_calls
class KeyFigures(View[FrameT]):
    """Criteria and records."""

    __slots__ = ()

    def information_criteria(self, *, n: CountedRows = "rows", count: CountedParameters = "all") -> FrameT:
        """Return AIC, its correction for few rows, and BIC, by the convention of a package.

        Parameters
        ----------
        n : {"rows", "groups"}
            What the logarithm in BIC counts: rows, as lme4, Stata and ``fit.bic``; or the groups of the outermost
            grouping factor, as SAS and textbooks of growth models.
        count : {"all", "variances"}
            Parameters that count: all, as lme4, Stata and ``fit.aic``; or under REML those of variances alone, as SAS
            and SPSS, since fixed effects are not in the restricted likelihood.

        Returns
        -------
        data frame
            One row: ``n_params`` and ``n`` as counted, ``loglik, aic, aicc, bic``.

        Raises
        ------
        OptionError
            For an unknown convention, or ``count="variances"`` of a fit by maximum likelihood.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "polars"))
        >>> row = fit.information_criteria(n="groups", count="variances").row(0, named=True)
        >>> row["n_params"], row["n"], round(row["bic"], 2)
        (2, 6, 323.24)
        """
        return self._table(inference.criteria_table(self._estimate, n, count))

    def glance(self) -> FrameT:
        """Return the key figures as a frame of one row.

        Returns
        -------
        data frame
            ``nobs, n_params, sigma, loglik, aic, bic, criterion, df_residual, converged, singular``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> figures = fit.glance().row(0, named=True)
        >>> figures["nobs"], figures["n_params"], round(figures["aic"], 2), figures["converged"]
        (180, 6, 1755.63, True)
        """
        return self._table(inference.glance_table(self._estimate))

    @with_test_keywords
    def to_dict(self, *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> dict[str, Any]:
        """Return key figures, verdict, fixed effects and variance components as plain dictionaries and lists.

        Parameters
        ----------
        options, **tests
            How to test: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.

        Returns
        -------
        dict
            Ready for JSON, but for NaN and infinity.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> found = fit.to_dict()
        >>> found["n_groups"], found["verdict"]["status"], found["fixed"][1]["term"]
        ({'Subject': 18}, 'optimum', 'Days')
        """
        return inference.record(self._estimate, chosen_options(options, tests))
