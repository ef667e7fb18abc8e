//! A model's parameters and the structures of covariances, seen from Python.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::covariance::{Reported, Shape, Structure};
use crate::fit::Fit;
use crate::model::parameters::{Parameter, Parameters, TermNames};

/// A parameter of a fit, by its name.
#[pyclass(frozen, name = "Parameter", module = "hlmrs._core")]
pub struct PyParameter {
    #[pyo3(get)]
    name: String,
    parameter: Parameter,
}

impl PyParameter {
    pub fn parameter(&self) -> Parameter {
        self.parameter
    }
}

impl From<(String, Parameter)> for PyParameter {
    fn from((name, parameter): (String, Parameter)) -> Self {
        Self { name, parameter }
    }
}

#[pymethods]
impl PyParameter {
    #[getter]
    fn kind(&self) -> &'static str {
        self.parameter.kind()
    }
}

/// Parameters, if there are names for all columns of their random terms.
pub fn parameters_for<'a>(parameters: Parameters<'a>, names: &[TermNames]) -> PyResult<Parameters<'a>> {
    let widths = parameters.theta.terms.iter().map(|term| term.width);
    match widths.eq(names.iter().map(|(_, columns)| columns.len())) {
        true => Ok(parameters),
        false => Err(PyValueError::new_err("a name for every column of every random term is needed")),
    }
}

/// The parameters themselves; fails for those of another model.
pub fn parameters_of(fit: &Fit, given: &[PyRef<'_, PyParameter>]) -> PyResult<Vec<Parameter>> {
    chosen(|parameter| fit.model.has(parameter), given)
}

/// Parameters of a model with so many coefficients; fails for those of another.
pub fn chosen_parameters(of: Parameters, n_fixed: usize, given: &[PyRef<'_, PyParameter>]) -> PyResult<Vec<Parameter>> {
    chosen(|parameter| of.has(parameter, n_fixed), given)
}

fn chosen(has: impl Fn(Parameter) -> bool, given: &[PyRef<'_, PyParameter>]) -> PyResult<Vec<Parameter>> {
    let known = |given: &PyRef<'_, PyParameter>| match has(given.parameter) {
        true => Ok(given.parameter),
        false => Err(PyValueError::new_err(format!("the model has no parameter {}", given.name))),
    };
    given.iter().map(known).collect()
}

/// A covariance structure that formulas may name.
#[pyclass(frozen, name = "Structure", module = "hlmrs._core")]
pub struct PyStructure(Structure);

#[pymethods]
impl PyStructure {
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }

    /// It is any covariance.
    #[getter]
    fn unrestricted(&self) -> bool {
        self.0.is_unrestricted()
    }

    /// Its effects are independent, each with a variance of its own.
    #[getter]
    fn independent(&self) -> bool {
        self.0.is_independent()
    }

    #[getter]
    fn correlated(&self) -> bool {
        self.0.is_correlated()
    }

    /// Names of the structures that are special cases of it over the same columns.
    #[getter]
    fn contains(&self) -> Vec<&'static str> {
        self.0.contains().to_vec()
    }

    /// Its effects lie at places, and correlations fall with their distance.
    #[getter]
    fn is_placed(&self) -> bool {
        self.0.decay().is_some()
    }

    /// Its rank is given.
    #[getter]
    fn has_rank(&self) -> bool {
        self.0.has_rank()
    }

    /// Name of every parameter that users read, with row and column of a place in the covariance where its value stands,
    /// and its kind.
    fn reported(&self, columns: Vec<String>, group: &str) -> Vec<(String, usize, usize, &'static str)> {
        let named = |reported: Reported| {
            let (row, column) = reported.place();
            (reported.name(&columns, group), row, column, reported.kind())
        };
        self.0.reported(&Shape::from(columns.len())).into_iter().map(named).collect()
    }

    /// A range or rate, from the correlation of two effects at a distance, and its slope in it.
    fn of_correlation(&self, correlation: f64, distance: f64) -> PyResult<(f64, f64)> {
        let found = self.0.of_correlation(correlation, distance);
        found.ok_or_else(|| PyValueError::new_err("the correlations do not fall with the distance"))
    }
}

/// The covariance structures there are.
#[pyfunction]
pub fn structures() -> Vec<PyStructure> {
    Structure::ALL.iter().map(|&structure| PyStructure(structure)).collect()
}
