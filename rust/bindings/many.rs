//! Fits of many responses, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::copied;
use super::errors::{guard, require};
use super::interrupt::run_counted;
use super::model::{Choices, criterion};
use super::rows::PyRows;
use crate::fit::many::{ManyFit, ManyRequest, fit_many};
use crate::inference::coefficient_tests::{Ddf, coefficient_tests};
use crate::{Error, Result};

/// Fits every row of `responses` (m x n rows used; NaN is missing).  `ddf`: "satterthwaite", "kenward-roger",
/// "residual" or "normal".  `progress` is called with the number done.
#[pyfunction]
#[pyo3(name = "fit_many")]
#[allow(clippy::too_many_arguments)]
pub fn fit_many_py<'py>(
    py: Python<'py>,
    rows: Py<PyRows>,
    responses: PyReadonlyArray2<'py, f64>,
    reml: bool,
    control: &str,
    ddf: &str,
    progress: Py<PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let (control, n_threads) = guard(py, || Choices::parse(control))?;
    let responses = responses.as_array().outer_iter().map(|row| copied(py, row)).collect::<PyResult<Vec<_>>>()?;
    let columns = rows.get().0.fixed().columns.len();
    let n = rows.get().0.n_rows();
    let fits = responses.iter().all(|y| y.len() == n);
    require(py, fits, || Error::Data(format!("every response needs {n} values, one per row used")))?;
    let ddf = guard(py, || method(ddf))?;
    let fits = run_counted(py, n_threads, Some(progress), move |done, stop| {
        let tests = |fit: &_, stop: &_| coefficient_tests(fit, ddf, stop);
        let request = ManyRequest { criterion: criterion(reml), control: &control, tests: &tests };
        fit_many(&rows.get().0, responses, &request, stop, done)
    })?;
    table(py, &fits, columns)
}

fn method(name: &str) -> Result<Ddf> {
    match name {
        "satterthwaite" => Ok(Ddf::Satterthwaite),
        "kenward-roger" => Ok(Ddf::KenwardRoger),
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
