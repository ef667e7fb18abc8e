"""Wald's chi-square tests of marginal models: those of F with infinite degrees of freedom, as they are known."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..estimation import Estimate
from ..frame import Column
from ..inference import TestOptions
from .tables import anova_table, hypothesis_table


def chi_square_anova(estimate: Estimate, kind: int, options: TestOptions) -> dict[str, Column]:
    """Tabulate a test for every term but the intercept."""
    return _as_chi_square(anova_table(estimate, kind, options))


def chi_square_hypotheses(
    estimate: Estimate, hypotheses: Any, joint: bool | None, options: TestOptions
) -> dict[str, Column]:
    """Tabulate tests of hypotheses, one by one or jointly."""
    table = hypothesis_table(estimate, hypotheses, joint, options)
    return _as_chi_square(table) if "num_df" in table else table


def _as_chi_square(table: Mapping[str, Column]) -> dict[str, Column]:
    """Multiply F by its degrees of freedom; p-values stay as they are."""
    df, f = np.asarray(table["num_df"]), np.asarray(table["statistic"])
    (first, names), *_ = table.items()
    return {first: names, "df": df, "statistic": df * f, "p_value": table["p_value"]}
