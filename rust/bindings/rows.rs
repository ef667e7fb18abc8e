//! The rows of a fit, seen from Python.

use std::collections::BTreeMap;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::columns::PyColumns;
use super::errors::{run, run_sized};
use crate::design::cells::{cell_crossproduct, n_cell_columns};
use crate::design::spec::{Model, Options};
use crate::design::variable::Variable;
use crate::design::{Encoding, RandomLayout, RowSource, Rows};

/// A model on the complete rows of a frame.
#[pyclass(frozen, name = "Rows", module = "hlmrs._core")]
pub struct PyRows(pub Rows);

#[pymethods]
impl PyRows {
    #[new]
    fn new(py: Python<'_>, spec: &str, columns: &PyColumns, options: &str) -> PyResult<Self> {
        let table = columns.table();
        let build = || Rows::build(&Model::from_json(spec)?, &table, &Options::from_json(options)?);
        let size = table.n_rows() * table.names().count();
        Ok(Self(run_sized(py, size, build)?))
    }

    #[getter]
    fn n_rows_input(&self) -> usize {
        self.0.n_rows_input()
    }

    #[getter]
    fn n_rows(&self) -> usize {
        self.0.n_rows()
    }

    #[getter]
    fn kept<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<bool>>> {
        self.0.kept().map(|kept| kept.into_pyarray(py))
    }

    #[getter]
    fn dropped(&self) -> BTreeMap<String, usize> {
        self.0.dropped().clone()
    }

    #[getter]
    fn response_name(&self) -> &str {
        &self.0.encoding().response_name
    }

    #[getter]
    fn coef_names(&self) -> Vec<&str> {
        self.0.encoding().coef_names()
    }

    /// Per column 0 for the intercept, else the term's number from 1.
    #[getter]
    fn coef_terms(&self) -> Vec<usize> {
        self.0.encoding().coef_terms()
    }

    #[getter]
    fn term_names(&self) -> Vec<&str> {
        self.0.encoding().term_names()
    }

    #[getter]
    fn reference_levels(&self) -> BTreeMap<&str, &str> {
        self.0.encoding().reference_levels()
    }

    #[getter]
    fn factor_levels(&self) -> BTreeMap<&str, &[String]> {
        self.0.encoding().factor_levels()
    }

    /// Variables of the fixed part in the order of the formula: name, kind, columns of the data, levels.
    #[getter]
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let encoding = self.0.encoding();
        let list = PyList::empty(py);
        for v in encoding.fixed_variables() {
            list.append(variable(py, encoding, v)?)?;
        }
        Ok(list)
    }

    #[getter]
    fn group_names(&self) -> Vec<&str> {
        self.0.factors().iter().map(|f| f.name.as_str()).collect()
    }

    fn group_levels(&self, group: usize) -> PyResult<Vec<String>> {
        self.check_group(group)?;
        Ok(self.0.group_levels(group))
    }

    fn group_codes<'py>(&self, py: Python<'py>, group: usize) -> PyResult<Bound<'py, PyArray1<u32>>> {
        self.check_group(group)?;
        Ok(PyArray1::from_slice(py, self.0.factors()[group].codes()))
    }

    /// Rows of every level.
    fn group_sizes<'py>(&self, py: Python<'py>, group: usize) -> PyResult<Bound<'py, PyArray1<i64>>> {
        self.check_group(group)?;
        let factor = &self.0.factors()[group];
        let mut sizes = vec![0i64; factor.n_levels()];
        factor.codes().iter().for_each(|&c| sizes[c as usize] += 1);
        Ok(sizes.into_pyarray(py))
    }

    #[getter]
    fn random_terms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        random_terms(py, self.0.random().iter())
    }

    fn response<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(run(py, || Ok(self.0.response()))?.into_pyarray(py))
    }

    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        Ok(run(py, || Ok(self.0.weights()))?.map(|w| w.into_pyarray(py)))
    }

    fn offset<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        Ok(run(py, || Ok(self.0.offset()))?.map(|o| o.into_pyarray(py)))
    }

    fn model_matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let x = run(py, || self.0.model_matrix())?;
        x.into_pyarray(py).reshape([self.0.n_rows(), self.0.fixed().columns.len()])
    }

    /// Cross-products with an indicator for every cell of every term, and the constant last.
    fn cell_crossproduct<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = n_cell_columns(self.0.fixed()) + 1;
        run(py, || cell_crossproduct(&self.0))?.into_pyarray(py).reshape([n, n])
    }

    fn encoding(&self) -> String {
        self.0.encoding().to_json()
    }
}

impl PyRows {
    fn check_group(&self, group: usize) -> PyResult<()> {
        let n = self.0.factors().len();
        if group < n {
            return Ok(());
        }
        Err(PyIndexError::new_err(format!("there are {n} grouping factors, none has index {group}")))
    }
}

/// Random terms as dictionaries: name, group, columns, structure.
pub fn random_terms<'py, 'a>(
    py: Python<'py>,
    layouts: impl Iterator<Item = &'a RandomLayout>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for term in layouts {
        let entry = PyDict::new(py);
        entry.set_item("name", &term.name)?;
        entry.set_item("group", term.factor)?;
        entry.set_item("columns", &term.columns)?;
        entry.set_item("structure", &term.structure)?;
        list.append(entry)?;
    }
    Ok(list)
}

fn variable<'py>(py: Python<'py>, encoding: &Encoding, variable: &Variable) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", variable.name())?;
    entry.set_item("columns", encoding.columns_of_variable(variable))?;
    match variable {
        Variable::Numeric { .. } => entry.set_item("kind", "numeric")?,
        Variable::Categorical { category, .. } => {
            entry.set_item("kind", "categorical")?;
            entry.set_item("levels", &encoding.categories[*category].levels)?;
        }
    }
    Ok(entry)
}
