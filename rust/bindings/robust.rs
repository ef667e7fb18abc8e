//! Robust covariances, seen from Python.

use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::{guard, require};
use super::fit::PyFit;
use super::inference::matrices;
use super::interrupt::run_interruptible;
use super::rows::PyRows;
use crate::Error;
use crate::inference;
use crate::inference::robust::Adjustment;

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
    let fits = codes.len() == rows.get().0.n_rows() && codes.iter().all(|&c| (c as usize) < n_clusters);
    require(py, fits, || Error::Design("every row needs a cluster".into()))?;
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
    let (fit, n, p) = (fit.0.clone(), rows.get().0.n_rows(), fit.0.beta.len());
    let out = run_interruptible(py, 0, move |_| inference::row_scores::row_contributions(&fit, &rows.get().0))?;
    out.into_pyarray(py).reshape([n, p])
}

#[pyfunction]
pub fn is_nested(rows: &PyRows, codes: PyReadonlyArray1<'_, u32>) -> bool {
    let codes: Vec<u32> = codes.as_array().iter().copied().collect();
    codes.len() == rows.0.n_rows() && inference::robust::check_nested(&rows.0, &codes).is_ok()
}
