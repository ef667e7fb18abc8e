"""Marginal means, contrasts and slopes of the fixed effects, each with its own degrees of freedom.

``variables`` has the variables of the fixed part, ``grid`` makes the reference grid; ``functions`` estimates what is
linear in the coefficients, ``means`` averages the grid by the weights of ``averages``, ``weights`` has the contrasts by
name, ``adjustment`` what several tests at once cost, ``contrasts`` puts them together, ``slopes`` differentiates the
grid and finds where a slope is significant (Johnson and Neyman), ``effects`` averages slopes of the mean response over
the rows, ``parts`` has means that rest on several parts of a model, ``notes`` says what to know of a table, ``adapter``
is for the package marginaleffects.
"""

from .adapter import adapted_model
from .contrasts import (
    RATIOS,
    Compared,
    ContrastChoice,
    Turn,
    contrast_table,
    contrasts_as_functions,
    require_one_predictor,
    turned_back,
)
from .effects import average_effects
from .functions import LinearFunctions, estimates
from .grid import At, Axis, column_values, grid_axes, places_in, variable_names
from .means import marginal_means, means_as_functions
from .notes import held, notes_of_contrasts, notes_of_means, notes_of_regions, notes_of_slopes, of_variables
from .parts import ScaleVariables
from .slopes import covariate, significance_regions, slope_functions, slope_table, slopes_as_functions
from .variables import fixed_variables, interacting_pairs

__all__ = [
    "RATIOS",
    "At",
    "Axis",
    "Compared",
    "ContrastChoice",
    "LinearFunctions",
    "ScaleVariables",
    "Turn",
    "adapted_model",
    "average_effects",
    "column_values",
    "contrast_table",
    "contrasts_as_functions",
    "covariate",
    "estimates",
    "fixed_variables",
    "grid_axes",
    "held",
    "interacting_pairs",
    "marginal_means",
    "means_as_functions",
    "notes_of_contrasts",
    "notes_of_means",
    "notes_of_regions",
    "notes_of_slopes",
    "of_variables",
    "places_in",
    "require_one_predictor",
    "significance_regions",
    "slope_functions",
    "slope_table",
    "slopes_as_functions",
    "turned_back",
    "variable_names",
]
