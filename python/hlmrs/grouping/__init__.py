"""Grouped data before any model: units and levels, nesting and crossing, and every variable by level.

``variables`` reads columns and makes grouping factors, ``units`` finds how these lie in each other, ``spread`` where a
variable is constant and how much of it lies between units, ``diagram`` draws the levels, ``reused`` finds labels that
begin anew in every group; ``description`` puts all together.
"""

from .description import Description, describe_frame, unit_table, variable_table
from .diagram import content, count_range, diagram
from .reused import is_reused
from .spread import Spread, icc
from .units import ROWS, Grouping, Level, Pairing
from .variables import Variable, read_variables

__all__ = [
    "ROWS",
    "Description",
    "Grouping",
    "Level",
    "Pairing",
    "Spread",
    "Variable",
    "content",
    "count_range",
    "describe_frame",
    "diagram",
    "icc",
    "is_reused",
    "read_variables",
    "unit_table",
    "variable_table",
]
