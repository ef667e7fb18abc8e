//! Draws from the posterior, seen from Python.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

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
use crate::model::parameters::{Parameter, TermNames};
use crate::posterior::draws::{Asked, Drawn, draws};
use crate::posterior::leave_out::of_groups::leave_groups_out;
use crate::posterior::leave_out::{LeaveOut, by_importance, leave_out};
use crate::posterior::residuals::new_residuals;
use crate::posterior::sampled::{Sampled, Settings, Source};
use crate::posterior::slots::{Slot, of_residuals, of_terms};
use crate::posterior::{GeneralizedPosterior, LinearPosterior};
use crate::prior::{Combination, Prior};
use crate::{Error, Result};

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
            Self::Linear(fit) => Posterior::Linear(Box::new(LinearPosterior::new(fit, given, priors)?)),
            Self::Generalized(fit) => {
                Posterior::Generalized(Box::new(GeneralizedPosterior::new(fit, given, priors, request.nodes)?))
            }
        })
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
    n_threads: usize,
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
        Ok(Self { posterior: Arc::new(posterior), sampled: Arc::new(sampled), seed, n_threads })
    }

    /// Of draws that were made before (draws x coordinates, standard deviations in the user's units).
    #[staticmethod]
    fn of_points(
        py: Python<'_>,
        fit: AnyFit,
        request: &str,
        points: PyReadonlyArray2<'_, f64>,
        n_threads: usize,
    ) -> PyResult<Self> {
        guard(py, || {
            let request = parsed(request)?;
            let posterior = Kept::of(&fit).posterior(&request)?;
            let points = points_of(&posterior, &points)?;
            let sampled = Sampled { points, source: Source::Given, gave_up: None, log_marginal: None };
            let (posterior, sampled) = (Arc::new(posterior), Arc::new(sampled));
            Ok(Self { posterior, sampled, seed: request.settings.seed, n_threads })
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
            Source::Given => out.set_item("method", "given")?,
        }
        out.set_item("gave_up", self.sampled.gave_up)?;
        out.set_item("log_marginal", self.sampled.log_marginal)?;
        Ok(out)
    }

    /// The coordinates of every draw, standard deviations in the user's units.
    #[getter]
    fn points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (n, d) = (self.sampled.points.len(), self.posterior.drawn().coordinates().dim());
        let coordinates = self.posterior.drawn().coordinates();
        let all: Vec<f64> = self.sampled.points.iter().flat_map(|psi| coordinates.in_user_units(psi)).collect();
        all.into_pyarray(py).reshape([n, d])
    }

    /// log p(y, ψ) of points (draws x coordinates, standard deviations in the user's units and the density that over them).
    fn log_density<'py>(&self, py: Python<'py>, points: PyReadonlyArray2<'py, f64>) -> PyResult<Vec<f64>> {
        let points = guard(py, || points_of(&self.posterior, &points))?;
        let posterior = self.posterior.clone();
        run_interruptible(py, self.n_threads, move |stop| {
            let log_unit = posterior.drawn().coordinates().log_unit_of_points();
            let values = posterior.drawn().target().values(&points, (&AtomicUsize::new(0), stop))?;
            Ok(values.into_iter().map(|value| value - log_unit).collect())
        })
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
        let all = run_interruptible(py, self.n_threads, move |stop| {
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
        let all = run_interruptible(py, self.n_threads, move |stop| {
            draws(posterior.drawn(), (&sampled.points, seed), Asked { parameters: &[], terms: &asked }, stop)
        })?;
        let of_term = |(place, &t): (usize, &usize)| {
            let size = all.first().map_or(0, |draw| draw.effects[place].len());
            let values: Vec<f64> = all.iter().flat_map(|draw| draw.effects[place].iter().copied()).collect();
            values.into_pyarray(py).reshape([all.len(), size / widths[t], widths[t]])
        };
        terms.iter().enumerate().map(of_term).collect()
    }

    /// New residuals of the rows used, of the draws at some places (rows x places), of a linear model.
    fn residuals<'py>(&self, py: Python<'py>, places: Vec<usize>, seed: u64) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (posterior, sampled, n) = (self.posterior.clone(), self.sampled.clone(), places.len());
        let all = run_interruptible(py, self.n_threads, move |stop| match &*posterior {
            Posterior::Linear(own) => new_residuals(own, (&sampled.points, &places), seed, stop),
            Posterior::Generalized(_) => Err(Error::Design("residuals are those of a linear model".into())),
        })?;
        let rows = all.len() / n.max(1);
        all.into_pyarray(py).reshape([rows, n])
    }

    /// Leave-one-out densities of rows, or of sets of rows: elpd, its Monte Carlo standard error, k, log of the mean density, and
    /// the number of draws.
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
        let found = run_interruptible(py, self.n_threads, move |stop| match &*posterior {
            Posterior::Linear(own) => leave_out(own, &sampled.points, &rows.get().0, sets.as_deref(), stop),
            Posterior::Generalized(own) => match sets {
                Some(sets) => leave_groups_out(own, &sampled.points, &sets, stop),
                None => Err(Error::Design("single rows of a generalized model are left out by importance".into())),
            },
        })?;
        dict_of(py, found)
    }
}

/// Leave-one-out densities by importance, from log densities at draws (sets x draws).
#[pyfunction]
pub fn leave_out_by_importance<'py>(
    py: Python<'py>,
    log_densities: PyReadonlyArray2<'py, f64>,
    n_threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let all = log_densities.as_array().to_owned();
    let (n, n_draws) = all.dim();
    let found = run_interruptible(py, n_threads, move |stop| by_importance(n, n_draws, |s| all.row(s).to_vec(), stop))?;
    dict_of(py, found)
}

fn dict_of(py: Python<'_>, found: LeaveOut) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("elpd", found.elpd.into_pyarray(py))?;
    out.set_item("error", found.error.into_pyarray(py))?;
    out.set_item("k", found.k.into_pyarray(py))?;
    out.set_item("log_mean", found.log_mean.into_pyarray(py))?;
    out.set_item("n_draws", found.n_draws)?;
    Ok(out)
}

/// Points in units of the coordinates.
fn points_of(posterior: &Posterior, points: &PyReadonlyArray2<'_, f64>) -> Result<Vec<Vec<f64>>> {
    let coordinates = posterior.drawn().coordinates();
    let points = points.as_array();
    if points.ncols() != coordinates.dim() || points.iter().any(|v| !v.is_finite()) {
        return Err(Error::Design("draws that are not those of the fit, or not finite".into()));
    }
    Ok(points.rows().into_iter().map(|row| coordinates.from_user_units(&row.to_vec())).collect())
}
