"""What a user reads: text and HTML, from tables.  Nothing here computes a statistic.

``record`` holds a report, ``numbers`` writes numbers, ``text`` and ``html`` lay a report out, ``mixed_model`` says what
the report of a fitted model contains.
"""

from .mixed_model import CoefficientRow, GroupSize, ModelFacts, VarianceRow, mixed_model_report
from .record import Column, Report, Table

__all__ = [
    "CoefficientRow",
    "Column",
    "GroupSize",
    "ModelFacts",
    "Report",
    "Table",
    "VarianceRow",
    "mixed_model_report",
]
