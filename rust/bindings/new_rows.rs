//! New data, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::guard;
use super::interrupt::run;
use crate::design::NewRows;

/// Levels that a message about new data can list.
const MOST_UNSEEN: usize = 10;

/// A matrix of columns of X and an array of the offset.
type Design<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

/// Every row of a new frame.
#[pyclass(frozen, name = "NewRows", module = "hlmrs._core")]
pub struct PyNewRows(pub NewRows);

#[pymethods]
impl PyNewRows {
    #[getter]
    fn n_rows(&self) -> usize {
        self.0.n_rows()
    }

    fn model_matrix<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let shape = [slf.get().0.n_rows(), slf.get().0.fixed().columns.len()];
        run(py, move || slf.get().0.model_matrix())?.into_pyarray(py).reshape(shape)
    }

    fn term_matrix<'py>(slf: Py<Self>, py: Python<'py>, term: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = slf.get().0.n_rows();
        let (z, r) = run(py, move || slf.get().0.term_matrix(term))?;
        z.into_pyarray(py).reshape([n, r])
    }

    fn term_codes<'py>(&self, py: Python<'py>, term: usize) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let codes = guard(py, || self.0.term_codes(term))?;
        Ok(PyArray1::from_slice(py, codes))
    }

    /// Rows in groups that the fit did not see, and whose means are used.
    #[getter]
    fn own_mean<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        PyArray1::from_slice(py, self.0.own_mean())
    }

    /// The derivatives of X and of the offset by a column.
    fn slopes<'py>(
        slf: Py<Self>,
        py: Python<'py>,
        column: &str,
        given: Vec<(String, PyReadonlyArray1<'_, f64>)>,
    ) -> PyResult<Design<'py>> {
        let given: Vec<_> = given.into_iter().map(|(name, slopes)| (name, slopes.as_array().to_vec())).collect();
        if given.iter().any(|(_, slopes)| slopes.len() != slf.get().0.n_rows()) {
            return Err(PyValueError::new_err("derivatives need one number per row"));
        }
        let (column, shape) = (column.to_owned(), [slf.get().0.n_rows(), slf.get().0.fixed().columns.len()]);
        let (x, offset) = run(py, move || slf.get().0.slopes(&column, &given))?;
        Ok((x.into_pyarray(py).reshape(shape)?, offset.into_pyarray(py)))
    }

    fn unseen_levels<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let unseen = PyDict::new(py);
        for (group, levels) in run(py, move || Ok(slf.get().0.unseen_levels(MOST_UNSEEN)))? {
            unseen.set_item(group, levels)?;
        }
        Ok(unseen)
    }

    fn linear_predictor<'py>(
        slf: Py<Self>,
        py: Python<'py>,
        beta: PyReadonlyArray1<'_, f64>,
        modes: Vec<PyReadonlyArray2<'_, f64>>,
        use_terms: Vec<bool>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let beta = beta.as_array().to_vec();
        let modes: Vec<Vec<f64>> = modes.iter().map(|m| m.as_array().iter().copied().collect()).collect();
        let eta = run(py, move || {
            let slices: Vec<&[f64]> = modes.iter().map(Vec::as_slice).collect();
            slf.get().0.linear_predictor(&beta, &slices, &use_terms)
        })?;
        Ok(eta.into_pyarray(py))
    }
}
