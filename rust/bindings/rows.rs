//! The rows of a fit, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use super::columns::PyColumns;
use super::encoding::PyEncoding;
use super::errors::guard;
use super::interrupt::{run, run_interruptible_sized};
use super::layout::DesignLayout;
use crate::crossproduct::{cell_crossproduct, n_cell_columns};
use crate::design::{GroupingFactor, ModelSpec, Options, Rows};

/// A model on the complete rows of a frame.
#[pyclass(frozen, name = "Rows", module = "hlmrs._core")]
pub struct PyRows(pub Rows);

#[pymethods]
impl PyRows {
    #[new]
    fn new(py: Python<'_>, spec: &str, columns: &PyColumns, options: &str) -> PyResult<Self> {
        let table = columns.table();
        let (spec, options) = guard(py, || Ok((ModelSpec::from_json(spec)?, Options::from_json(options)?)))?;
        let size = table.n_rows() * table.names().count();
        Ok(Self(run_interruptible_sized(py, 0, size, move |_| Rows::build(&spec, &table, &options))?))
    }

    #[getter]
    fn n_rows_input(&self) -> usize {
        self.0.n_rows_input
    }

    #[getter]
    fn kept<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<bool>>> {
        self.0.kept().map(|kept| kept.into_pyarray(py))
    }

    fn layout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let count = |factor: &GroupingFactor| {
            let mut sizes = vec![0; factor.n_levels()];
            factor.codes().iter().for_each(|&c| sizes[c as usize] += 1);
            sizes
        };
        let sizes: Vec<Vec<u64>> = guard(py, || Ok(self.0.factors.iter().map(count).collect()))?;
        let counts = (self.0.n_rows(), self.0.n_rows_input, &self.0.dropped);
        Ok(DesignLayout::new(&self.0.encoding, &sizes, counts).into_pyobject(py)?.into_any())
    }

    fn group_levels(&self, py: Python<'_>, group: usize) -> PyResult<Vec<String>> {
        self.check_group(group)?;
        guard(py, || Ok(self.0.group_levels(group)))
    }

    fn group_codes<'py>(&self, py: Python<'py>, group: usize) -> PyResult<Bound<'py, PyArray1<u32>>> {
        self.check_group(group)?;
        Ok(PyArray1::from_slice(py, self.0.factors[group].codes()))
    }

    fn response<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(run(py, move || Ok(slf.get().0.response()))?.into_pyarray(py))
    }

    fn weights<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        Ok(run(py, move || Ok(slf.get().0.weights()))?.map(|w| w.into_pyarray(py)))
    }

    fn offset<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        Ok(run(py, move || Ok(slf.get().0.offset()))?.map(|o| o.into_pyarray(py)))
    }

    fn model_matrix<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let shape = [slf.get().0.n_rows(), slf.get().0.fixed().columns.len()];
        run(py, move || slf.get().0.model_matrix())?.into_pyarray(py).reshape(shape)
    }

    /// Cross-products with an indicator for every cell of every term, and the constant last.
    fn cell_crossproduct<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = n_cell_columns(slf.get().0.fixed()) + 1;
        run(py, move || cell_crossproduct(&slf.get().0))?.into_pyarray(py).reshape([n, n])
    }

    fn encoding(&self) -> PyEncoding {
        PyEncoding(self.0.encoding.clone())
    }
}

impl PyRows {
    fn check_group(&self, group: usize) -> PyResult<()> {
        let n = self.0.factors.len();
        if group < n {
            return Ok(());
        }
        Err(PyIndexError::new_err(format!("there are {n} grouping factors, none has index {group}")))
    }
}
