//! Draws from the posterior, seen from Python.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;

use super::errors::guard;
use super::fit::PyFit;
use super::generalized::PyGlmmFit;
use super::influence::row_sets;
use super::interrupt::{run_counted, run_interruptible};
use super::parameters::{PyParameter, parameters_for};
use super::rows::PyRows;
use crate::fit::{Fit, GlmmFit};
use crate::model::NormalCombination;
use crate::model::parameters::{Parameter, TermNames};
use crate::posterior::draws::{Asked, Drawn, draws, log_densities};
use crate::posterior::generalized::CoefficientCombination;
use crate::posterior::leave_out::leave_out;
use crate::posterior::sampled::{Sampled, Settings, Source};
use crate::posterior::slots::{Slot, of_residuals, of_terms};
use crate::posterior::{GeneralizedPosterior, LinearPosterior};
use crate::prior::Prior;
use crate::{Error, Result};

/// A linear combination of coefficients with a prior.
#[derive(Deserialize)]
struct Combination {
    along: Vec<f64>,
    prior: Prior,
}

#[derive(Deserialize)]
struct PosteriorRequest {
    coefficients: Vec<Combination>,
    priors: Vec<Prior>,
    /// Points of quadrature of a generalized model.
    nodes: Option<usize>,
    #[serde(flatten)]
    settings: Settings,
}

fn parsed(request: &str) -> Result<PosteriorRequest> {
    serde_json::from_str(request).map_err(|e| Error::Design(format!("the request of a posterior: {e}")))
}

/// A linear or a generalized fit.
#[derive(FromPyObject)]
pub enum AnyFit<'py> {
    Linear(Bound<'py, PyFit>),
    Generalized(Bound<'py, PyGlmmFit>),
}

/// What is drawn from; leave-one-out densities are exact of a linear one.
enum Posterior {
    Linear(Box<LinearPosterior>),
    Generalized(Box<GeneralizedPosterior>),
}

impl Posterior {
    fn drawn(&self) -> &dyn Drawn {
        match self {
            Self::Linear(own) => own.as_ref(),
            Self::Generalized(own) => own.as_ref(),
        }
    }
}

/// A fit that outlives the call.
enum Kept {
    Linear(Arc<Fit>),
    Generalized(Arc<GlmmFit>),
}

impl Kept {
    fn of(fit: &AnyFit) -> Self {
        match fit {
            AnyFit::Linear(fit) => Self::Linear(fit.get().0.clone()),
            AnyFit::Generalized(fit) => Self::Generalized(fit.get().0.clone()),
        }
    }

    fn posterior(&self, request: &PosteriorRequest) -> Result<Posterior> {
        let (given, priors) = (&request.coefficients, request.priors.clone());
        Ok(match self {
            Self::Linear(fit) => {
                let normal = given.iter().filter_map(normal_combination).collect::<Result<Vec<_>>>()?;
                Posterior::Linear(Box::new(LinearPosterior::new(fit, &normal, priors)?))
            }
            Self::Generalized(fit) => {
                let all = given.iter().map(|one| CoefficientCombination { along: one.along.clone(), prior: one.prior });
                let all: Vec<CoefficientCombination> = all.collect();
                Posterior::Generalized(Box::new(GeneralizedPosterior::new(fit, &all, priors, request.nodes)?))
            }
        })
    }
}

/// None of a flat one.
fn normal_combination(one: &Combination) -> Option<Result<NormalCombination>> {
    match one.prior {
        Prior::Flat => None,
        Prior::Normal { mean, sd } => Some(Ok(NormalCombination { along: one.along.clone(), mean, sd })),
        _ => Some(Err(Error::Design("coefficients of a linear model have normal priors, or flat ones".into()))),
    }
}

/// Parameters with priors of their own: name, kind, random term and column, or -1.
#[pyfunction]
pub fn posterior_slots(fit: AnyFit, terms: Vec<TermNames>) -> PyResult<Vec<(String, &'static str, i64, i64)>> {
    let all: Vec<Slot> = match Kept::of(&fit) {
        Kept::Linear(fit) => {
            let own = of_terms(parameters_for(fit.model.parameters(), &terms)?, &terms);
            own.into_iter().chain(of_residuals(&fit.model)).collect()
        }
        Kept::Generalized(fit) => of_terms(parameters_for(fit.model.parameters(), &terms)?, &terms),
    };
    let record = |slot: Slot| {
        let (term, column) = slot.term.map_or((-1, -1), |(t, k)| (t as i64, k as i64));
        (slot.name, slot.kind.name(), term, column)
    };
    Ok(all.into_iter().map(record).collect())
}

/// Draws of the parameters of a model.
#[pyclass(frozen, name = "Posterior", module = "hlmrs._core")]
pub struct PyPosterior {
    posterior: Arc<Posterior>,
    sampled: Arc<Sampled>,
    seed: u64,
}

#[pymethods]
impl PyPosterior {
    /// Samples; `progress` is told the number of points now and then.
    #[new]
    fn new(
        py: Python<'_>,
        fit: AnyFit,
        request: &str,
        n_threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (request, fit) = (guard(py, || parsed(request))?, Kept::of(&fit));
        let seed = request.settings.seed;
        let (posterior, sampled) = run_counted(py, n_threads, progress, move |done, stop| {
            let posterior = fit.posterior(&request)?;
            let sampled = posterior.drawn().sample(request.settings, (done, stop))?;
            Ok((posterior, sampled))
        })?;
        Ok(Self { posterior: Arc::new(posterior), sampled: Arc::new(sampled), seed })
    }

    /// Of draws that were made before (draws x coordinates).
    #[staticmethod]
    fn of_points(py: Python<'_>, fit: AnyFit, request: &str, points: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        guard(py, || {
            let request = parsed(request)?;
            let posterior = Kept::of(&fit).posterior(&request)?;
            let points: Vec<Vec<f64>> = points.as_array().rows().into_iter().map(|row| row.to_vec()).collect();
            if points.iter().any(|psi| psi.len() != posterior.drawn().coordinates().dim()) {
                return Err(Error::Design("draws that are not those of the fit".into()));
            }
            let source = Source::Nuts { divergences: 0, chains: 1 };
            let sampled = Sampled { points, source, gave_up: None, log_marginal: None };
            Ok(Self { posterior: Arc::new(posterior), sampled: Arc::new(sampled), seed: request.settings.seed })
        })
    }

    /// How the draws came about.
    #[getter]
    fn source<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
        match self.sampled.source {
            Source::Direct { k, effective, points, rounds } => {
                out.set_item("method", "direct")?;
                out.set_item("k", k)?;
                out.set_item("effective", effective)?;
                out.set_item("points", points)?;
                out.set_item("rounds", rounds)?;
            }
            Source::Nuts { divergences, chains } => {
                out.set_item("method", "nuts")?;
                out.set_item("divergences", divergences)?;
                out.set_item("chains", chains)?;
            }
        }
        out.set_item("gave_up", self.sampled.gave_up)?;
        out.set_item("log_marginal", self.sampled.log_marginal)?;
        Ok(out)
    }

    /// The coordinates of every draw.
    #[getter]
    fn points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (n, d) = (self.sampled.points.len(), self.posterior.drawn().coordinates().dim());
        self.sampled.points.concat().into_pyarray(py).reshape([n, d])
    }

    /// log p(y, ψ) of points (draws x coordinates), for tests.
    fn log_density<'py>(&self, py: Python<'py>, points: PyReadonlyArray2<'py, f64>) -> PyResult<Vec<f64>> {
        let points: Vec<Vec<f64>> = points.as_array().rows().into_iter().map(|row| row.to_vec()).collect();
        let posterior = self.posterior.clone();
        run_interruptible(py, 0, move |stop| log_densities(posterior.drawn(), &points, stop))
    }

    /// The parameters of every draw (draws x parameters).
    fn values<'py>(
        &self,
        py: Python<'py>,
        parameters: Vec<PyRef<'py, PyParameter>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let parameters: Vec<Parameter> = parameters.iter().map(|own| own.parameter()).collect();
        let (posterior, sampled, seed) = (self.posterior.clone(), self.sampled.clone(), self.seed);
        let width = parameters.len();
        let all = run_interruptible(py, 0, move |stop| {
            draws(posterior.drawn(), (&sampled.points, seed), Asked { parameters: &parameters, terms: &[] }, stop)
        })?;
        let n = all.len();
        all.into_iter().flat_map(|draw| draw.values).collect::<Vec<f64>>().into_pyarray(py).reshape([n, width])
    }

    /// The effects of some random terms (draws x levels x columns each).
    fn effects<'py>(&self, py: Python<'py>, terms: Vec<usize>) -> PyResult<Vec<Bound<'py, PyArray3<f64>>>> {
        let (posterior, sampled, seed) = (self.posterior.clone(), self.sampled.clone(), self.seed);
        let widths = posterior.drawn().coordinates().widths();
        let asked = terms.clone();
        let all = run_interruptible(py, 0, move |stop| {
            draws(posterior.drawn(), (&sampled.points, seed), Asked { parameters: &[], terms: &asked }, stop)
        })?;
        let of_term = |(place, &t): (usize, &usize)| {
            let size = all.first().map_or(0, |draw| draw.effects[place].len());
            let values: Vec<f64> = all.iter().flat_map(|draw| draw.effects[place].iter().copied()).collect();
            values.into_pyarray(py).reshape([all.len(), size / widths[t], widths[t]])
        };
        terms.iter().enumerate().map(of_term).collect()
    }

    /// Leave-one-out densities of rows, or of sets of rows: elpd, k, log of the mean density.
    #[pyo3(signature = (rows, ptr=None, members=None))]
    fn leave_out<'py>(
        &self,
        py: Python<'py>,
        rows: Py<PyRows>,
        ptr: Option<PyReadonlyArray1<'py, i64>>,
        members: Option<PyReadonlyArray1<'py, u32>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let sets = match (ptr, members) {
            (Some(ptr), Some(members)) => {
                let (ptr, members) = guard(py, || row_sets(rows.get().0.n_rows(), &ptr, &members))?;
                Some(ptr.windows(2).map(|w| members[w[0]..w[1]].to_vec()).collect::<Vec<_>>())
            }
            _ => None,
        };
        let (posterior, sampled) = (self.posterior.clone(), self.sampled.clone());
        let found = run_interruptible(py, 0, move |stop| match &*posterior {
            Posterior::Linear(own) => leave_out(own, &sampled.points, &rows.get().0, sets.as_deref(), stop),
            Posterior::Generalized(_) => {
                Err(Error::Design("exact leave-one-out densities are those of a linear model".into()))
            }
        })?;
        let out = PyDict::new(py);
        out.set_item("elpd", found.elpd.into_pyarray(py))?;
        out.set_item("k", found.k.into_pyarray(py))?;
        out.set_item("log_mean", found.log_mean.into_pyarray(py))?;
        Ok(out)
    }
}
