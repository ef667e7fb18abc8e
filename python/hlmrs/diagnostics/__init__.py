"""Influence of rows and groups, residuals of groups, and checks of what a fit assumes.

``deletion_sets`` reads what to leave out, ``influence`` leaves it out; ``groups`` has the residuals of groups;
``finding`` is what a check returns, ``plot_data`` what plots draw, ``reused_labels`` a note for reports, and every
other module is a check: of generalized models those in ``generalized_checks`` and ``simulated``.
"""

from .autocorrelation import check_autocorrelation
from .collinearity import check_collinearity
from .finding import Check, ModelCheck
from .generalized_checks import check_generalized, check_overdispersion, check_sparseness
from .generalized_plot_data import GENERALIZED_PANELS, generalized_plot_data, usual_panels
from .group_means import check_heterogeneity_bias
from .groups import group_residual_table
from .homogeneity import check_homogeneity
from .influence import Influence, influence
from .model_check import check_model
from .normality import check_normality
from .optimum import check_convergence, check_random_effects, check_singularity
from .outliers import check_outliers
from .plot_data import PANELS, plot_data
from .reused_labels import reused_labels
from .simulated import Simulated, check_dispersion, check_residuals, check_simulated_outliers, check_zeros, simulated

__all__ = [
    "GENERALIZED_PANELS",
    "PANELS",
    "Check",
    "Influence",
    "ModelCheck",
    "Simulated",
    "check_autocorrelation",
    "check_collinearity",
    "check_convergence",
    "check_dispersion",
    "check_generalized",
    "check_heterogeneity_bias",
    "check_homogeneity",
    "check_model",
    "check_normality",
    "check_outliers",
    "check_overdispersion",
    "check_random_effects",
    "check_residuals",
    "check_simulated_outliers",
    "check_singularity",
    "check_sparseness",
    "check_zeros",
    "generalized_plot_data",
    "group_residual_table",
    "influence",
    "plot_data",
    "reused_labels",
    "simulated",
    "usual_panels",
]
