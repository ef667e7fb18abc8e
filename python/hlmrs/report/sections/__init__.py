"""The sections of reports, a function each: what is stated of an estimate, and in which words.

``facts`` come first, then ``random_effects`` and ``coefficients``, and ``notes`` at the end.
"""

from .coefficients import fixed_effects, other_parts, residual_parameters, table_of_tests
from .facts import (
    data_facts,
    family_of,
    group_of,
    method_of,
    model_facts,
    part_formulas,
    rows_used,
    source_of,
    stated,
    success_and_failure,
    variable_labels,
)
from .notes import notes, of_coding, reference_levels
from .random_effects import random_effects

__all__ = [
    "data_facts",
    "family_of",
    "fixed_effects",
    "group_of",
    "method_of",
    "model_facts",
    "notes",
    "of_coding",
    "other_parts",
    "part_formulas",
    "random_effects",
    "reference_levels",
    "residual_parameters",
    "rows_used",
    "source_of",
    "stated",
    "success_and_failure",
    "table_of_tests",
    "variable_labels",
]
