//! Leverage, influence and what checks are made of, seen from Python.

use numpy::{IntoPyArray, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::arrays::copied;
use super::errors::{guard, require};
use super::fit::PyFit;
use super::interrupt::{run_counted, run_interruptible};
use super::parameters::{PyParameter, parameters_of};
use super::rows::PyRows;
use crate::ids::FactorId;
use crate::influence::{self, DeletionMethod, DeletionRequest};
use crate::{Error, Result};

/// Sets of n rows as the core has them: where each begins, and the rows.
pub fn row_sets(
    n: usize,
    ptr: &PyReadonlyArray1<i64>,
    members: &PyReadonlyArray1<u32>,
) -> Result<(Vec<usize>, Vec<u32>)> {
    let ptr: Vec<usize> = ptr.as_array().iter().map(|&p| p.max(0) as usize).collect();
    let members: Vec<u32> = members.as_array().iter().copied().collect();
    let fits = ptr.first() == Some(&0) && ptr.last() == Some(&members.len()) && ptr.is_sorted();
    if !fits || members.iter().any(|&row| row as usize >= n) {
        return Err(Error::Design("sets of rows that are not those of the fit".into()));
    }
    Ok((ptr, members))
}

#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn influence_of<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    ptr: PyReadonlyArray1<'py, i64>,
    members: PyReadonlyArray1<'py, u32>,
    parameters: Vec<PyRef<'py, PyParameter>>,
    method: &str,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (ptr, members) = guard(py, || row_sets(rows.get().0.n_rows(), &ptr, &members))?;
    let method = guard(py, || DeletionMethod::parse(method))?;
    let fit = fit.0.clone();
    let parameters = parameters_of(&fit, &parameters)?;
    let (n, k, p) = (ptr.len() - 1, parameters.len(), fit.beta.len());
    let table = run_counted(py, n_threads, progress, move |done, stop| {
        let request = DeletionRequest { ptr: &ptr, members: &members, method, done, stop };
        influence::influence(&fit, &rows.get().0, &parameters, &request)
    })?;
    let out = PyDict::new(py);
    let how: Vec<&str> = table.iter().map(|m| m.as_ref().map_or("", |m| m.how.name())).collect();
    out.set_item("method", PyList::new(py, how)?)?;
    let column = |value: fn(&influence::deletion::Measures) -> f64| -> Vec<f64> {
        table.iter().map(|m| m.as_ref().map_or(f64::NAN, value)).collect()
    };
    out.set_item("cooks_distance", column(|m| m.cooks_distance).into_pyarray(py))?;
    out.set_item("mdffits", column(|m| m.mdffits).into_pyarray(py))?;
    out.set_item("covratio", column(|m| m.covariance_ratio).into_pyarray(py))?;
    out.set_item("displacement", column(|m| m.displacement).into_pyarray(py))?;
    let values: Vec<f64> =
        table.iter().flat_map(|m| m.as_ref().map_or_else(|| vec![f64::NAN; k], |m| m.values.clone())).collect();
    out.set_item("values", values.into_pyarray(py).reshape([n, k])?)?;
    let errors: Vec<f64> =
        table.iter().flat_map(|m| m.as_ref().map_or_else(|| vec![f64::NAN; p], |m| m.std_errors.clone())).collect();
    out.set_item("std_errors", errors.into_pyarray(py).reshape([n, p])?)?;
    Ok(out)
}

#[pyfunction]
pub fn leverage<'py>(py: Python<'py>, fit: &PyFit, rows: Py<PyRows>, n_threads: usize) -> PyResult<Bound<'py, PyDict>> {
    let fit = fit.plain(py, "leverage")?;
    let found = run_interruptible(py, n_threads, move |stop| influence::leverage(&fit, &rows.get().0, stop))?;
    let out = PyDict::new(py);
    out.set_item("conditional", found.conditional.into_pyarray(py))?;
    out.set_item("fixed", found.fixed.into_pyarray(py))?;
    out.set_item("marginal_variance", found.marginal_variance.into_pyarray(py))?;
    Ok(out)
}

#[pyfunction]
pub fn group_regressions<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    group: usize,
    n_threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let known = group < rows.get().0.factors.len();
    require(py, known, || Error::Design(format!("there is no grouping factor {group}")))?;
    let widths: Vec<usize> =
        rows.get().0.random.iter().filter(|t| t.factor == FactorId(group)).map(|t| t.columns.len()).collect();
    let fit = fit.plain(py, "added variables")?;
    let found = run_interruptible(py, n_threads, move |_| {
        influence::group_regressions::group_regressions(&fit, &rows.get().0, group)
    })?;
    let n = found.df.len();
    let out = PyDict::new(py);
    let coefficients = PyList::empty(py);
    for (values, r) in found.coefficients.into_iter().zip(widths) {
        coefficients.append(values.into_pyarray(py).reshape([n, r])?)?;
    }
    out.set_item("coefficients", coefficients)?;
    out.set_item("rss", found.rss.into_pyarray(py))?;
    out.set_item("df", found.df.into_pyarray(py))?;
    Ok(out)
}

/// Autocorrelation of residuals that follow each other within groups by one step from zero, z, and pairs.
#[pyfunction]
pub fn serial_correlation(
    py: Python<'_>,
    fit: &PyFit,
    rows: Py<PyRows>,
    ptr: PyReadonlyArray1<'_, i64>,
    members: PyReadonlyArray1<'_, u32>,
    n_threads: usize,
) -> PyResult<(f64, f64, usize)> {
    let (ptr, members) = guard(py, || row_sets(rows.get().0.n_rows(), &ptr, &members))?;
    let fit = fit.plain(py, "serial correlation")?;
    let s = run_interruptible(py, n_threads, move |stop| {
        influence::serial::serial(&fit, &rows.get().0, &ptr, &members, stop)
    })?;
    Ok((s.estimate, s.statistic, s.pairs))
}

/// Information and score of columns (n, c) that might be added to X, for σ of one.
#[pyfunction]
pub fn added_columns<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    columns: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let array = columns.as_array();
    let c = array.ncols();
    let columns = array.columns().into_iter().map(|column| copied(py, column)).collect::<PyResult<Vec<_>>>()?;
    let fits = columns.iter().all(|column| column.len() == rows.get().0.n_rows());
    require(py, fits, || Error::Design("a value for every row of the fit is needed".into()))?;
    let fit = fit.plain(py, "regressions of groups")?;
    let found = run_interruptible(py, 0, move |_| influence::added::added(&fit, &rows.get().0, &columns))?;
    let out = PyDict::new(py);
    out.set_item("information", found.information.into_pyarray(py).reshape([c, c])?)?;
    out.set_item("score", found.score.into_pyarray(py))?;
    Ok(out)
}
