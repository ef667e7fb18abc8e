//! Likelihood profiles, seen from Python.

use numpy::{IntoPyArray, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use super::fit::PyFit;
use super::interrupt::run_interruptible;
use super::parameters::{PyParameter, parameters_of};
use crate::inference::profile::profile as trace;

/// Per parameter the estimate, the bounds, and the points (value, zeta).
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn profile<'py>(
    py: Python<'py>,
    fit: &PyFit,
    parameters: Vec<PyRef<'py, PyParameter>>,
    limit: f64,
    n_threads: usize,
) -> PyResult<Vec<(f64, f64, f64, Bound<'py, PyArray2<f64>>)>> {
    let fit = fit.0.clone();
    let parameters = parameters_of(&fit, &parameters)?;
    let profiles = run_interruptible(py, n_threads, move |stop| trace(&fit, &parameters, limit, stop))?;
    profiles
        .into_iter()
        .map(|p| {
            let n = p.points.len();
            let points: Vec<f64> = p.points.iter().flat_map(|&(value, zeta)| [value, zeta]).collect();
            Ok((p.estimate, p.low, p.high, points.into_pyarray(py).reshape([n, 2])?))
        })
        .collect()
}
