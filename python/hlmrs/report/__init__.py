"""Reports: which sections they have, and what each states.  Nothing here computes a statistic.

``summary`` lists the sections of a fit's summary, ``sections`` has a function for each, ``cost`` the report of a model
that is not fitted yet, ``prose`` a fit in sentences, ``call`` the code that makes it again; ``equations`` is the
summary of a marginal model, ``description`` the report on grouped data, ``styles`` has the summaries of other packages.
"""

from .call import call_of
from .cost import Cost, cost_of
from .description import describe_data
from .equations import summarize_equations
from .prose import prose
from .sections import data_facts, family_of, part_formulas
from .styles import styled
from .summary import summarize

__all__ = [
    "Cost",
    "call_of",
    "cost_of",
    "data_facts",
    "describe_data",
    "family_of",
    "part_formulas",
    "prose",
    "styled",
    "summarize",
    "summarize_equations",
]
