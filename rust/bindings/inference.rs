//! Inference about a fit, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::guard;
use super::fit::PyFit;
use super::interrupt::run_interruptible;
use super::rows::PyRows;
use crate::design::RowSource;
use crate::inference;
use crate::inference::robust::Adjustment;
use crate::{Error, Result};

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

/// A fit and the rows it was fitted to, for work on another thread.
fn check_rows(fit: &PyFit, rows: &PyRows) -> Result<()> {
    if rows.0.n_rows() == fit.0.problem.a.n_obs && rows.0.random().len() == fit.0.problem.theta_map.terms.len() {
        return Ok(());
    }
    Err(Error::Design("these are not the rows that the model was fitted to".into()))
}

#[pyfunction]
pub fn cluster_contributions<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    codes: PyReadonlyArray1<'py, u32>,
    n_clusters: usize,
    adjustment: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let codes: Vec<u32> = codes.as_array().iter().copied().collect();
    guard(py, || {
        check_rows(fit, rows.get())?;
        if codes.len() != rows.get().0.n_rows() || codes.iter().any(|&c| c as usize >= n_clusters) {
            return Err(Error::Design("every row needs a cluster".into()));
        }
        Ok(())
    })?;
    let adjustment = guard(py, || Adjustment::parse(adjustment))?;
    let (fit, p) = (fit.0.clone(), fit.0.beta.len());
    let parts = run_interruptible(py, 0, move |stop| {
        inference::robust::clusters(&fit, &rows.get().0, &codes, n_clusters, adjustment, stop)
    })?;
    let out = PyDict::new(py);
    let contributions = parts.contributions.concat().into_pyarray(py).reshape([n_clusters, p])?;
    out.set_item("contributions", contributions)?;
    out.set_item("leverages", matrices(py, parts.leverages, p)?)?;
    out.set_item("variances", matrices(py, parts.variances, p)?)?;
    Ok(out)
}

#[pyfunction]
pub fn row_contributions<'py>(py: Python<'py>, fit: &PyFit, rows: Py<PyRows>) -> PyResult<Bound<'py, PyArray2<f64>>> {
    guard(py, || check_rows(fit, rows.get()))?;
    let (fit, n, p) = (fit.0.clone(), rows.get().0.n_rows(), fit.0.beta.len());
    let out = run_interruptible(py, 0, move |_| inference::row_scores::row_contributions(&fit, &rows.get().0))?;
    out.into_pyarray(py).reshape([n, p])
}

#[pyfunction]
pub fn is_nested(rows: &PyRows, codes: PyReadonlyArray1<'_, u32>) -> bool {
    let codes: Vec<u32> = codes.as_array().iter().copied().collect();
    codes.len() == rows.0.n_rows() && inference::robust::check_nested(&rows.0, &codes).is_ok()
}

/// Per θ the slopes of β and of every term's modes; and the covariance of θ.
#[pyfunction]
pub fn mode_slopes<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyDict>> {
    let fit = fit.0.clone();
    let (n, widths) = (fit.theta.len(), fit.problem.theta_map.terms.iter().map(|t| t.width).collect::<Vec<usize>>());
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
