//! What is learned from columns that are read batch by batch, seen from Python.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pyo3::prelude::*;

use super::columns::PyColumns;
use super::errors::{guard, lock};
use super::interrupt::run;
use crate::Error;
use crate::design::{Known, Learner, ModelSpec, Options, columns_of_levels};
use crate::table::GrowingLevels;

/// The columns whose levels must be known before rows are summed.
#[pyfunction(name = "columns_of_levels")]
pub fn py_columns_of_levels(py: Python<'_>, spec: &str, columns: &PyColumns) -> PyResult<Vec<String>> {
    guard(py, || columns_of_levels(&ModelSpec::from_json(spec)?, &columns.table()))
}

/// Levels of some columns, read batch by batch.
#[pyclass(frozen, name = "LevelScan", module = "hlmrs._core")]
pub struct PyLevelScan(Mutex<BTreeMap<String, GrowingLevels>>);

#[pymethods]
impl PyLevelScan {
    #[new]
    fn new(names: Vec<String>) -> Self {
        Self(Mutex::new(names.into_iter().map(|name| (name, GrowingLevels::default())).collect()))
    }

    fn update(slf: Py<Self>, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let table = columns.table();
        run(py, move || lock(&slf.get().0).iter_mut().try_for_each(|(name, levels)| levels.scan(table.get(name)?)))
    }

    #[getter]
    fn levels(&self, py: Python<'_>) -> BTreeMap<String, Vec<String>> {
        let seen = || lock(&self.0).iter().map(|(name, levels)| (name.clone(), levels.seen_in_order())).collect();
        py.detach(seen)
    }
}

/// Transforms that are learned pass by pass.
#[pyclass(frozen, name = "Learner", module = "hlmrs._core")]
pub struct PyLearner(Mutex<Learner>);

#[pymethods]
impl PyLearner {
    #[new]
    fn new(py: Python<'_>, spec: &str, options: &str) -> PyResult<Self> {
        let learner = guard(py, || Ok(Learner::new(ModelSpec::from_json(spec)?, Options::from_json(options)?)))?;
        Ok(Self(Mutex::new(learner)))
    }

    #[getter]
    fn needs_rows(&self) -> bool {
        lock(&self.0).needs_rows()
    }

    fn update(slf: Py<Self>, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let table = columns.table();
        run(py, move || lock(&slf.get().0).update(&table))
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let theirs = lock(&other.0).clone();
        guard(py, || lock(&self.0).merge(&theirs))
    }

    fn empty(&self) -> Self {
        Self(Mutex::new(lock(&self.0).emptied()))
    }

    fn finish(&self) {
        lock(&self.0).finish();
    }

    /// By call, as JSON.
    #[getter]
    fn learned(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || json(lock(&self.0).learned()))
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || json(&*lock(&self.0)))
    }

    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let read = || serde_json::from_str(text).map_err(|e| Error::Data(format!("this is no learner: {e}")));
        Ok(Self(Mutex::new(guard(py, read)?)))
    }
}

/// What transforms learned, from JSON.
pub fn known(text: &str) -> crate::Result<Known> {
    serde_json::from_str(text).map_err(|e| Error::Data(format!("this is not what transforms learned: {e}")))
}

fn json(value: &impl serde::Serialize) -> crate::Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Data(format!("what was learned cannot be written: {e}")))
}
