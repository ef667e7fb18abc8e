//! Small computations on columns and rows, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use super::columns::PyColumns;
use super::errors::guard;
use super::interrupt::{run, run_interruptible_sized};
use super::rows::PyRows;
use crate::Error;
use crate::crossproduct::mean_outer_product;
use crate::design::{self, Expr, ModelSpec, Options};

#[pyfunction]
pub fn evaluate<'py>(py: Python<'py>, expression: &str, columns: &PyColumns) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (expr, table) = (parsed(py, expression)?, columns.table());
    let n_rows = table.n_rows();
    Ok(run_interruptible_sized(py, 0, n_rows, move |_| design::evaluate(&expr, &table))?.into_pyarray(py))
}

/// The derivative of an expression by a column.
#[pyfunction]
pub fn evaluate_slope<'py>(
    py: Python<'py>,
    expression: &str,
    columns: &PyColumns,
    column: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (expr, table) = (parsed(py, expression)?, columns.table());
    let column = column.to_owned();
    Ok(run(py, move || design::evaluate_slope(&expr, &table, &column))?.into_pyarray(py))
}

fn parsed(py: Python<'_>, expression: &str) -> PyResult<Expr> {
    guard(py, || serde_json::from_str(expression).map_err(|e| Error::Formula(format!("not an expression: {e}"))))
}

/// Whether each row has a value in every column of a model; none if all have.
#[pyfunction]
pub fn complete_rows<'py>(
    py: Python<'py>,
    spec: &str,
    columns: &PyColumns,
    options: &str,
) -> PyResult<Option<Bound<'py, PyArray1<bool>>>> {
    let table = columns.table();
    let (spec, options) = guard(py, || Ok((ModelSpec::from_json(spec)?, Options::from_json(options)?)))?;
    let n_rows = table.n_rows();
    Ok(run(py, move || design::rows_with_values(&spec, &table, &options))?
        .mask(n_rows)
        .map(|mask| mask.into_pyarray(py)))
}

#[pyfunction]
pub fn term_moments<'py>(py: Python<'py>, rows: Py<PyRows>, term: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let Some(layout) = rows.get().0.random.get(term) else {
        return Err(PyIndexError::new_err(format!("there is no random term {term}")));
    };
    let r = layout.columns.len();
    run(py, move || mean_outer_product(&rows.get().0, term))?.into_pyarray(py).reshape([r, r])
}
