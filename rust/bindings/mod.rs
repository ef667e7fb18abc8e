//! The only room that knows Python: columns and spec in, arrays out.

use pyo3::prelude::*;

mod arrays;
pub mod columns;
pub mod distribution;
pub mod encoding;
pub mod errors;
pub mod expression;
pub mod families;
pub mod fit;
mod forecast;
pub mod gee;
pub mod generalized;
pub mod generalized_resample;
pub mod given_rows;
pub mod inference;
pub mod influence;
pub mod interrupt;
pub mod layout;
pub mod levels;
pub mod machine;
pub mod many;
pub mod model;
pub mod new_rows;
pub mod parameters;
pub mod posterior;
pub mod profile;
pub mod resample;
pub mod residual;
pub mod robust;
pub mod rows;
mod saved;
mod shared;
pub mod statistics;
pub mod values;
mod verdict;

#[cfg(not(any(target_family = "wasm", target_env = "musl")))]
#[global_allocator]
static ALLOCATOR: crate::linalg::allocator::BySize = crate::linalg::allocator::BySize;

/// The extension module `hlmrs._core`.
#[pymodule]
mod _core {
    #[pymodule_export]
    const LARGEST_INVERSE: usize = crate::influence::point::LARGEST_TRAILING;

    #[pymodule_export]
    use super::{
        columns::PyColumns,
        distribution::{
            chi_square_tail, f_quantile, f_tail, largest_statistic_quantile, largest_statistic_tail, noncentral_f_tail,
            noncentral_t_tail, studentized_range_quantile, studentized_range_tail, two_sided_p, two_sided_ps,
            two_sided_quantile, two_sided_quantiles,
        },
        encoding::PyEncoding,
        families::{family_log_densities, family_means, family_predictors, family_variances, threshold_slopes},
        fit::PyFit,
        forecast::{forecast, forecast_slopes_of, new_residual_sd},
        gee::PyEquationsFit,
        generalized::{PyGlmm, PyGlmmFit},
        generalized_resample::{
            generalized_case_bootstrap, generalized_contributions, generalized_influence, generalized_jackknife,
            generalized_refits,
        },
        inference::{kenward_roger, mode_slopes, satterthwaite},
        influence::{added_columns, group_regressions, influence_of, leverage, serial_correlation},
        levels::{PyLearner, PyLevelScan, py_columns_of_levels},
        machine::{available_memory, default_threads, processor_instructions},
        many::fit_many_py,
        model::PyModel,
        new_rows::PyNewRows,
        parameters::{PyParameter, PyStructure, structures},
        posterior::{PyPosterior, leave_out_by_importance, posterior_slots},
        profile::profile,
        resample::{bootstrap, criterion_without_random_effects, exact_null, jackknife, null_statistics},
        residual::{
            normalized_residuals, residual_correlations, residual_limits, residual_log_sd, residual_parameters,
        },
        robust::{cluster_contributions, is_nested, row_contributions},
        rows::PyRows,
        statistics::{PyFinishedStatistics, PyStatistics, strata_model},
        values::{complete_rows, evaluate, evaluate_slope, term_moments},
    };
}
