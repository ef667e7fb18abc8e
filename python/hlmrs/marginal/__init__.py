"""Marginal means, contrasts and slopes of the fixed effects, each with its own degrees of freedom.

``grid`` makes the reference grid; ``functions`` estimates what is linear in the coefficients, ``means`` averages the
grid, ``weights`` has the contrasts by name, ``adjustment`` what several tests at once cost, ``contrasts`` puts them
together, ``slopes`` differentiates the grid and finds where a slope is significant (Johnson and Neyman), ``effects``
averages slopes of the mean response over the rows, ``adapter`` is for the package marginaleffects.
"""

from .adapter import adapted_model
from .contrasts import ContrastChoice, contrast_table
from .effects import average_effects
from .grid import At
from .means import marginal_means
from .slopes import significance_regions, slope_table

__all__ = [
    "At",
    "ContrastChoice",
    "adapted_model",
    "average_effects",
    "contrast_table",
    "marginal_means",
    "significance_regions",
    "slope_table",
]
