//! A generalized linear mixed model and its fit, seen from Python.

use std::sync::Arc;

use super::arrays::copied;
use super::errors::guard;
use super::families::spec_of;
use super::interrupt::{run_interruptible, run_interruptible_sized};
use super::model::Choices;
use super::parameters::{PyParameter, chosen_parameters, parameters_for};
use super::rows::PyRows;
use super::saved::{PySaved, from_python, to_python};
use super::verdict::verdict_dict;
use crate::family::{Observation, Predictor};
use crate::fit::{GlmmFit, fit_generalized, side_by_side};
use crate::inference::generalized_profile::profile_interval;
use crate::linalg::memory;
use crate::model::generalized::{Approximation, NormalPrior, PartSource, Responses, glmm};
use crate::model::parameters::{Parameter, TermNames};
use crate::model::{CovariancePrior, Glmm};
use crate::{Error, Result};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Numbers of a row that its densities and sums take, in units of what a linear model's take.
const ROW: usize = 20;
/// Passes over the rows of a fit, as few as of one that is done sooner on the caller's thread.
const PASSES: usize = 10;

#[pyclass(frozen, name = "GeneralizedModel", module = "hlmrs._core")]
pub struct PyGlmm(pub Arc<Glmm>);

#[pyclass(frozen, name = "GeneralizedFit", module = "hlmrs._core")]
pub struct PyGlmmFit(pub Arc<GlmmFit>);

/// Error, coefficients, covariances.
type LaplaceRecord<'py> = (f64, Bound<'py, PyArray1<f64>>, Vec<Bound<'py, PyArray2<f64>>>);

/// Coefficients, covariances.
type MovedRecord<'py> = (Bound<'py, PyArray1<f64>>, Vec<Bound<'py, PyArray2<f64>>>);

fn predictor_of(name: &str) -> Result<Predictor> {
    match name {
        "conditional" => Ok(Predictor::Conditional),
        "dispersion" => Ok(Predictor::Dispersion),
        "zero_inflation" => Ok(Predictor::Zero),
        "thresholds" => Ok(Predictor::Upper),
        "scale" => Ok(Predictor::Scale),
        other => Err(Error::Design(format!("there is no part {other:?}"))),
    }
}

#[pymethods]
impl PyGlmm {
    /// `parts`: designs by name, those of an intercept alone left out; `trials` of binomial counts; `prior`: normal ones of
    /// coefficients of the mean, by column: mean and standard deviation; `covariance_exponent`: the power of the determinants of
    /// covariances that their prior is.
    #[new]
    #[pyo3(signature = (parts, response, y, trials, weights, family, approximation, n_threads = 0, in_unit = true, prior = vec![], covariance_exponent = None))]
    #[expect(clippy::too_many_arguments, reason = "what makes a model")]
    fn new(
        py: Python<'_>,
        parts: Vec<(String, Py<PyRows>)>,
        response: String,
        y: PyReadonlyArray1<'_, f64>,
        trials: Option<PyReadonlyArray1<'_, f64>>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        family: &str,
        approximation: &str,
        n_threads: usize,
        in_unit: bool,
        prior: Vec<(usize, f64, f64)>,
        covariance_exponent: Option<f64>,
    ) -> PyResult<Self> {
        let prior: Vec<NormalPrior> =
            prior.into_iter().map(|(column, mean, sd)| NormalPrior { column, mean, sd }).collect();
        let spec = guard(py, || spec_of(family))?;
        let approximation: Approximation =
            serde_json::from_str(approximation).map_err(|e| PyValueError::new_err(format!("approximation: {e}")))?;
        let (y, trials) = (y.as_array(), trials.as_ref().map(PyReadonlyArray1::as_array));
        let weights = weights.map(|w| copied(py, w.as_array())).transpose()?.unwrap_or_default();
        let n = y.len();
        if trials.as_ref().is_some_and(|t| t.len() != n) || (!weights.is_empty() && weights.len() != n) {
            return Err(PyValueError::new_err("trials and weights need one number per row"));
        }
        let room = || memory::room(n, 1).ok_or_else(|| Error::no_memory("the responses", n, 2));
        let mut observations: Vec<Observation> = guard(py, room)?;
        let trials_of = |i: usize| trials.as_ref().map_or(1.0, |t| t[i]);
        observations.extend(y.iter().enumerate().map(|(i, &y)| Observation { y, trials: trials_of(i) }));
        let model = run_interruptible_sized(py, n_threads, n * ROW, move |stop| {
            let sources = parts
                .iter()
                .map(|(name, rows)| Ok(PartSource { predictor: predictor_of(name)?, rows: &rows.get().0 }))
                .collect::<Result<Vec<_>>>()?;
            let responses = Responses { name: response, observations, weights, in_unit };
            let mut model = glmm(&spec, &sources, responses, &prior, stop)?.with_approximation(approximation)?;
            model.covariance_prior = covariance_exponent.map(|exponent| CovariancePrior { exponent });
            Ok(model)
        })?;
        Ok(Self(Arc::new(model)))
    }

    /// The direction of the user's coefficients along which the likelihood rises without end, and the rows that it
    /// separates; None where every coefficient has a best value.
    #[getter]
    fn separation(&self) -> Option<(Vec<f64>, Vec<usize>)> {
        let found = self.0.separation.as_ref()?;
        Some((crate::model::generalized::product(&self.0.transform, &found.direction), found.rows.clone()))
    }

    /// Columns of the mean's design that are estimated.
    #[getter]
    fn kept(&self) -> Vec<usize> {
        self.0.parts[0].kept.clone()
    }

    #[getter]
    fn n_obs(&self) -> usize {
        self.0.rows.n
    }

    #[getter]
    fn n_random(&self) -> usize {
        self.0.rows.blocks.iter().map(|b| b.n_levels * b.width).sum()
    }

    #[getter]
    fn n_theta(&self) -> usize {
        self.0.n_theta()
    }

    #[getter]
    fn reason(&self) -> Option<String> {
        self.0.symbolic.reason.clone()
    }

    #[getter]
    fn structure<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        super::model::structure_list(py, &self.0.symbolic.blocks(&self.0.unfilled(0)))
    }

    /// Of every part: name, columns kept, columns, first coefficient, coefficients, first and last random term.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for part in &self.0.parts {
            let entry = PyDict::new(py);
            entry.set_item("name", part.name.name())?;
            entry.set_item("kept", &part.kept)?;
            entry.set_item("n_columns", part.n_columns)?;
            entry.set_item("first", part.first)?;
            entry.set_item("n", part.kept.len())?;
            entry.set_item("terms", (part.terms.start, part.terms.end))?;
            list.append(entry)?;
        }
        Ok(list)
    }
}

#[pymethods]
impl PyGlmmFit {
    #[new]
    fn new(py: Python<'_>, model: &PyGlmm, control: &str) -> PyResult<Self> {
        let (control, n_threads) = guard(py, || Choices::parse(control))?;
        let model = model.0.clone();
        let size = model.rows.n * ROW * PASSES;
        let fit = run_interruptible_sized(py, n_threads, size, move |stop| fit_generalized(&model, &control, stop))?;
        Ok(Self::of(fit))
    }

    #[getter]
    fn model(&self) -> PyGlmm {
        PyGlmm(Arc::new(self.0.model.clone()))
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<PySaved<'py>> {
        to_python(py, self.0.saved())
    }

    #[staticmethod]
    fn from_state(py: Python<'_>, model: &PyGlmm, meta: &str, arrays: &Bound<'_, PyDict>) -> PyResult<Self> {
        let (model, saved) = (model.0.clone(), from_python(meta, arrays)?);
        Ok(Self::of(run_interruptible(py, 0, move |stop| GlmmFit::from_saved(&model, saved, stop))?))
    }

    /// -2 log-likelihood, without priors.
    #[getter]
    fn criterion(&self, py: Python<'_>) -> PyResult<f64> {
        let fit = &self.0;
        Ok(fit.criterion - guard(py, || fit.model.penalties(&fit.x))?)
    }

    /// The log-density of the priors.
    #[getter]
    fn log_prior(&self) -> Option<f64> {
        let model = &self.0.model;
        (!model.penalty.is_empty()).then(|| model.penalty.log_density(&model.coefficients(&self.0.x)))
    }

    #[getter]
    fn n_params(&self) -> usize {
        self.0.n_params()
    }

    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.user_theta().into_pyarray(py)
    }

    /// Coefficients of all parts, as `parts` of the model counts them.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.user_coefficients().into_pyarray(py)
    }

    fn covariance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.0.model.n_user();
        self.0.user_covariance().into_pyarray(py).reshape([n, n])
    }

    /// Covariance of all coordinates of the search: those of the covariances of random effects, then the coefficients.
    fn joint_covariance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.0.x.len();
        self.0.covariance.clone().into_pyarray(py).reshape([n, n])
    }

    /// Coefficients, and the covariance of every term's random effects, a step in these coordinates from the estimates.
    fn moved<'py>(&self, py: Python<'py>, step: PyReadonlyArray1<'_, f64>) -> PyResult<MovedRecord<'py>> {
        let step = step.as_array();
        if step.len() != self.0.x.len() {
            return Err(PyValueError::new_err("a step has one number per coordinate"));
        }
        let x: Vec<f64> = self.0.x.iter().zip(step).map(|(x, step)| x + step).collect();
        let model = &self.0.model;
        let blocks = model.parameters().relative_covariances(&x).into_iter().zip(self.widths());
        let covariances = blocks.map(|(block, r)| block.into_pyarray(py).reshape([r, r])).collect::<PyResult<_>>()?;
        Ok((model.user_coefficients(&x).into_pyarray(py), covariances))
    }

    #[getter]
    fn verdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        verdict_dict(py, &self.0.verdict)
    }

    /// Coefficients that can grow without end at no cost.
    #[getter]
    fn without_end(&self) -> Vec<usize> {
        self.0.without_end()
    }

    /// Why the standard errors could not be computed.
    #[getter]
    fn uncertain(&self) -> Option<String> {
        self.0.uncertain.clone()
    }

    /// Newton iterations for the modes.
    #[getter]
    fn iterations(&self) -> usize {
        self.0.iterations
    }

    /// Linear predictors of the rows, by part of the family.
    fn linear_predictors<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyArray1<f64>>> {
        self.0.eta.iter().map(|eta| eta.clone().into_pyarray(py)).collect()
    }

    fn covariances<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let blocks = self.0.covariances().into_iter().zip(self.widths());
        blocks.map(|(block, r)| block.into_pyarray(py).reshape([r, r])).collect()
    }

    fn modes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let modes = self.0.user_modes().into_iter().zip(self.widths());
        modes
            .map(|(b, r)| {
                let levels = b.len() / r;
                b.into_pyarray(py).reshape([levels, r])
            })
            .collect()
    }

    fn mode_covariances<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray3<f64>>>> {
        let fit = self.0.clone();
        let blocks = run_interruptible(py, 0, move |_| Ok(fit.user_mode_covariances()))?;
        blocks
            .into_iter()
            .zip(self.widths())
            .map(|(v, r)| {
                let levels = v.len() / (r * r);
                v.into_pyarray(py).reshape([levels, r, r])
            })
            .collect()
    }

    /// All parameters; `terms`: the grouping factor and the columns of each random term of all parts.
    fn parameters(&self, coef_names: Vec<String>, terms: Vec<TermNames>) -> PyResult<Vec<PyParameter>> {
        let named = parameters_for(self.0.model.parameters(), &terms)?.named(coef_names, &terms);
        Ok(named.into_iter().filter(|(_, parameter)| *parameter != Parameter::Sigma).map(PyParameter::from).collect())
    }

    fn values<'py>(
        &self,
        py: Python<'py>,
        parameters: Vec<PyRef<'py, PyParameter>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let of = self.0.model.parameters();
        let chosen = chosen_parameters(of, self.0.model.n_user(), &parameters)?;
        Ok(of.values(&self.0.user_coefficients(), &self.0.x, 1.0, &chosen).into_pyarray(py))
    }

    /// Profile intervals.
    #[pyo3(signature = (parameters, limit, n_threads = 0))]
    fn profile_intervals(
        &self,
        py: Python<'_>,
        parameters: Vec<PyRef<'_, PyParameter>>,
        limit: f64,
        n_threads: usize,
    ) -> PyResult<Vec<(f64, f64)>> {
        let fit = self.0.clone();
        let chosen = chosen_parameters(fit.model.parameters(), fit.model.n_user(), &parameters)?;
        run_interruptible(py, n_threads, move |stop| {
            side_by_side(&fit.model, &chosen, |&of: &Parameter| profile_interval(&fit, of, limit, stop))
        })
    }

    /// The error of Laplace's log-likelihood, and coefficients of all parts and covariances of the random terms corrected
    /// for it by one step.
    fn laplace_error<'py>(&self, py: Python<'py>) -> PyResult<LaplaceRecord<'py>> {
        let fit = self.0.clone();
        let found = run_interruptible(py, 0, move |stop| fit.laplace_error(stop))?;
        let x: Vec<f64> = self.0.x.iter().zip(&found.shift).map(|(x, s)| x + s).collect();
        let coefficients = self.0.model.user_coefficients(&x).into_pyarray(py);
        let covariances = self.0.model.parameters().relative_covariances(&x).into_iter().zip(self.widths());
        let blocks = covariances.map(|(block, r)| block.into_pyarray(py).reshape([r, r])).collect::<PyResult<_>>()?;
        Ok((found.error, coefficients, blocks))
    }

    /// The gradient at the optimum, in the search's coordinates.
    fn slope<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let fit = self.0.clone();
        let slope = run_interruptible(py, 0, move |stop| {
            use crate::model::{Evaluator, Model};
            let mut evaluator: Box<dyn Evaluator + '_> = fit.model.evaluator(stop);
            evaluator.gradient(&fit.x)
        })?;
        Ok(slope.into_pyarray(py))
    }
}

impl PyGlmmFit {
    pub fn of(fit: GlmmFit) -> Self {
        Self(Arc::new(fit))
    }

    fn widths(&self) -> Vec<usize> {
        self.0.model.theta_map.terms.iter().map(|t| t.width).collect()
    }
}
