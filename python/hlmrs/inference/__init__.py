"""Tests, intervals and other tables of a fit.

Tails and quantiles are the core's, ``largest_statistic`` has that of simultaneous tests; ``degrees_of_freedom`` is the
one entry to tests of L beta; ``robust`` has sandwiches by ``clusters``, ``generalized_robust`` those of generalized
models, and ``uncertainty`` the choice of all these by ``TestOptions``; ``cells`` reads what hypotheses about terms are
made of; ``equations`` tests those of estimating equations, by ``equation_options``, and ``quasi`` has their criteria;
``wald`` has tests and intervals, ``criteria`` AIC and BIC, ``random_effects`` variances and modes,
``random_parameters`` their parameters as users read them, ``residual_parameters`` and ``residual_covariance`` those of
residuals, ``variance_tests`` and ``variance_chi_square`` their tests, ``profiles`` profile likelihood, ``bootstrap``
replicates, of generalized models by ``generalized_bootstrap`` and ``generalized_simulation``, with the counts of
``generalized_poisson``, ``method_comparison`` every method side by side; ``tables`` puts them under broom's names.
"""

from .._core import (
    chi_square_tail,
    f_quantile,
    f_tail,
    studentized_range_quantile,
    studentized_range_tail,
    two_sided_p,
    two_sided_ps,
    two_sided_quantile,
    two_sided_quantiles,
)
from .bootstrap import Bootstrap, draw, draw_statistic, replicates, warn_of_failures
from .cells import CellDesign, CellTerm, cell_design
from .clusters import Clusters, coded_column, coded_labels, lies_within
from .criteria import InformationCriteria, counted_criteria, information_criteria
from .degrees_of_freedom import (
    DDF_METHODS,
    DEFAULT_DDF,
    VCOV_TYPES,
    Uncertainty,
    chosen_ddf,
    contrast_rows,
    joint_test,
    vcov,
)
from .equation_options import EquationOptions
from .equations import chosen_covariance
from .generalized_robust import moves_without_clusters
from .generalized_simulation import simulate_generalized
from .largest_statistic import LargestStatistic
from .method_comparison import method_table
from .profiles import ParameterProfile, parameters, profile_table, profiles, term_names
from .quasi import coefficient_table, glance_of_equations, quasi_criteria, quasi_criteria_table
from .random_effects import (
    RESIDUAL,
    by_part,
    find_effect,
    group_coefficients,
    group_index,
    group_keys,
    mode_variances,
    named_by_part,
    placed_name,
    random_effects,
    random_effects_by_level,
    random_effects_of,
    require_random_effects,
    variance_components,
    variance_shares,
    with_intervals,
)
from .random_parameters import (
    RandomParameter,
    component_errors,
    covariances_of,
    distance_parameter,
    distances_of,
    random_parameters,
)
from .residual_covariance import residual_covariance_table
from .residual_parameters import (
    coefficients_of_deviations,
    dispersion_table,
    dispersion_tests,
    has_residual_parameters,
    is_deviation,
    residual_table,
    residual_values,
)
from .tables import (
    blocks_table,
    coefficients,
    confidence_table,
    criteria_table,
    factor_names,
    fixed_table,
    glance_table,
    part_table,
    random_parameter_table,
    record,
    variance_table,
)
from .uncertainty import (
    DDF_WORDS,
    TestKeywords,
    TestOptions,
    chosen_information,
    chosen_options,
    covariance_matrix,
    ddf_of,
    tests_by_normal,
    uncertainty,
    with_test_keywords,
)
from .variance_chi_square import VarianceChiSquare, variance_chi_squares
from .variance_tests import variance_test_table
from .wald import Wald, check_level, interval, wald

__all__ = [
    "DDF_METHODS",
    "DDF_WORDS",
    "DEFAULT_DDF",
    "RESIDUAL",
    "VCOV_TYPES",
    "Bootstrap",
    "CellDesign",
    "CellTerm",
    "Clusters",
    "EquationOptions",
    "InformationCriteria",
    "LargestStatistic",
    "ParameterProfile",
    "RandomParameter",
    "TestKeywords",
    "TestOptions",
    "Uncertainty",
    "VarianceChiSquare",
    "Wald",
    "blocks_table",
    "by_part",
    "cell_design",
    "check_level",
    "chi_square_tail",
    "chosen_covariance",
    "chosen_ddf",
    "chosen_information",
    "chosen_options",
    "coded_column",
    "coded_labels",
    "coefficient_table",
    "coefficients",
    "coefficients_of_deviations",
    "component_errors",
    "confidence_table",
    "contrast_rows",
    "counted_criteria",
    "covariance_matrix",
    "covariances_of",
    "criteria_table",
    "ddf_of",
    "dispersion_table",
    "dispersion_tests",
    "distance_parameter",
    "distances_of",
    "draw",
    "draw_statistic",
    "f_quantile",
    "f_tail",
    "factor_names",
    "find_effect",
    "fixed_table",
    "glance_of_equations",
    "glance_table",
    "group_coefficients",
    "group_index",
    "group_keys",
    "has_residual_parameters",
    "information_criteria",
    "interval",
    "is_deviation",
    "joint_test",
    "lies_within",
    "method_table",
    "mode_variances",
    "moves_without_clusters",
    "named_by_part",
    "parameters",
    "part_table",
    "placed_name",
    "profile_table",
    "profiles",
    "quasi_criteria",
    "quasi_criteria_table",
    "random_effects",
    "random_effects_by_level",
    "random_effects_of",
    "random_parameter_table",
    "random_parameters",
    "record",
    "replicates",
    "require_random_effects",
    "residual_covariance_table",
    "residual_table",
    "residual_values",
    "simulate_generalized",
    "studentized_range_quantile",
    "studentized_range_tail",
    "term_names",
    "tests_by_normal",
    "two_sided_p",
    "two_sided_ps",
    "two_sided_quantile",
    "two_sided_quantiles",
    "uncertainty",
    "variance_chi_squares",
    "variance_components",
    "variance_shares",
    "variance_table",
    "variance_test_table",
    "vcov",
    "wald",
    "warn_of_failures",
    "with_intervals",
    "with_test_keywords",
]
