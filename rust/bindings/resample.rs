//! The bootstrap, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::fit::PyFit;
use super::interrupt::{run, run_counted, run_interruptible};
use super::parameters::{PyParameter, parameters_of};
use super::rows::PyRows;
use crate::resample::null_model::{Fitted, null_statistics as statistics};
use crate::resample::{BootstrapKind, BootstrapRequest, bootstrap as draw, jackknife as leave_out, likelihood_ratio};

/// `kind`: "parametric", "residual" or "case"; `clusters`: the grouping factors of "case".  Calls `progress(done)` now
/// and then.  (n, n_parameters), NaN where a replicate has no optimum.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn bootstrap<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    parameters: Vec<PyRef<'py, PyParameter>>,
    kind: &str,
    clusters: Vec<usize>,
    n: usize,
    seed: u64,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let kind = match kind {
        "parametric" => BootstrapKind::Parametric,
        "residual" => BootstrapKind::Residual,
        "case" => BootstrapKind::Case(known(fit, clusters)?),
        _ => return Err(PyValueError::new_err(format!("kind {kind}"))),
    };
    replicates(py, fit, rows, parameters, ReplicateCall { kind, leaves_out: false, n, seed, n_threads }, progress)
}

/// The parameters with every level of grouping factors left out in turn, factor by factor (n_levels, n_parameters).
#[pyfunction]
pub fn jackknife<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    parameters: Vec<PyRef<'py, PyParameter>>,
    clusters: Vec<usize>,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let kind = BootstrapKind::Case(known(fit, clusters)?);
    replicates(py, fit, rows, parameters, ReplicateCall { kind, leaves_out: true, n: 0, seed: 0, n_threads }, None)
}

fn known(fit: &PyFit, factors: Vec<usize>) -> PyResult<Vec<usize>> {
    match factors.iter().find(|&&f| f >= fit.0.model.a.factors.len()) {
        Some(factor) => Err(PyValueError::new_err(format!("no grouping factor {factor}"))),
        None => Ok(factors),
    }
}

struct ReplicateCall {
    kind: BootstrapKind,
    /// The jackknife.
    leaves_out: bool,
    n: usize,
    seed: u64,
    n_threads: usize,
}

fn replicates<'py>(
    py: Python<'py>,
    fit: &PyFit,
    rows: Py<PyRows>,
    parameters: Vec<PyRef<'py, PyParameter>>,
    call: ReplicateCall,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let fit = fit.0.clone();
    let parameters = parameters_of(&fit, &parameters)?;
    let count = parameters.len();
    let ReplicateCall { kind, leaves_out, n, seed, n_threads } = call;
    let draws = run_counted(py, n_threads, progress, move |done, stop| {
        let request = BootstrapRequest { kind, n, seed, parameters: &parameters, done, stop };
        match &request.kind {
            BootstrapKind::Case(factors) if leaves_out => leave_out(&fit, &rows.get().0, factors, &request),
            _ => draw(&fit, &rows.get().0, &request),
        }
    })?;
    let n = draws.len();
    draws.concat().into_pyarray(py).reshape([n, count])
}

/// Draws of the fall of the criterion from a smaller model (None: without random effects) to `full`.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn null_statistics<'py>(
    py: Python<'py>,
    full: &PyFit,
    rows: Py<PyRows>,
    null: Option<(PyRef<'py, PyFit>, Py<PyRows>)>,
    n: usize,
    seed: u64,
    n_threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let full = full.plain(py, "simulated null distributions")?;
    let null = null.map(|(fit, rows)| (fit.0.clone(), rows));
    let draws = run_counted(py, n_threads, progress, move |done, stop| {
        let request = BootstrapRequest { kind: BootstrapKind::Parametric, n, seed, parameters: &[], done, stop };
        let smaller = null.as_ref().map(|(fit, rows)| -> Fitted { (fit, &rows.get().0) });
        statistics((&full, &rows.get().0), smaller, &request)
    })?;
    Ok(draws.into_pyarray(py))
}

/// Draws of the exact null distribution of the likelihood ratio of a model's only variance component.
#[pyfunction]
pub fn exact_null<'py>(
    py: Python<'py>,
    fit: &PyFit,
    n: usize,
    seed: u64,
    n_threads: usize,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let fit = fit.plain(py, "the exact null distribution")?;
    Ok(run_interruptible(py, n_threads, move |stop| likelihood_ratio::exact_null(&fit, n, seed, stop))?
        .into_pyarray(py))
}

/// The criterion of the model without random effects.
#[pyfunction]
pub fn criterion_without_random_effects(py: Python<'_>, fit: &PyFit) -> PyResult<f64> {
    let fit = fit.plain(py, "the model without random effects")?;
    run(py, move || {
        let model = &fit.model;
        let zero = vec![0.0; model.theta_map.n_parameters];
        Ok(model.value(&model.evaluate(&zero, &mut model.workspace())?))
    })
}
