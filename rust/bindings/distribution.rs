//! Tails and quantiles, seen from Python.

use numpy::{AllowTypeChange, IntoPyArray, PyArray1, PyArrayLike1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::special;

/// One number, or many.
#[derive(FromPyObject)]
pub enum Numbers<'py> {
    Many(PyArrayLike1<'py, f64, AllowTypeChange>),
    One(f64),
}

impl Numbers<'_> {
    fn values(&self) -> Vec<f64> {
        match self {
            Self::Many(values) => values.as_array().to_vec(),
            Self::One(value) => vec![*value],
        }
    }
}

/// P(|T| > |statistic|).
#[pyfunction]
pub fn two_sided_p(statistic: f64, df: f64) -> f64 {
    special::two_sided_p(statistic, df)
}

/// The same for many statistics, each with its own degrees of freedom, or all with one.
#[pyfunction]
pub fn two_sided_ps<'py>(py: Python<'py>, statistics: Numbers<'py>, df: Numbers<'py>) -> Bound<'py, PyArray1<f64>> {
    let (statistics, df) = (statistics.values(), df.values());
    let n = if df.len() == 1 { statistics.len() } else { df.len() };
    let pairs = statistics.iter().cycle().zip(df.iter().cycle()).take(n);
    pairs.map(|(&t, &df)| special::two_sided_p(t, df)).collect::<Vec<f64>>().into_pyarray(py)
}

/// The t with P(|T| <= t) = level.
#[pyfunction]
pub fn two_sided_quantile(level: f64, df: f64) -> f64 {
    special::two_sided_quantile(level, df)
}

/// The same for many numbers of degrees of freedom.
#[pyfunction]
pub fn two_sided_quantiles<'py>(py: Python<'py>, level: f64, df: Numbers<'py>) -> Bound<'py, PyArray1<f64>> {
    let quantiles = df.values().into_iter().map(|df| special::two_sided_quantile(level, df));
    quantiles.collect::<Vec<f64>>().into_pyarray(py)
}

/// P(F > statistic).
#[pyfunction]
pub fn f_tail(statistic: f64, num_df: f64, den_df: f64) -> f64 {
    special::f_tail(statistic, num_df, den_df)
}

/// The value that F exceeds with `probability`.
#[pyfunction]
pub fn f_quantile(probability: f64, num_df: f64, den_df: f64) -> f64 {
    special::f_quantile(probability, num_df, den_df)
}

/// P(F > statistic) where the numerator's normals have means with this sum of squares.
#[pyfunction]
pub fn noncentral_f_tail(statistic: f64, num_df: f64, den_df: f64, noncentrality: f64) -> f64 {
    special::noncentral_f_tail(statistic, num_df, den_df, noncentrality)
}

/// P(T > t) of t with a noncentrality.
#[pyfunction]
pub fn noncentral_t_tail(t: f64, df: f64, noncentrality: f64) -> f64 {
    special::noncentral_t_tail(t, df, noncentrality)
}

/// P(X > statistic) of chi-square.
#[pyfunction]
pub fn chi_square_tail(statistic: f64, df: f64) -> f64 {
    special::chi_square_tail(statistic, df)
}

/// P(range of `n_means` independent normals / s > q).
#[pyfunction]
pub fn studentized_range_tail(q: f64, n_means: u32, df: f64) -> f64 {
    special::studentized_range_tail(q, n_means, df)
}

/// The q that the studentized range exceeds with `probability`.
#[pyfunction]
pub fn studentized_range_quantile(probability: f64, n_means: u32, df: f64) -> f64 {
    special::studentized_range_quantile(probability, n_means, df)
}

/// P(max |T_i| > t) for classes of directions: their largest coordinates and their shares.
#[pyfunction]
pub fn largest_statistic_tail(
    t: f64,
    df: f64,
    rank: f64,
    reach: PyReadonlyArray1<'_, f64>,
    share: PyReadonlyArray1<'_, f64>,
) -> PyResult<f64> {
    Ok(special::largest_statistic_tail(t, df, rank, reach.as_slice()?, share.as_slice()?))
}

/// The t that max |T_i| exceeds with `probability`.
#[pyfunction]
pub fn largest_statistic_quantile(
    probability: f64,
    df: f64,
    rank: f64,
    reach: PyReadonlyArray1<'_, f64>,
    share: PyReadonlyArray1<'_, f64>,
) -> PyResult<f64> {
    Ok(special::largest_statistic_quantile(probability, df, rank, reach.as_slice()?, share.as_slice()?))
}
