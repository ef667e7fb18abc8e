//! Fits of many responses, seen from Python.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::copied;
use super::errors::{guard, require};
use super::interrupt::run_counted;
use super::model::{Choices, criterion};
use super::residual::ResidualArguments;
use super::rows::PyRows;
use crate::fit::Fit;
use crate::fit::many::{ManyFit, ManyRequest, Tested, fit_many};
use crate::inference::coefficient_tests::{Ddf, coefficient_tests};
use crate::inference::residual_parameters::dispersion_errors;
use crate::residual::ResidualInput;
use crate::{Error, Result};

/// Fits every row of `responses` (m x n rows used; NaN is missing).  `ddf`: "satterthwaite", "kenward-roger",
/// "kenward-roger-linear", "residual" or "normal".  `progress` is called with the number done.  `residuals`: of every
/// response which of the `inputs` says of the residuals in the rows that it has.
#[pyfunction]
#[pyo3(name = "fit_many", signature = (rows, responses, reml, control, ddf, progress, inputs=Vec::new(), residuals=Vec::new()))]
#[allow(clippy::too_many_arguments)]
pub fn fit_many_py<'py>(
    py: Python<'py>,
    rows: Py<PyRows>,
    responses: PyReadonlyArray2<'py, f64>,
    reml: bool,
    control: &str,
    ddf: &str,
    progress: Py<PyAny>,
    inputs: Vec<ResidualArguments<'py>>,
    residuals: Vec<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (control, n_threads) = guard(py, || Choices::parse(control))?;
    let responses = responses.as_array().outer_iter().map(|row| copied(py, row)).collect::<PyResult<Vec<_>>>()?;
    let columns = rows.get().0.fixed().columns.len();
    let n = rows.get().0.n_rows();
    let fits = responses.iter().all(|y| y.len() == n);
    require(py, fits, || Error::Data(format!("every response needs {n} values, one per row used")))?;
    let ddf = guard(py, || method(ddf))?;
    let residuals = guard(py, || inputs_of(&inputs, &residuals, &responses))?;
    let fits = run_counted(py, n_threads, Some(progress), move |done, stop| {
        let tests = |fit: &_, stop: &_| tested(fit, ddf, stop);
        let request = ManyRequest { criterion: criterion(reml), control: &control, tests: &tests, residuals };
        fit_many(&rows.get().0, responses, &request, stop, done)
    })?;
    table(py, &fits, columns)
}

/// Of every response what is said of its residuals.
fn inputs_of(
    given: &[ResidualArguments],
    of_response: &[usize],
    responses: &[Vec<f64>],
) -> Result<Vec<Arc<ResidualInput>>> {
    let mut inputs: Vec<Option<Arc<ResidualInput>>> = vec![None; given.len()];
    let is_each = of_response.len() == responses.len() && of_response.iter().all(|&k| k < given.len());
    if !is_each && !of_response.is_empty() {
        return Err(Error::Design("every response needs the residuals of its rows".into()));
    }
    let input = |(y, &k): (&Vec<f64>, &usize)| {
        let n = y.iter().filter(|v| !v.is_nan()).count();
        let own = match &inputs[k] {
            Some(known) => known.clone(),
            None => Arc::new(given[k].input(n)?),
        };
        inputs[k] = Some(own.clone());
        if own.n == n { Ok(own) } else { Err(Error::Design("residuals of other rows than the response has".into())) }
    };
    responses.iter().zip(of_response).map(input).collect()
}

/// Without errors of the dispersion where these cannot be computed.
fn tested(fit: &Fit, ddf: Ddf, stop: &AtomicBool) -> Result<Tested> {
    let (std_error, df) = coefficient_tests(fit, ddf, stop)?;
    let dispersion = match dispersion_errors(fit, stop) {
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        errors => errors.unwrap_or_default(),
    };
    Ok(Tested { std_error, df, dispersion })
}

fn method(name: &str) -> Result<Ddf> {
    match name {
        "satterthwaite" => Ok(Ddf::Satterthwaite),
        "kenward-roger" => Ok(Ddf::KenwardRoger { second_order: true }),
        "kenward-roger-linear" => Ok(Ddf::KenwardRoger { second_order: false }),
        "residual" => Ok(Ddf::Residual),
        "normal" => Ok(Ddf::Normal),
        _ => Err(Error::Design(format!("ddf '{name}' is not known"))),
    }
}

/// Arrays with a row per response; NaN where there is no estimate.
fn table<'py>(py: Python<'py>, fits: &[Result<ManyFit>], p: usize) -> PyResult<Bound<'py, PyDict>> {
    let width = fits.iter().flatten().map(|f| f.covariances.iter().map(Vec::len).sum()).max().unwrap_or(0);
    let out = PyDict::new(py);
    let of = |value: &dyn Fn(&ManyFit) -> f64| -> Vec<f64> {
        fits.iter().map(|f| f.as_ref().map_or(f64::NAN, value)).collect()
    };
    out.set_item("n_obs", of(&|f| f.n_obs as f64).into_pyarray(py))?;
    out.set_item("sigma", of(&|f| f.sigma).into_pyarray(py))?;
    out.set_item("criterion", of(&|f| f.criterion).into_pyarray(py))?;
    out.set_item("estimate", matrix(py, fits, p, &|f| spread(&f.kept, &f.beta, p))?)?;
    out.set_item("std_error", matrix(py, fits, p, &|f| spread(&f.kept, &f.std_error, p))?)?;
    out.set_item("df", matrix(py, fits, p, &|f| spread(&f.kept, &f.df, p))?)?;
    out.set_item("covariances", matrix(py, fits, width, &|f| f.covariances.concat())?)?;
    let parameters = |f: &ManyFit| -> Vec<(String, &'static str, f64, f64)> {
        f.residual.iter().map(|own| (own.name.clone(), own.kind, own.value, own.std_error)).collect()
    };
    let residual: Vec<_> = fits.iter().map(|f| f.as_ref().map_or_else(|_| Vec::new(), parameters)).collect();
    out.set_item("residual", residual)?;
    out.set_item("sigma_error", of(&|f| f.sigma_error).into_pyarray(py))?;
    let status: Vec<&str> = fits.iter().map(|f| f.as_ref().map_or("failed", |f| f.status)).collect();
    let reason: Vec<String> = fits
        .iter()
        .map(|f| f.as_ref().map_or_else(ToString::to_string, |f| f.untested.clone().unwrap_or_default()))
        .collect();
    out.set_item("status", status)?;
    out.set_item("reason", reason)?;
    Ok(out)
}

fn spread(kept: &[usize], values: &[f64], p: usize) -> Vec<f64> {
    let mut all = vec![f64::NAN; p];
    kept.iter().zip(values).for_each(|(&k, v)| all[k] = *v);
    all
}

fn matrix<'py>(
    py: Python<'py>,
    fits: &[Result<ManyFit>],
    width: usize,
    row: &dyn Fn(&ManyFit) -> Vec<f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let missing = vec![f64::NAN; width];
    let values: Vec<f64> = fits.iter().flat_map(|f| f.as_ref().map_or_else(|_| missing.clone(), row)).collect();
    let flat: Bound<'py, PyArray1<f64>> = values.into_pyarray(py);
    flat.reshape([fits.len(), width])
}
