//! Tails and quantiles, seen from Python.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::distribution;

/// P(|T| > |statistic|) for pairs of statistics and degrees of freedom.
#[pyfunction]
pub fn student_tails<'py>(
    py: Python<'py>,
    statistics: PyReadonlyArray1<'py, f64>,
    df: PyReadonlyArray1<'py, f64>,
) -> Bound<'py, PyArray1<f64>> {
    let (statistics, df) = (statistics.as_array(), df.as_array());
    let tails: Vec<f64> = statistics.iter().zip(&df).map(|(&t, &df)| distribution::two_sided_p(t, df)).collect();
    tails.into_pyarray(py)
}

/// The t with P(|T| <= t) = level for every number of degrees of freedom.
#[pyfunction]
pub fn student_quantiles<'py>(
    py: Python<'py>,
    level: f64,
    df: PyReadonlyArray1<'py, f64>,
) -> Bound<'py, PyArray1<f64>> {
    let quantiles: Vec<f64> = df.as_array().iter().map(|&df| distribution::two_sided_quantile(level, df)).collect();
    quantiles.into_pyarray(py)
}

/// I_x(a, b); `complement` is 1 - x.
#[pyfunction]
pub fn incomplete_beta(a: f64, b: f64, x: f64, complement: f64) -> f64 {
    distribution::incomplete_beta(a, b, x, complement)
}
