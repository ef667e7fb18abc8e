//! New rows of a fit whose residuals have parameters, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::guard;
use super::fit::PyFit;
use super::given_rows::{GivenRows, TermInput};
use super::interrupt::{run, run_interruptible};
use crate::fit::forecast::NewRowsWithResiduals;
use crate::inference::forecast_slopes::forecast_slopes;
use crate::residual::NewResiduals;

type Matrix<'py> = Bound<'py, PyArray2<f64>>;

/// What Python says of the residuals of new rows.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct NewResidualArguments<'py> {
    scale: PyReadonlyArray2<'py, f64>,
    offset: PyReadonlyArray1<'py, f64>,
    group: PyReadonlyArray1<'py, u32>,
    place: PyReadonlyArray1<'py, f64>,
    by: PyReadonlyArray1<'py, u32>,
}

impl NewResidualArguments<'_> {
    pub fn read(&self) -> NewResiduals {
        NewResiduals {
            scale: self.scale.as_array().iter().copied().collect(),
            offset: self.offset.as_array().to_vec(),
            group: self.group.as_array().to_vec(),
            place: self.place.as_array().to_vec(),
            by: self.by.as_array().to_vec(),
        }
    }

    /// For as many rows.
    fn of(&self, m: usize) -> PyResult<NewResiduals> {
        let new = self.read();
        if new.n() == m { Ok(new) } else { Err(PyValueError::new_err("residuals need one entry per new row")) }
    }
}

/// The standard deviations of the residuals of new rows.
#[pyfunction]
pub fn new_residual_sd<'py>(
    py: Python<'py>,
    fit: &PyFit,
    residuals: NewResidualArguments<'py>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let new = residuals.read();
    Ok(guard(py, || fit.0.new_residual_sd(&new))?.into_pyarray(py))
}

/// By new row: `from_residuals`, what the residuals of known rows add to its prediction; the `variance` of the prediction without
/// the residual, and that of the `residual`.
#[pyfunction]
pub fn forecast<'py>(
    py: Python<'py>,
    fit: &PyFit,
    x: PyReadonlyArray2<'py, f64>,
    terms: Vec<TermInput<'py>>,
    residuals: NewResidualArguments<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = GivenRows::read(&fit.0, &x, &terms)?;
    let (fit, new) = (fit.0.clone(), residuals.of(given.m)?);
    let found = run(py, move || {
        fit.forecast(&NewRowsWithResiduals { x: &given.x, m: given.m, terms: &given.terms(), residuals: &new })
    })?;
    let out = PyDict::new(py);
    out.set_item("from_residuals", found.from_residuals.into_pyarray(py))?;
    out.set_item("variance", found.variance.into_pyarray(py))?;
    out.set_item("residual", found.residual.into_pyarray(py))?;
    Ok(out)
}

/// The slopes of predictions in θ and the parameters of the residuals, and those of their variances in these and log σ²; `new_rows`:
/// whether the variances count the residuals of the new rows.
#[pyfunction]
pub fn forecast_slopes_of<'py>(
    py: Python<'py>,
    fit: &PyFit,
    x: PyReadonlyArray2<'py, f64>,
    terms: Vec<TermInput<'py>>,
    residuals: NewResidualArguments<'py>,
    new_rows: bool,
) -> PyResult<(Matrix<'py>, Matrix<'py>)> {
    let given = GivenRows::read(&fit.0, &x, &terms)?;
    let (fit, m, new) = (fit.0.clone(), given.m, residuals.of(given.m)?);
    let found = run_interruptible(py, 0, move |stop| {
        let terms = given.terms();
        let rows = NewRowsWithResiduals { x: &given.x, m: given.m, terms: &terms, residuals: &new };
        forecast_slopes(&fit, &rows, new_rows, stop)
    })?;
    let matrix = |rows: Vec<Vec<f64>>| {
        let n = rows.len();
        rows.concat().into_pyarray(py).reshape([n, m])
    };
    Ok((matrix(found.values)?, matrix(found.variances)?))
}
