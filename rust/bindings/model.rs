//! A model, seen from Python.

use std::sync::Arc;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde::Deserialize;

use super::errors::guard;
use super::interrupt::run_interruptible_sized;
use super::parameters::parameters_for;
use super::residual::ResidualArguments;
use super::rows::PyRows;
use crate::design::Rows;
use crate::fit::{Control, Optimizer};
use crate::model::linear::memory;
use crate::model::parameters::TermNames;
use crate::model::{CovariancePrior, Criterion, Held, Lmm, Scale, build};
use crate::optimize::Settings;
use crate::penalized_ls::BlockSummary;
use crate::residual::ResidualInput;
use crate::{Error, Result};

#[pyclass(frozen, name = "Model", module = "hlmrs._core")]
pub struct PyModel(pub Arc<Lmm>);

/// What the user chose about the search, as JSON.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Choices {
    optimizer: Optimizer,
    max_evaluations: Option<usize>,
    tolerance: Option<f64>,
    start: Option<Vec<f64>>,
    n_threads: Option<usize>,
}

impl Choices {
    pub fn parse(json: &str) -> Result<(Control, usize)> {
        let choices: Self = serde_json::from_str(json).map_err(|e| Error::Design(format!("control: {e}")))?;
        let mut settings = Settings::default();
        settings.tolerance = choices.tolerance.unwrap_or(settings.tolerance);
        settings.max_evaluations = choices.max_evaluations.unwrap_or(settings.max_evaluations);
        Ok((Control { optimizer: choices.optimizer, settings, start: choices.start }, choices.n_threads.unwrap_or(0)))
    }
}

pub fn criterion(reml: bool) -> Criterion {
    if reml { Criterion::Reml } else { Criterion::Ml }
}

/// A residual standard deviation that is known, or one that is estimated.
pub fn scale(sigma: Option<f64>) -> Scale {
    sigma.map_or(Scale::Profiled, |sigma| Scale::Known(sigma.powi(2)))
}

/// Numbers of all rows.
fn n_numbers(rows: &Rows) -> usize {
    let random: usize = rows.random.iter().map(|term| term.columns.len()).sum();
    rows.n_rows() * (rows.fixed().columns.len() + random)
}

fn of_rows(rows: &Rows, reml: bool, residual: Option<&ResidualInput>, scale: Scale) -> Result<Lmm> {
    let mut model = match residual {
        Some(input) => build::of_rows_with_residual(rows, input, criterion(reml), scale)?,
        None => build::of_rows(rows, criterion(reml), scale)?,
    };
    model.origin.kept += rows.encoding.n_bytes();
    Ok(model)
}

/// The blocks of a factorization as records.
pub fn structure_list<'py>(py: Python<'py>, blocks: &[BlockSummary]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for block in blocks {
        let entry = PyDict::new(py);
        entry.set_item("group", block.factor.0)?;
        entry.set_item("kind", block.kind)?;
        entry.set_item("levels", block.n_levels)?;
        entry.set_item("width", block.width)?;
        entry.set_item("size", block.n_levels * block.width)?;
        entry.set_item("entries", block.entries)?;
        entry.set_item("fill", block.fill)?;
        list.append(entry)?;
    }
    Ok(list)
}

#[pymethods]
impl PyModel {
    #[new]
    #[pyo3(signature = (rows, reml, n_threads = 0, residual = None, sigma = None, covariance_exponent = None))]
    fn new(
        py: Python<'_>,
        rows: Py<PyRows>,
        reml: bool,
        n_threads: usize,
        residual: Option<ResidualArguments<'_>>,
        sigma: Option<f64>,
        covariance_exponent: Option<f64>,
    ) -> PyResult<Self> {
        let size = n_numbers(&rows.get().0);
        let mut input = guard(py, || residual.map(|given| given.input(rows.get().0.n_rows())).transpose())?;
        if let Some(input) = &mut input {
            input.knows_sigma = sigma.is_some();
        }
        let work = move |_: &_| of_rows(&rows.get().0, reml, input.as_ref(), scale(sigma));
        let mut model = run_interruptible_sized(py, n_threads, size, work)?;
        model.covariance_prior = covariance_exponent.map(|exponent| CovariancePrior { exponent });
        Ok(Self(Arc::new(model)))
    }

    #[getter]
    fn reml(&self) -> bool {
        self.0.criterion == Criterion::Reml
    }

    #[getter]
    fn n_obs(&self) -> usize {
        self.0.a.n_obs
    }

    #[getter]
    fn n_random(&self) -> usize {
        self.0.a.n_random()
    }

    #[getter]
    fn n_theta(&self) -> usize {
        self.0.theta_map.n_parameters
    }

    #[getter]
    fn kept(&self) -> Vec<usize> {
        self.0.a.fixed.kept.clone()
    }

    #[getter]
    fn structure<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        structure_list(py, &self.0.symbolic.blocks(&self.0.a))
    }

    /// Why the crossed factors' block is of its kind, where that is not the one of least predicted cost.
    #[getter]
    fn reason(&self) -> Option<String> {
        self.0.symbolic.reason.clone()
    }

    #[getter]
    fn flops(&self) -> f64 {
        self.0.symbolic.flops(self.0.a.n_fixed())
    }

    #[getter]
    fn n_bytes(&self) -> usize {
        memory::n_bytes(&self.0)
    }

    /// What the fit will take beside what is there.
    #[getter]
    fn n_bytes_to_come(&self) -> usize {
        memory::to_come(&self.0)
    }

    /// What can be held: name, and the ends of its values.
    fn variance_parameters(&self, coef_names: Vec<String>, terms: Vec<TermNames>) -> PyResult<Vec<(String, f64, f64)>> {
        parameters_for(self.0.parameters(), &terms)?;
        let all = self.0.variance_parameters(coef_names, &terms).into_iter();
        Ok(all.map(|(name, _, (low, high))| (name, low, high)).collect())
    }

    /// The same model with these held, by their places among `variance_parameters`.
    fn with_held(&self, coef_names: Vec<String>, terms: Vec<TermNames>, held: Vec<(usize, f64)>) -> PyResult<Self> {
        parameters_for(self.0.parameters(), &terms)?;
        let all = self.0.variance_parameters(coef_names, &terms);
        let one = |(k, value): (usize, f64)| all.get(k).map(|(_, what, _)| Held { what: *what, value });
        let held: Option<Vec<Held>> = held.into_iter().map(one).collect();
        let held = held.ok_or_else(|| PyIndexError::new_err("the model has no such parameter"))?;
        Ok(Self(Arc::new(self.0.with_held(held))))
    }

    fn with_criterion(&self, reml: bool) -> Self {
        Self(Arc::new(self.0.with_criterion(criterion(reml))))
    }
}
