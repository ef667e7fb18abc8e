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
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<columns::PyColumns>()?;
    module.add_class::<rows::PyRows>()?;
    module.add_class::<model::PyModel>()?;
    module.add_class::<statistics::PyStatistics>()?;
    module.add_class::<statistics::PyFinishedStatistics>()?;
    module.add_class::<levels::PyLevelScan>()?;
    module.add_class::<levels::PyLearner>()?;
    module.add_class::<fit::PyFit>()?;
    module.add_class::<parameters::PyParameter>()?;
    module.add_class::<parameters::PyStructure>()?;
    module.add_class::<encoding::PyEncoding>()?;
    module.add_class::<new_rows::PyNewRows>()?;
    module.add_function(wrap_pyfunction!(levels::py_columns_of_levels, module)?)?;
    module.add_function(wrap_pyfunction!(many::fit_many_py, module)?)?;
    module.add_function(wrap_pyfunction!(values::available_memory, module)?)?;
    module.add_function(wrap_pyfunction!(values::complete_rows, module)?)?;
    module.add_function(wrap_pyfunction!(values::evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(values::term_moments, module)?)?;
    module.add_function(wrap_pyfunction!(inference::satterthwaite, module)?)?;
    module.add_function(wrap_pyfunction!(inference::kenward_roger, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::chi_square_tail, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::f_quantile, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::f_tail, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::largest_statistic_quantile, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::largest_statistic_tail, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::studentized_range_quantile, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::studentized_range_tail, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::two_sided_p, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::two_sided_ps, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::two_sided_quantile, module)?)?;
    module.add_function(wrap_pyfunction!(distribution::two_sided_quantiles, module)?)?;
    module.add_function(wrap_pyfunction!(parameters::structures, module)?)?;
    module.add_function(wrap_pyfunction!(profile::profile, module)?)?;
    module.add_function(wrap_pyfunction!(resample::bootstrap, module)?)?;
    module.add_function(wrap_pyfunction!(resample::jackknife, module)?)?;
    module.add_function(wrap_pyfunction!(resample::null_statistics, module)?)?;
    module.add_function(wrap_pyfunction!(resample::exact_null, module)?)?;
    module.add_function(wrap_pyfunction!(resample::criterion_without_random_effects, module)?)?;
    module.add_function(wrap_pyfunction!(inference::mode_slopes, module)?)?;
    module.add_function(wrap_pyfunction!(robust::cluster_contributions, module)?)?;
    module.add_function(wrap_pyfunction!(robust::row_contributions, module)?)?;
    module.add_function(wrap_pyfunction!(influence::influence_of, module)?)?;
    module.add_function(wrap_pyfunction!(influence::leverage, module)?)?;
    module.add_function(wrap_pyfunction!(influence::group_regressions, module)?)?;
    module.add_function(wrap_pyfunction!(influence::serial_correlation, module)?)?;
    module.add_function(wrap_pyfunction!(influence::added_columns, module)?)?;
    module.add_function(wrap_pyfunction!(robust::is_nested, module)?)?;
    module.add("LARGEST_INVERSE", crate::influence::point::LARGEST_TRAILING)?;
    Ok(())
}
