//! Estimating equations and their solution, seen from Python.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::arrays::copied;
use super::errors::guard;
use super::generalized::PyGlmm;
use super::interrupt::{run_interruptible, run_interruptible_sized};
use super::rows::PyRows;
use crate::Error;
use crate::gee::{Equations, Kind, Settings, Solution, WorkingCorrelation, covariance, criterion, deletions, solve};
use crate::linalg::memory;

/// Numbers of a row that its solution takes, in units of what a linear model's take.
const ROW: usize = 200;

/// Clusters, and a row of moves for each.
type DeletionRecord<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<f64>>);

#[pyclass(frozen, name = "EquationsFit", module = "hlmrs._core")]
pub struct PyEquationsFit(Arc<(Equations, Solution)>, usize);

#[pymethods]
impl PyEquationsFit {
    /// `rows`: those of the mean, whose first grouping factor has the clusters; `waves`: the wave of every row, None where
    /// rows of a cluster count from zero; `scale` and `size`: None where they are estimated.
    #[new]
    #[pyo3(signature = (model, rows, waves, correlation, scale, size, max_iterations, n_threads = 0))]
    #[expect(clippy::too_many_arguments, reason = "what makes a fit")]
    fn new(
        py: Python<'_>,
        model: &PyGlmm,
        rows: Py<PyRows>,
        waves: Option<PyReadonlyArray1<'_, u32>>,
        correlation: &str,
        scale: Option<f64>,
        size: Option<f64>,
        max_iterations: usize,
        n_threads: usize,
    ) -> PyResult<Self> {
        let structure = guard(py, || WorkingCorrelation::of_name(correlation))?;
        let waves = waves.map(|w| copied(py, w.as_array())).transpose()?;
        let settings = Settings { scale, size, max_iterations };
        let model = model.0.clone();
        let n = model.rows.n * ROW;
        let made = run_interruptible_sized(py, n_threads, n, move |stop| {
            let source = &rows.get().0;
            let factor = source.factors.first().ok_or_else(|| Error::Design("there are no groups".into()))?;
            let equations = Equations::new(&model, factor.codes(), &waves, structure, stop)?;
            let solution = solve(&equations, settings, stop)?;
            Ok((equations, solution))
        })?;
        Ok(Self(Arc::new(made), n_threads))
    }

    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.0.user_coefficients(&self.0.1.beta).into_pyarray(py)
    }

    #[getter]
    fn scale(&self) -> f64 {
        self.0.1.scale
    }

    #[getter]
    fn size(&self) -> f64 {
        self.0.1.size
    }

    #[getter]
    fn correlation_parameters<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.1.alpha.clone().into_pyarray(py)
    }

    #[getter]
    fn n_waves(&self) -> usize {
        self.0.0.correlation.n_waves
    }

    #[getter]
    fn iterations(&self) -> usize {
        self.0.1.iterations
    }

    #[getter]
    fn converged(&self) -> bool {
        self.0.1.converged
    }

    #[getter]
    fn shrinkage(&self) -> f64 {
        self.0.1.shrinkage
    }

    #[getter]
    fn quasi_likelihood(&self) -> f64 {
        self.0.1.quasi_likelihood
    }

    /// Rows of every cluster that has rows with weight.
    fn cluster_sizes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let starts = &self.0.0.rows.starts;
        starts.windows(2).map(|pair| (pair[1] - pair[0]) as i64).collect::<Vec<_>>().into_pyarray(py)
    }

    /// Residuals over the standard deviations of weight and scale one; NaN for rows without weight.
    fn pearson<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let (equations, solution) = &*self.0;
        equations.rows.unsorted(&solution.at.residual, equations.n).into_pyarray(py)
    }

    /// The working correlation of the first so many waves.
    fn correlation_matrix<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (equations, solution) = &*self.0;
        if n > equations.correlation.n_waves {
            return Err(PyValueError::new_err("there are not so many waves"));
        }
        guard(py, || {
            memory::room::<f64>(n, n).map(drop).ok_or_else(|| Error::no_memory("the working correlation", n, n))
        })?;
        equations.correlation.matrix(&solution.alpha, n).into_pyarray(py).reshape([n, n])
    }

    /// "naive", "robust", "kauermann-carroll" or "mancl-derouen".
    fn covariance<'py>(&self, py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let kind = guard(py, || Kind::of_name(kind))?;
        let (own, p) = (self.0.clone(), self.0.0.rows.p);
        let found = run_interruptible(py, self.1, move |stop| covariance(&own.0, &own.1, kind, stop))?;
        found.into_pyarray(py).reshape([p, p])
    }

    /// Clusters, as the rows code them, and how much the coefficients fall by one step where each is left out.
    fn deletions<'py>(&self, py: Python<'py>) -> PyResult<DeletionRecord<'py>> {
        let (own, p) = (self.0.clone(), self.0.0.rows.p);
        let found = run_interruptible(py, self.1, move |stop| deletions(&own.0, &own.1, stop))?;
        let codes = self.0.0.rows.codes.clone();
        let n = codes.len();
        Ok((codes.into_pyarray(py), found.into_pyarray(py).reshape([n, p])?))
    }

    /// The correlation information criterion: tr(A_I V).
    fn cic(&self, py: Python<'_>) -> PyResult<f64> {
        let own = self.0.clone();
        run_interruptible(py, self.1, move |stop| criterion(&own.0, &own.1, stop))
    }
}
