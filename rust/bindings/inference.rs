//! Inference about a fit, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::fit::PyFit;
use super::interrupt::run_interruptible;
use crate::inference;
use crate::inference::kenward_roger::{Adjustment, Information};

pub fn matrices(py: Python<'_>, blocks: Vec<Vec<f64>>, n: usize) -> PyResult<Bound<'_, PyArray3<f64>>> {
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
    out.set_item("component_slopes", PyArray2::from_vec2(py, &parts.component_slopes)?)?;
    out.set_item("n_negative", parts.n_negative)?;
    Ok(out)
}

/// `information`: "expected", "observed", or None for the one that suits the model.
#[pyfunction]
pub fn kenward_roger<'py>(
    py: Python<'py>,
    fit: &PyFit,
    information: Option<&str>,
    second_order: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (fit, p) = (fit.0.clone(), fit.0.beta.len());
    let information = information.map(|name| match name {
        "observed" => Information::Observed,
        _ => Information::Expected,
    });
    let how = Adjustment { information, second_order };
    let parts = run_interruptible(py, 0, move |stop| inference::kenward_roger::kenward_roger(&fit, how, stop))?;
    let n = parts.sandwiches.len();
    let out = PyDict::new(py);
    out.set_item("adjusted", parts.adjusted.into_pyarray(py).reshape([p, p])?)?;
    out.set_item("sandwiches", matrices(py, parts.sandwiches, p)?)?;
    out.set_item("covariance", parts.covariance.into_pyarray(py).reshape([n, n])?)?;
    Ok(out)
}

/// Per θ the slopes of β and of every term's modes; and the covariance of θ.
#[pyfunction]
pub fn mode_slopes<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyDict>> {
    let fit = fit.plain(py, "slopes of random effects")?;
    let (n, widths) = (fit.theta.len(), fit.model.theta_map.terms.iter().map(|t| t.width).collect::<Vec<usize>>());
    let slopes = run_interruptible(py, 0, move |stop| inference::mode_slopes::mode_slopes(&fit, stop))?;
    let modes: Vec<Vec<Bound<'py, PyArray2<f64>>>> = slopes
        .modes
        .into_iter()
        .map(|terms| {
            let shaped = terms.into_iter().zip(&widths).map(|(b, &r)| {
                let levels = b.len() / r;
                b.into_pyarray(py).reshape([levels, r])
            });
            shaped.collect::<PyResult<_>>()
        })
        .collect::<PyResult<_>>()?;
    let out = PyDict::new(py);
    let beta: Vec<Bound<'py, PyArray1<f64>>> = slopes.beta.into_iter().map(|b| b.into_pyarray(py)).collect();
    out.set_item("beta", beta)?;
    out.set_item("modes", modes)?;
    out.set_item("covariance", slopes.covariance.into_pyarray(py).reshape([n, n])?)?;
    Ok(out)
}
