"""Influence of rows and groups, residuals of groups, and checks of what a fit assumes.

``deletion_sets`` reads what to leave out, ``influence`` leaves it out, ``generalized_influence`` and
``equations_influence`` of other fits, ``group_influence`` has what that does by group; ``groups`` has the residuals of
groups.  ``finding`` is what a check returns: ``optimum``, ``normality``, ``homogeneity``, ``outliers``,
``autocorrelation``, ``collinearity`` and ``group_means`` are checks, of generalized models those in
``generalized_checks`` and ``simulated``; ``model_check`` has all at once.  ``series`` has times in groups, ``lags``
correlations by lag, ``joint_lags`` tests of all together, ``lag_pattern`` and ``structure_advice`` what they are like,
``spread`` and ``spread_by`` standard deviations, ``brown_forsythe`` their test.  ``plot_data`` and
``generalized_plot_data`` are what plots draw, ``reused_labels`` and ``sample_size`` notes for reports.
"""

from .autocorrelation import check_autocorrelation
from .collinearity import check_collinearity
from .deletion_sets import RowSets, row_sets
from .equations_influence import group_deletions
from .finding import Check, ModelCheck
from .generalized_checks import check_generalized, check_overdispersion, check_sparseness
from .generalized_plot_data import GENERALIZED_PANELS, generalized_plot_data, usual_panels
from .group_influence import MOST_LEFT_OUT, GroupInfluence, group_influence
from .group_means import check_heterogeneity_bias, large_contextual_effects
from .groups import GroupResiduals, group_residual_table, group_residuals, regressions
from .homogeneity import check_homogeneity, group_deviations
from .influence import Influence, influence
from .lags import Lags, lag_correlations
from .model_check import check_model
from .normality import check_normality
from .optimum import check_convergence, check_random_effects, check_singularity
from .outliers import check_outliers
from .plot_data import PANELS, normal_scores, plot_data
from .reused_labels import reused_labels
from .sample_size import small_samples
from .series import Series, series_of
from .simulated import Simulated, check_dispersion, check_residuals, check_simulated_outliers, check_zeros, simulated
from .spread_by import Spread, spread_by

__all__ = [
    "GENERALIZED_PANELS",
    "MOST_LEFT_OUT",
    "PANELS",
    "Check",
    "GroupInfluence",
    "GroupResiduals",
    "Influence",
    "Lags",
    "ModelCheck",
    "RowSets",
    "Series",
    "Simulated",
    "Spread",
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
    "group_deletions",
    "group_deviations",
    "group_influence",
    "group_residual_table",
    "group_residuals",
    "influence",
    "lag_correlations",
    "large_contextual_effects",
    "normal_scores",
    "plot_data",
    "regressions",
    "reused_labels",
    "row_sets",
    "series_of",
    "simulated",
    "small_samples",
    "spread_by",
    "usual_panels",
]
