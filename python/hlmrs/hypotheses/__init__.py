"""Tests of terms and of hypotheses about the fixed effects, and comparisons of models.

``terms`` has the hypothesis matrices of types 1, 2 and 3, ``equations`` reads hypotheses, with ``tangents`` of those
that are not linear, ``tables`` tests both, ``chi_square`` in marginal models, ``titles`` says by what; ``nesting`` says
whether a model is a special case of another, by ``part_nesting`` and ``residual_nesting``, ``null_distribution`` what
their likelihood ratio refers to, ``comparison`` compares models, ``quasi_comparison`` marginal ones.
"""

from .chi_square import chi_square_anova, chi_square_hypotheses
from .comparison import comparison_table
from .quasi_comparison import quasi_comparison
from .tables import anova_table, deletion_ratio_table, deletion_table, hypothesis_table, read_equations
from .titles import title_of_deletion_ratios, title_of_deletions, title_of_terms

__all__ = [
    "anova_table",
    "chi_square_anova",
    "chi_square_hypotheses",
    "comparison_table",
    "deletion_ratio_table",
    "deletion_table",
    "hypothesis_table",
    "quasi_comparison",
    "read_equations",
    "title_of_deletion_ratios",
    "title_of_deletions",
    "title_of_terms",
]
