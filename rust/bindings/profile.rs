//! Likelihood profiles, seen from Python.

use numpy::{IntoPyArray, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::fit::PyFit;
use super::interrupt::run_interruptible;
use crate::fit::{Fit, Parameter};
use crate::inference::profile::profile as trace;

/// `parameters`: ("fixed", column, 0, 0), ("sd", term, column, 0), ("cor", term, row, column), ("sigma", 0, 0, 0).
/// Per parameter the estimate, the bounds, and the points (value, zeta).
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn profile<'py>(
    py: Python<'py>,
    fit: &PyFit,
    parameters: Vec<(String, usize, usize, usize)>,
    limit: f64,
    n_threads: usize,
) -> PyResult<Vec<(f64, f64, f64, Bound<'py, PyArray2<f64>>)>> {
    let fit = fit.0.clone();
    let parameters: Vec<Parameter> = parameters.iter().map(|p| parameter(&fit, p)).collect::<PyResult<_>>()?;
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

/// A parameter from its code.
pub fn parameter(fit: &Fit, (kind, a, b, c): &(String, usize, usize, usize)) -> PyResult<Parameter> {
    let width = |term: usize| fit.model.theta_map.terms.get(term).map_or(0, |t| t.width);
    match kind.as_str() {
        "fixed" if *a < fit.beta.len() => Ok(Parameter::Fixed(*a)),
        "sd" if *b < width(*a) => Ok(Parameter::Sd { term: *a, column: *b }),
        "cor" if *b < width(*a) && c < b => Ok(Parameter::Correlation { term: *a, row: *b, column: *c }),
        "sigma" => Ok(Parameter::Sigma),
        _ => Err(PyValueError::new_err(format!("no parameter {kind} {a} {b} {c}"))),
    }
}
