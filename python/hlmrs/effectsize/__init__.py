"""How large effects are, and where the variance is.

``shares`` has intraclass correlations and R², ``generalized`` those of generalized models, ``decomposition`` the
variance by source and level, ``reliability`` that of random coefficients, ``coefficients`` standardized coefficients,
design effects and reductions of variance.
"""

from .coefficients import design_effect_table, reduction_table, standardized_table
from .decomposition import decomposition_table
from .generalized import generalized_icc, generalized_r2
from .reliability import reliability_table
from .shares import IntervalChoice, IntraclassCorrelation, RSquared, intraclass_correlation, r_squared

__all__ = [
    "IntervalChoice",
    "IntraclassCorrelation",
    "RSquared",
    "decomposition_table",
    "design_effect_table",
    "generalized_icc",
    "generalized_r2",
    "intraclass_correlation",
    "r_squared",
    "reduction_table",
    "reliability_table",
    "standardized_table",
]
