"""What pictures show: of each a table, and its words (title, labels, notes, alternative text).  Nothing is drawn here.

``groups`` has pictures of random effects, ``effects`` of the fixed part, ``rows`` of the data, ``checks`` of what the
fit assumes, ``models`` of parameters, ``posteriors`` of draws, ``power`` of planned studies; ``levels`` draws how data
are grouped; ``words`` names and writes.
"""

from .checks import (
    influence_pictures,
    panel_pictures,
    predictive,
    quantiles,
    residual_correlation,
    residual_sd,
    residuals,
)
from .effects import effect, effect_panels, interaction, trajectories
from .groups import caterpillar, ranks, shrinkage
from .levels import levels_picture
from .models import coefficients, profile_pictures, structure, variances
from .posteriors import (
    posterior_densities,
    posterior_intervals,
    posterior_pairs,
    posterior_predictive,
    posterior_priors,
    posterior_ranks,
    posterior_trace,
)
from .rows import by_group, spaghetti, within_between

__all__ = [
    "by_group",
    "caterpillar",
    "coefficients",
    "effect",
    "effect_panels",
    "influence_pictures",
    "interaction",
    "levels_picture",
    "panel_pictures",
    "posterior_densities",
    "posterior_intervals",
    "posterior_pairs",
    "posterior_predictive",
    "posterior_priors",
    "posterior_ranks",
    "posterior_trace",
    "predictive",
    "profile_pictures",
    "quantiles",
    "ranks",
    "residual_correlation",
    "residual_sd",
    "residuals",
    "shrinkage",
    "spaghetti",
    "structure",
    "trajectories",
    "variances",
    "within_between",
]
