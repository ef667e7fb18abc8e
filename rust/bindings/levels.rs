//! What is learned from columns that are read batch by batch, seen from Python.

use std::collections::BTreeMap;

use pyo3::prelude::*;

use super::columns::PyColumns;
use super::errors::guard;
use super::interrupt::run;
use super::shared::Shared;
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
pub struct PyLevelScan(Shared<BTreeMap<String, GrowingLevels>>);

#[pymethods]
impl PyLevelScan {
    #[new]
    fn new(names: Vec<String>) -> Self {
        Self(Shared::new(names.into_iter().map(|name| (name, GrowingLevels::default())).collect()))
    }

    fn update(&self, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let (table, mut all) = (columns.table(), self.0.take(py)?);
        run(py, move || all.iter_mut().try_for_each(|(name, levels)| levels.scan(table.get(name)?)))
    }

    #[getter]
    fn levels(&self, py: Python<'_>) -> PyResult<BTreeMap<String, Vec<String>>> {
        self.0.read(py, |all| all.iter().map(|(name, levels)| (name.clone(), levels.seen_in_order())).collect())
    }
}

/// Transforms that are learned pass by pass.
#[pyclass(frozen, name = "Learner", module = "hlmrs._core")]
pub struct PyLearner(Shared<Learner>);

#[pymethods]
impl PyLearner {
    #[new]
    fn new(py: Python<'_>, spec: &str, options: &str) -> PyResult<Self> {
        let learner = guard(py, || Ok(Learner::new(ModelSpec::from_json(spec)?, Options::from_json(options)?)))?;
        Ok(Self(Shared::new(learner)))
    }

    #[getter]
    fn needs_rows(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.read(py, Learner::needs_rows)
    }

    fn update(&self, py: Python<'_>, columns: &PyColumns) -> PyResult<()> {
        let (table, mut learner) = (columns.table(), self.0.take(py)?);
        run(py, move || learner.update(&table))
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let theirs = other.0.read(py, Learner::clone)?;
        let mut mine = self.0.take(py)?;
        guard(py, || mine.merge(&theirs))
    }

    fn empty(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(Self(Shared::new(self.0.read(py, Learner::emptied)?)))
    }

    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.0.take(py)?.finish();
        Ok(())
    }

    /// By call, as JSON.
    #[getter]
    fn learned(&self, py: Python<'_>) -> PyResult<String> {
        let learner = self.0.take(py)?;
        guard(py, || json(learner.learned()))
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let learner = self.0.take(py)?;
        guard(py, || json(&*learner))
    }

    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let read = || serde_json::from_str(text).map_err(|e| Error::Data(format!("this is no learner: {e}")));
        Ok(Self(Shared::new(guard(py, read)?)))
    }
}

/// What transforms learned, from JSON.
pub fn known(text: &str) -> crate::Result<Known> {
    serde_json::from_str(text).map_err(|e| Error::Data(format!("this is not what transforms learned: {e}")))
}

fn json(value: &impl serde::Serialize) -> crate::Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Data(format!("what was learned cannot be written: {e}")))
}
