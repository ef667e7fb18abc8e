//! Levels of columns that are read batch by batch, seen from Python.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pyo3::prelude::*;

use super::columns::PyColumns;
use super::errors::{guard, run};
use crate::design::open_levels::OpenLevels;
use crate::design::open_model;
use crate::design::spec::Model;

/// The columns that effects read as categories.
#[pyfunction]
pub fn categorical_columns(py: Python<'_>, spec: &str, columns: &PyColumns) -> PyResult<Vec<String>> {
    guard(py, || open_model::categorical_columns(&Model::from_json(spec)?, &columns.table()))
}

/// Levels of some columns, read batch by batch.
#[pyclass(frozen, name = "LevelScan", module = "hlmrs._core")]
pub struct PyLevelScan(Mutex<BTreeMap<String, OpenLevels>>);

#[pymethods]
impl PyLevelScan {
    #[new]
    fn new(names: Vec<String>) -> Self {
        Self(Mutex::new(names.into_iter().map(|name| (name, OpenLevels::default())).collect()))
    }

    fn update(&self, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let table = columns.table();
        run(py, || {
            let mut all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            all.iter_mut().try_for_each(|(name, levels)| levels.scan(table.get(name)?))
        })
    }

    #[getter]
    fn levels(&self) -> BTreeMap<String, Vec<String>> {
        let all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        all.iter().map(|(name, levels)| (name.clone(), levels.in_order())).collect()
    }
}
