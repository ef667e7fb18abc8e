"""Tests, intervals and other tables of a fit.

Tails and quantiles are the core's, ``largest_statistic`` has that of simultaneous tests; ``degrees_of_freedom`` is
the one entry to tests of L beta, with ``containment`` by counting; ``robust`` has sandwiches by ``clusters``,
``generalized_robust`` those of generalized models, and ``uncertainty`` the choice of all these by ``TestOptions``;
``cells`` reads what hypotheses about terms are made of; ``equations`` tests those of estimating equations, by
``equation_options``, and ``quasi`` has their criteria; ``wald`` has tests and intervals, ``criteria`` AIC and BIC,
``random_effects`` variances and modes, ``variance_tests`` their tests, ``profiles`` profile likelihood, ``bootstrap``
replicates, of generalized models by ``generalized_bootstrap`` and ``generalized_simulation``, ``method_comparison``
every method side by side; ``tables`` puts them under broom's names.
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
from .clusters import Clusters, coded_column, coded_labels
from .criteria import InformationCriteria, information_criteria
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
from .generalized_simulation import simulate_generalized
from .largest_statistic import LargestStatistic
from .method_comparison import method_table
from .profiles import parameters, profile_table, term_names
from .quasi import QuasiCriteria, coefficient_table, glance_of_equations, quasi_criteria
from .random_effects import (
    RESIDUAL,
    group_coefficients,
    mode_variances,
    random_effects,
    random_effects_of,
    variance_components,
    variance_shares,
)
from .tables import (
    blocks_table,
    coefficients,
    confidence_table,
    factor_names,
    fixed_table,
    glance_table,
    part_table,
    random_parameter_table,
    record,
    variance_table,
)
from .uncertainty import (
    TestKeywords,
    TestOptions,
    chosen_options,
    covariance_matrix,
    ddf_of,
    tests_by_normal,
    uncertainty,
    with_test_keywords,
)
from .variance_tests import variance_test_table
from .wald import Wald, check_level, interval, wald

__all__ = [
    "DDF_METHODS",
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
    "QuasiCriteria",
    "TestKeywords",
    "TestOptions",
    "Uncertainty",
    "Wald",
    "blocks_table",
    "cell_design",
    "check_level",
    "chi_square_tail",
    "chosen_covariance",
    "chosen_ddf",
    "chosen_options",
    "coded_column",
    "coded_labels",
    "coefficient_table",
    "coefficients",
    "confidence_table",
    "contrast_rows",
    "covariance_matrix",
    "ddf_of",
    "draw",
    "draw_statistic",
    "f_quantile",
    "f_tail",
    "factor_names",
    "fixed_table",
    "glance_of_equations",
    "glance_table",
    "group_coefficients",
    "information_criteria",
    "interval",
    "joint_test",
    "method_table",
    "mode_variances",
    "parameters",
    "part_table",
    "profile_table",
    "quasi_criteria",
    "random_effects",
    "random_effects_of",
    "random_parameter_table",
    "record",
    "replicates",
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
    "variance_components",
    "variance_shares",
    "variance_table",
    "variance_test_table",
    "vcov",
    "wald",
    "warn_of_failures",
    "with_test_keywords",
]
