//! The only room that knows Python: columns and spec in, arrays out.

use pyo3::prelude::*;

pub mod columns;
pub mod distribution;
pub mod encoding;
pub mod errors;
pub mod expression;
pub mod fit;
pub mod given_rows;
pub mod inference;
pub mod influence;
pub mod interrupt;
pub mod layout;
pub mod levels;
pub mod many;
pub mod model;
pub mod new_rows;
pub mod parameters;
pub mod profile;
pub mod resample;
pub mod robust;
pub mod rows;
mod saved;
pub mod statistics;
pub mod values;

/// The extension module `hlmrs._core`.
#[pymodule]
mod _core {
    #[pymodule_export]
    const LARGEST_INVERSE: usize = crate::influence::point::LARGEST_TRAILING;

    #[pymodule_export]
    use super::columns::PyColumns;
    #[pymodule_export]
    use super::distribution::{
        chi_square_tail, f_quantile, f_tail, largest_statistic_quantile, largest_statistic_tail,
        studentized_range_quantile, studentized_range_tail, two_sided_p, two_sided_ps, two_sided_quantile,
        two_sided_quantiles,
    };
    #[pymodule_export]
    use super::encoding::PyEncoding;
    #[pymodule_export]
    use super::fit::PyFit;
    #[pymodule_export]
    use super::inference::{kenward_roger, mode_slopes, satterthwaite};
    #[pymodule_export]
    use super::influence::{added_columns, group_regressions, influence_of, leverage, serial_correlation};
    #[pymodule_export]
    use super::levels::{PyLearner, PyLevelScan, py_columns_of_levels};
    #[pymodule_export]
    use super::many::fit_many_py;
    #[pymodule_export]
    use super::model::PyModel;
    #[pymodule_export]
    use super::new_rows::PyNewRows;
    #[pymodule_export]
    use super::parameters::{PyParameter, PyStructure, structures};
    #[pymodule_export]
    use super::profile::profile;
    #[pymodule_export]
    use super::resample::{bootstrap, criterion_without_random_effects, exact_null, jackknife, null_statistics};
    #[pymodule_export]
    use super::robust::{cluster_contributions, is_nested, row_contributions};
    #[pymodule_export]
    use super::rows::PyRows;
    #[pymodule_export]
    use super::statistics::{PyFinishedStatistics, PyStatistics};
    #[pymodule_export]
    use super::values::{available_memory, complete_rows, evaluate, evaluate_slope, term_moments};
}
