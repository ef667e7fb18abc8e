"""How large effects are, and where the variance is.

``shares`` has intraclass correlations and R², ``generalized`` those of generalized models, with the family's variance
by ``observation_level``, ``decomposition`` the variance by source and level, ``reliability`` that of random
coefficients, ``coefficients`` standardized coefficients, design effects and reductions of variance; ``either_kind`` has
the shares of a fit of either kind, ``correlated_residuals`` where a share is no correlation.
"""

from .coefficients import (
    design_effect_table,
    note_on_correlated_rows,
    note_on_two_values,
    reduction_table,
    standardized_table,
)
from .decomposition import decomposition_of_draws, decomposition_table
from .either_kind import ExplainedShares, explained_shares
from .generalized import VarianceChoice, generalized_icc, generalized_parts, generalized_r2, parts_on_link
from .reliability import reliability_table
from .shares import (
    IntervalChoice,
    IntraclassCorrelation,
    RSquared,
    explained_by,
    intraclass_correlation,
    parts_of_draws,
    r_squared,
    shares_of,
)

__all__ = [
    "ExplainedShares",
    "IntervalChoice",
    "IntraclassCorrelation",
    "RSquared",
    "VarianceChoice",
    "decomposition_of_draws",
    "decomposition_table",
    "design_effect_table",
    "explained_by",
    "explained_shares",
    "generalized_icc",
    "generalized_parts",
    "generalized_r2",
    "intraclass_correlation",
    "note_on_correlated_rows",
    "note_on_two_values",
    "parts_of_draws",
    "parts_on_link",
    "r_squared",
    "reduction_table",
    "reliability_table",
    "shares_of",
    "standardized_table",
]
