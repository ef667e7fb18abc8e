"""What statsmodels calls the results of a fit, and what maketables asks of it: other names for what there is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..calls import answers_calls
from ..effectsize import explained_shares
from ..estimation.marginal import EquationsEstimate
from ..frame import Column, build
from ..inference import EquationOptions, TestOptions, coefficients, interval
from .view import FrameT, View

_OF_MAKETABLES = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
_STATISTICS = {"N": "nobs", "ll": "loglik", "aic": "aic", "bic": "bic", "deviance": "criterion", "qic": "qic"}


@answers_calls
class KnownNames(View[FrameT]):
    """Names that users of statsmodels and maketables know.

    Values by coefficient are a pandas Series where the data came as pandas, else a dictionary.
    """

    __slots__ = ()

    @property
    def params(self) -> Any:
        """Estimates of the fixed effects by name, as ``fixef()``."""
        return self._by_name("estimate")

    @property
    def bse(self) -> Any:
        """Standard errors of the fixed effects by name, as in ``tidy()``."""
        return self._by_name("std_error")

    @property
    def tvalues(self) -> Any:
        """Estimates over their standard errors by name, as ``statistic`` in ``tidy()``."""
        return self._by_name("statistic")

    @property
    def pvalues(self) -> Any:
        """p-values of the fixed effects by name, as in ``tidy()``."""
        return self._by_name("p_value")

    @property
    def fittedvalues(self) -> Any:
        """Fitted means of the rows used, as ``fitted``."""
        return self._estimate.values.fitted.copy()

    @property
    def converged(self) -> bool:
        """Whether the search ended at an optimum, as ``verdict.converged``."""
        return self._estimate.verdict.converged

    @property
    def endog_names(self) -> str:
        """Name of the response; maketables looks for it under this name in what looks like a fit of statsmodels."""
        return self._estimate.layout.response

    def conf_int(self, alpha: float = 0.05) -> Any:
        """Return Wald intervals of the fixed effects, as ``confint(level=1 - alpha)``.

        Parameters
        ----------
        alpha : float
            One less the level.

        Returns
        -------
        data frame
            ``term, conf_low, conf_high``; where the data came as pandas two columns, 0 and 1, by name, as statsmodels.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "pandas"))
        >>> fit.conf_int().loc["Days"].round(2).to_list()
        [7.21, 13.73]
        """
        names, tests = self._tests(1 - alpha)
        low, high = interval(tests.estimate, tests.std_error, tests.df, 1 - alpha)
        if self._estimate.kind != "pandas":
            return self._table({"term": names, "conf_low": low, "conf_high": high})
        import pandas as pd

        return pd.DataFrame({0: low, 1: high}, index=names)

    def _tests(self, level: float) -> Any:
        marginal = isinstance(self._estimate, EquationsEstimate)
        options = EquationOptions(level=level) if marginal else TestOptions(level=level)
        return coefficients(self._estimate, options)

    def _by_name(self, what: str) -> Any:
        names, tests = self._tests(0.95)
        values = getattr(tests, what)
        if self._estimate.kind != "pandas":
            return dict(zip(names, map(float, values), strict=True))
        import pandas as pd

        return pd.Series(values, index=names)

    @property
    def __maketables_coef_table__(self) -> Any:
        """Coefficients as maketables reads them: a pandas frame by name."""
        names, tests = self._tests(0.95)
        columns: dict[str, Column] = {other: getattr(tests, own) for own, other in _OF_MAKETABLES.items()}
        table = build("pandas", columns | {"ci95l": tests.conf_low, "ci95u": tests.conf_high})
        return table.set_axis(names, axis=0)

    def __maketables_stat__(self, key: str) -> Any:
        """Return a statistic of the foot, or None."""
        if key in _STATISTICS:
            return getattr(self, _STATISTICS[key], None)
        if key == "n_clusters":
            return min((len(group.levels) for group in self._estimate.layout.groups), default=None)
        if key not in ("r2", "r2_conditional", "icc") or isinstance(self._estimate, EquationsEstimate):
            return None
        shares = explained_shares(self._estimate)
        values = shares and {"r2": shares.marginal, "r2_conditional": shares.conditional, "icc": shares.icc}
        return None if not values or np.isnan(values[key]) else values[key]

    @property
    def __maketables_depvar__(self) -> str:
        """The response."""
        return self._estimate.layout.response

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return {"r2": "R² marginal", "r2_conditional": "R² conditional", "icc": "ICC", "qic": "QIC"}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        if isinstance(self._estimate, EquationsEstimate):
            return ["N", "qic"]
        return ["N", "n_clusters", "icc", "r2", "r2_conditional", "aic", "bic"]
