//! The covariance of residuals, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors::require;
use super::fit::PyFit;
use super::interrupt::run_interruptible;
use crate::inference;
use crate::residual::{Correlation, ResidualInput};
use crate::{Error, Result};

/// What Python says of the residuals of the rows used.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ResidualArguments<'py> {
    name: Option<String>,
    orders: (usize, usize),
    nugget: bool,
    label: String,
    group: PyReadonlyArray1<'py, u32>,
    group_levels: Vec<String>,
    time: PyReadonlyArray1<'py, f64>,
    visit: PyReadonlyArray1<'py, u32>,
    visits: Vec<String>,
    by: PyReadonlyArray1<'py, u32>,
    by_levels: Vec<String>,
    scale: PyReadonlyArray2<'py, f64>,
    scale_names: Vec<String>,
    offset: PyReadonlyArray1<'py, f64>,
}

impl ResidualArguments<'_> {
    pub fn input(&self, n: usize) -> Result<ResidualInput> {
        let parsed = self.name.as_deref().map(|name| Correlation::parse(name, self.orders, self.nugget)).transpose()?;
        let codes = |array: &PyReadonlyArray1<u32>| array.as_array().to_vec();
        let numbers = |array: &PyReadonlyArray1<f64>| array.as_array().to_vec();
        let input = ResidualInput {
            correlation: parsed.map(|(correlation, _)| correlation),
            heterogeneous: parsed.is_some_and(|(_, heterogeneous)| heterogeneous),
            label: self.label.clone(),
            group: codes(&self.group),
            group_levels: self.group_levels.clone(),
            time: numbers(&self.time),
            visit: codes(&self.visit),
            visits: self.visits.clone(),
            by: codes(&self.by),
            by_levels: self.by_levels.clone(),
            scale: self.scale.as_array().iter().copied().collect(),
            scale_names: self.scale_names.clone(),
            offset: numbers(&self.offset),
            ..ResidualInput::of_rows(n)
        };
        input.check_sizes()?;
        Ok(input)
    }
}

/// The parameters of the residuals: `correlations` (name, value, standard error, bounds); log σ and the coefficients of log
/// standard deviations with their covariance and names, of which the first `n_visits` are of visits.
#[pyfunction]
pub fn residual_parameters<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyDict>> {
    let fit = fit.0.clone();
    let found = run_interruptible(py, 0, move |stop| inference::residual_parameters::residual_parameters(&fit, stop))?;
    let n = found.log_sd.len();
    let out = PyDict::new(py);
    let correlations: Vec<(String, f64, f64, f64, f64)> = found
        .correlations
        .into_iter()
        .map(|(natural, error)| (natural.name, natural.value, error, natural.bounds.0, natural.bounds.1))
        .collect();
    out.set_item("correlations", correlations)?;
    out.set_item("log_sd", found.log_sd.into_pyarray(py))?;
    out.set_item("covariance", found.covariance.into_pyarray(py).reshape([n, n])?)?;
    out.set_item("names", found.names)?;
    out.set_item("n_visits", found.n_visits)?;
    out.set_item("first_visit", found.first_visit)?;
    Ok(out)
}

/// Where correlations are at an end of what they can be: the level of `by`, or an empty text, and which end it is.
#[pyfunction]
pub fn residual_limits(fit: &PyFit) -> Vec<(String, &'static str)> {
    let limits = fit.0.model.residual.as_ref().map_or(Vec::new(), |own| own.residual.layout.limits(&own.phi));
    limits.into_iter().map(|(level, limit)| (level, limit.name())).collect()
}

/// The log standard deviation of the residual of every row.
#[pyfunction]
pub fn residual_log_sd<'py>(py: Python<'py>, fit: &PyFit) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let fit = &fit.0;
    let own = fit.model.residual.as_ref();
    require(py, own.is_some(), || Error::Design("the residuals of this fit have no parameters beside sigma".into()))?;
    let log_sd = own.map_or(Vec::new(), |own| {
        let by_group = own.residual.log_sd(&own.phi);
        own.residual.in_order_of_data(&by_group.iter().map(|v| v + fit.sigma.ln()).collect::<Vec<f64>>())
    });
    Ok(log_sd.into_pyarray(py))
}

/// Values by row over the residual standard deviation, free of the correlations that the residuals have.
#[pyfunction]
pub fn normalized_residuals<'py>(
    py: Python<'py>,
    fit: &PyFit,
    values: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (fit, values) = (&fit.0, values.as_array().to_vec());
    let own = fit.model.residual.as_ref().filter(|own| own.residual.order.len() == values.len());
    require(py, own.is_some(), || Error::Design("normalized residuals need one value for each row of the fit".into()))?;
    let free = own.map_or(Vec::new(), |own| own.residual.normalize(&own.whitened, &values));
    let sigma = fit.residual_variance().sqrt();
    Ok(free.iter().map(|v| v / sigma).collect::<Vec<f64>>().into_pyarray(py))
}

/// The correlations of residuals at some places, by the parameters of one level of `by`.
#[pyfunction]
pub fn residual_correlations<'py>(
    py: Python<'py>,
    fit: &PyFit,
    level: usize,
    places: Vec<f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (n, own) = (places.len(), fit.0.model.residual.as_ref());
    let correlations = own.map_or(Vec::new(), |own| own.residual.layout.correlations(&own.phi));
    let known = correlations.get(level);
    require(py, known.is_some(), || Error::Design("the residuals of this fit are not correlated".into()))?;
    let mut slopes = own.map_or(Vec::new(), |own| vec![0.0; own.residual.layout.n_of_level()]);
    let mut values = vec![1.0; n * n];
    for (i, j) in (0..n).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let value = known.map_or(0.0, |c| c.pair(places[i], places[j], &mut slopes));
        (values[i * n + j], values[j * n + i]) = (value, value);
    }
    values.into_pyarray(py).reshape([n, n])
}
