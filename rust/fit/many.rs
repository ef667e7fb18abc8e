//! Many responses over one design: cross-products, order and start are shared, responses run in threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::result::Fit;
use super::{Control, Status, fit};
use crate::crossproduct::{has_mean, mean, set_response};
use crate::design::Rows;
use crate::model::{Criterion, Lmm, Scale, build};
use crate::residual::{ResidualInput, ResidualParameter};
use crate::rows::StoredRows;
use crate::{Error, Result, check_stop};

/// What is reported of one response.
#[derive(Debug, Clone)]
pub struct ManyFit {
    pub n_obs: usize,
    /// Columns of X that are estimated, and their estimates and standard errors.
    pub kept: Vec<usize>,
    pub beta: Vec<f64>,
    pub std_error: Vec<f64>,
    pub df: Vec<f64>,
    /// Why there are no tests of the coefficients, if there are none.
    pub untested: Option<String>,
    /// Per random term (r x r).
    pub covariances: Vec<Vec<f64>>,
    pub sigma: f64,
    /// Standard error of log σ where there is a dispersion.
    pub sigma_error: f64,
    pub residual: Vec<ManyResidual>,
    pub criterion: f64,
    pub status: &'static str,
}

/// A parameter of the residuals beside σ, as users read it.
#[derive(Debug, Clone)]
pub struct ManyResidual {
    pub name: String,
    pub kind: &'static str,
    pub value: f64,
    /// Of coefficients of the dispersion alone.
    pub std_error: f64,
}

/// What is known of a fit's coefficients beside their estimates.
pub struct Tested {
    pub std_error: Vec<f64>,
    pub df: Vec<f64>,
    /// Standard errors of log σ and the coefficients of the dispersion; empty where there are none.
    pub dispersion: Vec<f64>,
}

pub type Tests<'a> = &'a (dyn Fn(&Fit, &AtomicBool) -> Result<Tested> + Sync);

/// How every response is fitted and tested.
pub struct ManyRequest<'a> {
    pub criterion: Criterion,
    pub control: &'a Control,
    pub tests: Tests<'a>,
    /// Of every response what is said of the residuals in the rows that it has; empty where they have σ alone.
    pub residuals: Vec<Arc<ResidualInput>>,
}

/// Fits every response; `responses[k]` has a value for every row, offsets included, NaN where it is missing.  A response
/// that cannot be fitted has its own error.  `done` counts them.
///
/// # Errors
/// Those of reading the rows; `Interrupted` when `stop` is set.
pub fn fit_many(
    source: &Rows,
    mut responses: Vec<Vec<f64>>,
    request: &ManyRequest,
    stop: &AtomicBool,
    done: &AtomicUsize,
) -> Result<Vec<Result<ManyFit>>> {
    if let Some(offset) = source.offset() {
        responses.par_iter_mut().for_each(|y| y.iter_mut().zip(&offset).for_each(|(y, offset)| *y -= offset));
    }
    let mut by_rows: FxHashMap<Vec<u32>, Vec<usize>> = FxHashMap::default();
    for (k, y) in responses.iter().enumerate() {
        let present = (0..y.len() as u32).filter(|&i| !y[i as usize].is_nan()).collect();
        by_rows.entry(present).or_default().push(k);
    }
    let fits: Vec<Vec<(usize, Result<ManyFit>)>> = by_rows
        .par_iter()
        .map(|(rows, own)| fit_together(source, (rows, own), &responses, request, (stop, done)))
        .collect();
    check_stop(stop)?;
    let mut fits: Vec<(usize, Result<ManyFit>)> = fits.into_iter().flatten().collect();
    fits.sort_unstable_by_key(|(k, _)| *k);
    Ok(fits.into_iter().map(|(_, fit)| fit).collect())
}

/// Fits the responses that have values in the same rows.
fn fit_together(
    source: &Rows,
    (rows, own): (&[u32], &[usize]),
    responses: &[Vec<f64>],
    request: &ManyRequest,
    (stop, done): (&AtomicBool, &AtomicUsize),
) -> Vec<(usize, Result<ManyFit>)> {
    let present = |k: usize| -> Vec<f64> { rows.iter().map(|&i| responses[k][i as usize]).collect() };
    let shared = match request.residuals.get(own[0]) {
        Some(residual) => Ok(Shared::Rows { source, rows, residual }),
        None => Shared::of_products(source, rows, present(own[0]), request.criterion),
    };
    own.par_iter()
        .map(|&k| {
            let fitted =
                shared.as_ref().map_err(Clone::clone).and_then(|shared| shared.fit(&present(k), request, stop));
            done.fetch_add(1, Ordering::Relaxed);
            (k, fitted)
        })
        .collect()
}

/// Cross-products in which the response alone changes.
struct Products {
    model: Lmm,
    rows: StoredRows,
    /// An intercept takes up the mean of a response.
    has_mean: bool,
}

/// What responses with the same missing cells share.
enum Shared<'a> {
    Products(Box<Products>),
    /// The rows: the parameters of the residuals start at moments of the response.
    Rows {
        source: &'a Rows,
        rows: &'a [u32],
        residual: &'a ResidualInput,
    },
}

impl Shared<'_> {
    fn of_products(source: &Rows, rows: &[u32], y: Vec<f64>, criterion: Criterion) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::Data("the response has no value in any row used".into()));
        }
        let subset = source.subset(rows, y)?;
        let model = build::of_rows(&subset, criterion, Scale::Profiled)?;
        let (rows, has_mean) = (model.a.stored_rows(&subset)?, has_mean(&model.a, &subset));
        Ok(Self::Products(Box::new(Products { model, rows, has_mean })))
    }

    fn model(&self, y: &[f64], criterion: Criterion) -> Result<Lmm> {
        match self {
            Self::Products(own) => {
                let mut model = own.model.clone();
                let mean = if own.has_mean { mean(y) } else { 0.0 };
                set_response(Arc::make_mut(&mut model.a), &own.rows, y, Some(mean));
                Ok(model)
            }
            Self::Rows { source, rows, residual } => {
                let subset = source.subset(rows, y.to_vec())?;
                build::of_rows_with_residual(&subset, residual, criterion, Scale::Profiled)
            }
        }
    }

    fn fit(&self, y: &[f64], request: &ManyRequest, stop: &AtomicBool) -> Result<ManyFit> {
        if let Some(value) = y.iter().find(|v| v.is_infinite()) {
            return Err(Error::Data(format!("the response holds {value}")));
        }
        if y.iter().all(|v| *v == y[0]) {
            return Err(Error::Design(format!("the response is {} in every row", y[0])));
        }
        check_stop(stop)?;
        let fit = fit(&self.model(y, request.criterion)?, request.control, stop)?;
        match (request.tests)(&fit, stop) {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            tests => Ok(summary(&fit, tests)),
        }
    }
}

fn summary(fit: &Fit, tests: Result<Tested>) -> ManyFit {
    let none = || vec![f64::NAN; fit.beta.len()];
    let untested = tests.as_ref().err().map(ToString::to_string);
    let tested = tests.unwrap_or_else(|_| Tested { std_error: none(), df: none(), dispersion: Vec::new() });
    ManyFit {
        n_obs: fit.model.a.n_obs,
        kept: fit.model.a.fixed.kept.clone(),
        beta: fit.user_beta(),
        residual: residual(fit, &tested.dispersion),
        std_error: tested.std_error,
        df: tested.df,
        untested,
        covariances: fit.covariances(),
        sigma: fit.user_sigma(),
        sigma_error: tested.dispersion.first().copied().unwrap_or(f64::NAN),
        criterion: fit.criterion,
        status: status(fit).name(),
    }
}

/// Correlations, standard deviations by visit, and, where there is a dispersion, the coefficients of log sd.
fn residual(fit: &Fit, errors: &[f64]) -> Vec<ManyResidual> {
    let Some(own) = &fit.model.residual else { return Vec::new() };
    let (layout, phi) = (&own.residual.layout, &own.phi);
    let error = |k: usize| errors.get(k).copied().unwrap_or(f64::NAN);
    let of_parameter = |(name, which): (String, ResidualParameter)| {
        let std_error = match which {
            ResidualParameter::Coefficient(k) => error(k + 1),
            ResidualParameter::Correlation(_) | ResidualParameter::Deviation(_) => f64::NAN,
        };
        ManyResidual { name, kind: which.kind(), value: layout.value(which, phi, fit.sigma), std_error }
    };
    layout.readable(phi).into_iter().map(of_parameter).collect()
}

/// That of the verdict, with correlations at an end of what they can be, or without a maximum.
fn status(fit: &Fit) -> Status {
    let limits = fit.model.residual.as_ref().map_or(Vec::new(), |own| own.residual.layout.limits(&own.phi));
    match fit.verdict.status {
        _ if limits.iter().any(|(_, limit)| limit.has_no_maximum()) => Status::NotConverged,
        Status::Optimum if !limits.is_empty() => Status::Boundary,
        status => status,
    }
}
