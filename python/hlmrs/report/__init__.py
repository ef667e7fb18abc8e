"""Reports: which sections they have, and what each states.  Nothing here computes a statistic.

``summary`` lists the sections of a fit's summary, ``sections`` has a function for each, ``cost`` the report of a model
that is not fitted yet.
"""

from .cost import Cost, cost_of
from .equations import summarize_equations
from .summary import summarize

__all__ = ["Cost", "cost_of", "summarize", "summarize_equations"]
