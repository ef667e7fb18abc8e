//! A fit, seen from Python.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::encoding::PyEncoding;
use super::errors::guard;
use super::forecast::NewResidualArguments;
use super::given_rows::{GivenRows, TermInput};
use super::interrupt::{run, run_interruptible, run_interruptible_sized};
use super::model::{Choices, PyModel};
use super::new_rows::PyNewRows;
use super::parameters::{PyParameter, parameters_for, parameters_of};
use super::rows::PyRows;
use super::saved::{PySaved, from_python, to_python};
use super::verdict::verdict_dict;
use crate::crossproduct::CrossProducts;
use crate::fit::new_noise::NewNoise;
use crate::fit::{Fit, Status, fit};
use crate::inference::prediction_slopes::{Predicted, prediction_slopes};
use crate::model::parameters::TermNames;

#[pyclass(frozen, name = "Fit", module = "hlmrs._core")]
pub struct PyFit(pub Arc<Fit>);

impl PyFit {
    /// The fit, for what does not know of parameters of the residuals.
    pub fn plain(&self, py: Python<'_>, what: &str) -> PyResult<Arc<Fit>> {
        guard(py, || self.0.model.plain(what))?;
        Ok(self.0.clone())
    }

    fn of(fit: Fit) -> Self {
        Self(Arc::new(fit))
    }

    pub fn cross_products(&self) -> Arc<CrossProducts> {
        self.0.model.a.clone()
    }

    fn widths(&self) -> Vec<usize> {
        self.0.model.theta_map.terms.iter().map(|t| t.width).collect()
    }
}

#[pymethods]
impl PyFit {
    #[new]
    fn new(py: Python<'_>, model: &PyModel, control: &str) -> PyResult<Self> {
        let (control, n_threads) = guard(py, || Choices::parse(control))?;
        let model = model.0.clone();
        // an evaluation by operations and by entries, in units of what one row's number takes
        let size = model.symbolic.flops(model.a.n_fixed()) as usize / 10 + model.a.n_bytes() / 32;
        let fit = run_interruptible_sized(py, n_threads, size, move |stop| fit(&model, &control, stop))?;
        Ok(Self::of(fit))
    }

    #[getter]
    fn model(&self) -> PyModel {
        PyModel(Arc::new(self.0.model.clone()))
    }

    #[getter]
    fn criterion(&self) -> f64 {
        self.0.criterion
    }

    #[getter]
    fn criterion_std_error(&self) -> f64 {
        self.0.std_error
    }

    /// All parameters; `terms`: the grouping factor and the columns of each random term.
    fn parameters(&self, coef_names: Vec<String>, terms: Vec<TermNames>) -> PyResult<Vec<PyParameter>> {
        parameters_for(self.0.model.parameters(), &terms)?;
        Ok(self.0.model.named_parameters(coef_names, &terms).into_iter().map(PyParameter::from).collect())
    }

    /// What makes up the covariances of the random terms, whatever their structure.
    fn covariance_parameters(&self, terms: Vec<TermNames>) -> PyResult<Vec<PyParameter>> {
        let parameters = parameters_for(self.0.model.parameters(), &terms)?;
        Ok(parameters.entries(&terms).into_iter().map(PyParameter::from).collect())
    }

    fn values<'py>(
        &self,
        py: Python<'py>,
        parameters: Vec<PyRef<'py, PyParameter>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.values(&parameters_of(&self.0, &parameters)?).into_pyarray(py))
    }

    /// Whether rows are in it: of a model whose residuals have parameters, unless sums over strata stand for them.
    #[getter]
    fn holds_rows(&self) -> bool {
        self.0.model.residual.as_ref().is_some_and(|own| own.strata.is_none())
    }

    /// Whether the parameters are those of other rows.
    #[getter]
    fn is_adapted(&self) -> bool {
        self.0.is_adapted
    }

    #[getter]
    fn sigma(&self) -> f64 {
        self.0.user_sigma()
    }

    /// σ² that relative covariances are multiples of; that of a row in the middle where residuals have parameters.
    #[getter]
    fn scale(&self) -> f64 {
        self.0.residual_variance()
    }

    #[getter]
    fn n_params(&self) -> usize {
        self.0.n_params()
    }

    #[getter]
    fn beta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.user_beta().into_pyarray(py)
    }

    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.user_theta().into_pyarray(py)
    }

    /// Whether there is nothing to warn of: an optimum inside of the model, with a coefficient for every column.
    #[getter]
    fn is_plain(&self) -> bool {
        let fixed = &self.0.model.a.fixed;
        self.0.verdict.status == Status::Optimum && fixed.kept.len() == fixed.n_columns
    }

    #[getter]
    fn verdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        verdict_dict(py, &self.0.verdict)
    }

    fn covariances<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let blocks = self.0.covariances().into_iter().zip(self.widths());
        blocks.map(|(block, r)| block.into_pyarray(py).reshape([r, r])).collect()
    }

    fn vcov<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let p = self.0.beta.len();
        self.0.vcov().into_pyarray(py).reshape([p, p])
    }

    /// (X'WX)^-1.
    fn ordinary_covariance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let p = self.0.beta.len();
        guard(py, || self.0.ordinary_covariance())?.into_pyarray(py).reshape([p, p])
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

    /// `with_fixed`: the estimation of the fixed effects counts.
    #[pyo3(signature = (with_fixed=false))]
    fn mode_covariances<'py>(&self, py: Python<'py>, with_fixed: bool) -> PyResult<Vec<Bound<'py, PyArray3<f64>>>> {
        let fit = self.0.clone();
        let blocks = run_interruptible(py, 0, move |_| fit.mode_covariances(with_fixed))?;
        let blocks = blocks.into_iter().zip(self.widths());
        blocks
            .map(|(v, r)| {
                let levels = v.len() / (r * r);
                v.into_pyarray(py).reshape([levels, r, r])
            })
            .collect()
    }

    fn linear_predictor<'py>(
        &self,
        py: Python<'py>,
        rows: Py<PyRows>,
        use_terms: Vec<bool>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        if use_terms.len() != rows.get().0.random.len() || use_terms.len() != self.widths().len() {
            return Err(PyValueError::new_err("use_terms needs one entry per random term"));
        }
        let fit = self.0.clone();
        Ok(run(py, move || fit.linear_predictor(&rows.get().0, &use_terms))?.into_pyarray(py))
    }

    fn prediction_variance<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'py, f64>,
        terms: Vec<TermInput<'py>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let given = GivenRows::read(&self.0, &x, &terms)?;
        let fit = self.0.clone();
        let variance = run(py, move || fit.prediction_variance(&given.x, given.m, &given.terms()))?;
        Ok(variance.into_pyarray(py))
    }

    /// The slopes of that, or with residuals of variances relative to sigma², in the parameters of `satterthwaite`.
    fn prediction_slopes<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'py, f64>,
        terms: Vec<TermInput<'py>>,
        residual: Option<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let given = GivenRows::read(&self.0, &x, &terms)?;
        let residual = residual.map(|shares| shares.as_array().to_vec());
        if residual.as_ref().is_some_and(|shares| shares.len() != given.m) {
            return Err(PyValueError::new_err("residual variances need one number per row"));
        }
        let (fit, m) = (self.plain(py, "intervals of predictions by Satterthwaite")?, given.m);
        let slopes = run_interruptible(py, 0, move |stop| {
            let residual = residual.as_deref();
            prediction_slopes(&fit, &Predicted { x: &given.x, m, terms: &given.terms(), residual }, stop)
        })?;
        let n = slopes.len();
        slopes.concat().into_pyarray(py).reshape([n, m])
    }

    fn simulate<'py>(
        &self,
        py: Python<'py>,
        rows: Py<PyRows>,
        n: usize,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (fit, n_obs) = (self.0.clone(), rows.get().0.n_rows());
        let draws = run_interruptible(py, 0, move |stop| fit.simulate(&rows.get().0, n, seed, stop))?;
        draws.into_pyarray(py).reshape([n_obs, n])
    }

    /// Responses of new rows; `shares`: their residual variances over that of a row of weight one, unless residuals have
    /// parameters.
    #[pyo3(signature = (rows, shares, n, seed, residuals=None))]
    fn simulate_new<'py>(
        &self,
        py: Python<'py>,
        rows: Py<PyNewRows>,
        shares: PyReadonlyArray1<'py, f64>,
        n: usize,
        seed: u64,
        residuals: Option<NewResidualArguments<'py>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (fit, n_rows, shares) = (self.0.clone(), rows.get().0.n_rows(), shares.as_array().to_vec());
        let new = residuals.map(|residuals| residuals.read());
        let draws = run_interruptible(py, 0, move |stop| {
            let noise = match &new {
                Some(new) => NewNoise::of_groups(&fit, new)?,
                None => NewNoise::independent(&fit, &shares)?,
            };
            fit.simulate_new(&rows.get().0, &noise, n, seed, stop)
        })?;
        draws.into_pyarray(py).reshape([n_rows, n])
    }

    fn refit(&self, py: Python<'_>, rows: Py<PyRows>, y: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let y: Vec<f64> = y.as_array().iter().copied().collect();
        let fit = self.0.clone();
        Ok(Self::of(run_interruptible(py, 0, move |stop| fit.refit(&rows.get().0, &y, stop))?))
    }

    /// The modes of the rows of another model, at the parameters of this fit.
    fn adapt(&self, py: Python<'_>, model: &PyModel) -> PyResult<Self> {
        let (fit, model) = (self.plain(py, "adapting to new rows")?, model.0.clone());
        Ok(Self::of(run(py, move || fit.adapt(model.as_ref().clone()))?))
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<PySaved<'py>> {
        to_python(py, self.0.saved())
    }

    /// Fails unless the encoding is that of the rows of this fit.
    fn check_encoding(&self, py: Python<'_>, encoding: &PyEncoding) -> PyResult<()> {
        guard(py, || self.0.check_encoding(&encoding.0))
    }

    #[staticmethod]
    fn from_state(py: Python<'_>, meta: &str, arrays: &Bound<'_, PyDict>) -> PyResult<Self> {
        let saved = from_python(meta, arrays)?;
        Ok(Self::of(run(py, move || Fit::from_saved(saved))?))
    }
}
