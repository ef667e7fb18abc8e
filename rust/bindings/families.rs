//! Families of distributions, seen from Python: means, variances, densities and predictors.

use std::sync::atomic::AtomicBool;

use super::arrays::copied;
use super::errors::guard;
use super::interrupt::run_interruptible_sized;
use crate::family::{Family, FamilySpec, Observation, Predictor};
use crate::{Error, Result};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Means and their slopes.
type Means<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>);

/// A family as Python states it.
///
/// # Errors
/// `Design` for a family that is none.
pub fn spec_of(family: &str) -> Result<FamilySpec> {
    serde_json::from_str(family).map_err(|e| Error::Design(format!("family: {e}")))
}

/// A family, and linear predictors of all its parts.
fn family_of(
    py: Python<'_>,
    family: &str,
    predictors: &[PyReadonlyArray1<'_, f64>],
) -> PyResult<(Family, Vec<Vec<f64>>)> {
    let family = guard(py, || spec_of(family)?.family())?;
    let eta: Vec<Vec<f64>> = predictors.iter().map(|p| copied(py, p.as_array())).collect::<PyResult<_>>()?;
    if eta.len() != family.predictors().len() || eta.iter().any(|e| e.len() != eta[0].len()) {
        return Err(PyValueError::new_err("every predictor of the family needs one number per row"));
    }
    Ok((family, eta))
}

/// Means of a family: of the response, or of its conditional part, and their slopes in the linear predictors (n x m).
#[pyfunction]
pub fn family_means<'py>(
    py: Python<'py>,
    family: &str,
    predictors: Vec<PyReadonlyArray1<'py, f64>>,
    conditional: bool,
) -> PyResult<Means<'py>> {
    let (family, eta) = family_of(py, family, &predictors)?;
    let (n, m) = (eta[0].len(), eta.len());
    let work = move |_: &AtomicBool| Ok(family.means(&eta, conditional));
    let (means, slopes) = run_interruptible_sized(py, 0, n * m, work)?;
    Ok((means.into_pyarray(py), slopes.into_pyarray(py).reshape([n, m])?))
}

/// What the linear predictors of a family are.
#[pyfunction]
pub fn family_predictors(py: Python<'_>, family: &str) -> PyResult<Vec<&'static str>> {
    let family = guard(py, || spec_of(family)?.family())?;
    let name = |predictor: &Predictor| match predictor {
        Predictor::Conditional => "conditional",
        Predictor::Dispersion => "dispersion",
        Predictor::Zero => "zero_inflation",
        Predictor::Shape => "shape",
        Predictor::SecondShape => "shape2",
        Predictor::Upper => "upper",
        Predictor::Lower => "lower",
        Predictor::Scale => "scale",
    };
    Ok(family.predictors().iter().map(name).collect())
}

/// What the thresholds of an ordered response are made of: slopes of every threshold in every parameter.
#[pyfunction]
pub fn threshold_slopes<'py>(py: Python<'py>, family: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let spec = guard(py, || spec_of(family))?;
    let n = spec.n_categories.saturating_sub(1);
    let k = spec.thresholds.n_parameters(n);
    let slopes: Vec<f64> = (0..n * k).map(|e| spec.thresholds.slope(n, e / k, e % k)).collect();
    slopes.into_pyarray(py).reshape([n, k])
}

/// Variances of the response of a family, of weight one; of successes among trials those of the proportions, times the
/// trials.
#[pyfunction]
#[pyo3(signature = (family, predictors, trials = None))]
pub fn family_variances<'py>(
    py: Python<'py>,
    family: &str,
    predictors: Vec<PyReadonlyArray1<'py, f64>>,
    trials: Option<PyReadonlyArray1<'py, f64>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (family, eta) = family_of(py, family, &predictors)?;
    let trials = trials.map(|t| copied(py, t.as_array())).transpose()?.unwrap_or_default();
    if !trials.is_empty() && trials.len() != eta[0].len() {
        return Err(PyValueError::new_err("trials need one number per row"));
    }
    let work = move |_: &AtomicBool| Ok(family.variances(&eta, &trials));
    Ok(run_interruptible_sized(py, 0, predictors.len() * predictors[0].len()?, work)?.into_pyarray(py))
}

/// Log densities of responses; of successes among trials, or of one each.
#[pyfunction]
#[pyo3(signature = (family, predictors, y, trials = None))]
pub fn family_log_densities<'py>(
    py: Python<'py>,
    family: &str,
    predictors: Vec<PyReadonlyArray1<'py, f64>>,
    y: PyReadonlyArray1<'py, f64>,
    trials: Option<PyReadonlyArray1<'py, f64>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (family, eta) = family_of(py, family, &predictors)?;
    let y = copied(py, y.as_array())?;
    let trials = trials.map_or_else(|| Ok(vec![1.0; y.len()]), |t| copied(py, t.as_array()))?;
    if y.len() != eta[0].len() || trials.len() != y.len() {
        return Err(PyValueError::new_err("responses and trials need one number per row"));
    }
    let size = predictors.len() * y.len();
    let rows: Vec<Observation> = y.into_iter().zip(trials).map(|(y, trials)| Observation { y, trials }).collect();
    let work = move |_: &AtomicBool| {
        let mut minus_log = Vec::new();
        family.values(&rows, &eta, &mut minus_log);
        Ok(minus_log.iter().zip(&rows).map(|(value, &o)| -value - family.constant(o)).collect::<Vec<f64>>())
    };
    Ok(run_interruptible_sized(py, 0, size, work)?.into_pyarray(py))
}
