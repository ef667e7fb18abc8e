//! Inference about a fit, seen from Python.

use numpy::{IntoPyArray, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::fit::PyFit;
use super::interrupt::run_interruptible;
use crate::inference;

fn matrices(py: Python<'_>, blocks: Vec<Vec<f64>>, n: usize) -> PyResult<Bound<'_, PyArray3<f64>>> {
    let count = blocks.len();
    blocks.concat().into_pyarray(py).reshape([count, n, n])
}

#[pyfunction]
pub fn satterthwaite<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyDict>> {
    let (fit, p) = (fit.0.clone(), fit.0.beta.len());
    let parts = run_interruptible(py, 0, move |stop| inference::satterthwaite::satterthwaite(&fit, stop))?;
    let n = parts.derivatives.len();
    let out = PyDict::new(py);
    out.set_item("derivatives", matrices(py, parts.derivatives, p)?)?;
    out.set_item("covariance", parts.covariance.into_pyarray(py).reshape([n, n])?)?;
    out.set_item("n_negative", parts.n_negative)?;
    Ok(out)
}

#[pyfunction]
pub fn kenward_roger<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyDict>> {
    let (fit, p) = (fit.0.clone(), fit.0.beta.len());
    let parts = run_interruptible(py, 0, move |stop| inference::kenward_roger::kenward_roger(&fit, stop))?;
    let n = parts.sandwiches.len();
    let out = PyDict::new(py);
    out.set_item("adjusted", parts.adjusted.into_pyarray(py).reshape([p, p])?)?;
    out.set_item("sandwiches", matrices(py, parts.sandwiches, p)?)?;
    out.set_item("covariance", parts.covariance.into_pyarray(py).reshape([n, n])?)?;
    Ok(out)
}
