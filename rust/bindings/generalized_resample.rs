//! Refits of a generalized model, and what clusters contribute to it, seen from Python.

use std::sync::atomic::AtomicBool;

use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::copied;
use super::errors::guard;
use super::generalized::PyGlmmFit;
use super::influence::row_sets;
use super::interrupt::{run_counted, run_interruptible};
use super::parameters::{PyParameter, chosen_parameters};
use crate::Result;
use crate::fit::GlmmFit;
use crate::inference::generalized_scores::cluster_contributions;
use crate::influence::generalized::{Sets, WithoutRows, without_rows};
use crate::resample::generalized::{Refits, to_drawn_groups, to_responses, without_groups};

/// Where responses of refits come from.
enum Source {
    Responses(Vec<Vec<f64>>),
    /// Grouping factors, and how many draws of their levels by which seed.
    Drawn(Vec<usize>, usize, u64),
    WithoutGroups(Vec<usize>),
}

/// The parameters of the fits to responses, a column each: (columns, parameters), NaN where there is no optimum.  Calls
/// `progress(done)` now and then.
#[pyfunction]
pub fn generalized_refits<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    parameters: Vec<PyRef<'py, PyParameter>>,
    responses: PyReadonlyArray2<'py, f64>,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let responses = responses.as_array();
    if responses.nrows() != fit.0.model.rows.n {
        return Err(PyValueError::new_err("responses need a value for every row"));
    }
    let columns = responses.columns().into_iter().map(|column| column.to_vec()).collect();
    refits(py, fit, parameters, Source::Responses(columns), n_threads, progress)
}

/// The same of levels of grouping factors, drawn with replacement.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what makes the draws")]
pub fn generalized_case_bootstrap<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    parameters: Vec<PyRef<'py, PyParameter>>,
    clusters: Vec<usize>,
    n: usize,
    seed: u64,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    refits(py, fit, parameters, Source::Drawn(known(fit, clusters)?, n, seed), n_threads, progress)
}

/// The same without each level of the grouping factors in turn, factor by factor.
#[pyfunction]
pub fn generalized_jackknife<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    parameters: Vec<PyRef<'py, PyParameter>>,
    clusters: Vec<usize>,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    refits(py, fit, parameters, Source::WithoutGroups(known(fit, clusters)?), n_threads, progress)
}

/// The contributions of clusters, within which all groups lie, to the coefficients of all parts: (clusters, coefficients).
#[pyfunction]
pub fn generalized_contributions<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    clusters: PyReadonlyArray1<'py, u32>,
    n_clusters: usize,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (fit, clusters) = (fit.0.clone(), copied(py, clusters.as_array())?);
    if clusters.len() != fit.model.rows.n || clusters.iter().any(|&c| c as usize >= n_clusters) {
        return Err(PyValueError::new_err("every row needs a cluster"));
    }
    let count = fit.model.n_user();
    let work = move |stop: &AtomicBool| cluster_contributions(&fit, &clusters, n_clusters, stop);
    run_interruptible(py, n_threads, work)?.concat().into_pyarray(py).reshape([n_clusters, count])
}

/// Estimates without sets of rows: set k has `members[ptr[k]:ptr[k + 1]]`; by one step, or refits.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what a deletion takes")]
pub fn generalized_influence<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    ptr: PyReadonlyArray1<'py, i64>,
    members: PyReadonlyArray1<'py, u32>,
    parameters: Vec<PyRef<'py, PyParameter>>,
    by_steps: bool,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let fit = fit.0.clone();
    let (ptr, members) = guard(py, || row_sets(fit.model.rows.n, &ptr, &members))?;
    let of = fit.model.parameters();
    let parameters = chosen_parameters(of, fit.model.n_user(), &parameters)?;
    let (n, p, model) = (ptr.len() - 1, fit.model.n_user(), fit.clone());
    let table = run_counted(py, n_threads, progress, move |done, stop| {
        without_rows(&model, &Sets { ptr: &ptr, members: &members, done, stop }, by_steps)
    })?;
    let out = PyDict::new(py);
    let how = |m: &WithoutRows| if m.is_step { "one-step" } else { "refit" };
    out.set_item("method", table.iter().map(|m| m.as_ref().map_or("", how)).collect::<Vec<_>>())?;
    let displacement: Vec<f64> = table.iter().map(|m| m.as_ref().map_or(f64::NAN, |m| m.displacement)).collect();
    out.set_item("displacement", displacement.into_pyarray(py))?;
    let values = |m: &Option<WithoutRows>| match m {
        Some(m) => of.values(&fit.model.user_coefficients(&m.x), &m.x, 1.0, &parameters),
        None => vec![f64::NAN; parameters.len()],
    };
    let values: Vec<f64> = table.iter().flat_map(values).collect();
    out.set_item("values", values.into_pyarray(py).reshape([n, parameters.len()])?)?;
    let covariance =
        |m: &Option<WithoutRows>| m.as_ref().map_or_else(|| vec![f64::NAN; p * p], |m| m.covariance.clone());
    let covariances: Vec<f64> = table.iter().flat_map(covariance).collect();
    out.set_item("covariances", covariances.into_pyarray(py).reshape([n, p, p])?)?;
    Ok(out)
}

fn known(fit: &PyGlmmFit, factors: Vec<usize>) -> PyResult<Vec<usize>> {
    match factors.iter().find(|&&f| !fit.0.model.factors.iter().any(|own| own.0 == f)) {
        Some(factor) => Err(PyValueError::new_err(format!("no grouping factor {factor}"))),
        None => Ok(factors),
    }
}

fn refits<'py>(
    py: Python<'py>,
    fit: &PyGlmmFit,
    parameters: Vec<PyRef<'py, PyParameter>>,
    source: Source,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let fit = fit.0.clone();
    let parameters = chosen_parameters(fit.model.parameters(), fit.model.n_user(), &parameters)?;
    let count = parameters.len();
    let found = run_counted(py, n_threads, progress, move |done, stop| {
        made(&fit, &source, &Refits { parameters: &parameters, done, stop })
    })?;
    let n = found.len();
    found.concat().into_pyarray(py).reshape([n, count])
}

fn made(fit: &GlmmFit, source: &Source, refits: &Refits) -> Result<Vec<Vec<f64>>> {
    match source {
        Source::Responses(responses) => to_responses(fit, responses, refits),
        Source::Drawn(factors, n, seed) => to_drawn_groups(fit, factors, *n, *seed, refits),
        Source::WithoutGroups(factors) => without_groups(fit, factors, refits),
    }
}
