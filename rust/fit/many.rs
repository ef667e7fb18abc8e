//! Many responses over one design: cross-products, order and start are shared, responses run in threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::result::Fit;
use super::{Control, fit};
use crate::crossproduct::{Centring, has_mean, mean, set_response};
use crate::design::{Batch, RowSource, Subset};
use crate::model::{Criterion, Lmm, build};
use crate::rows::StoredRows;
use crate::{Error, Result};

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
    pub criterion: f64,
    pub status: &'static str,
}

/// Standard errors and degrees of freedom of a fit's coefficients.
pub type Tests<'a> = &'a (dyn Fn(&Fit, &AtomicBool) -> Result<(Vec<f64>, Vec<f64>)> + Sync);

/// How every response is fitted and tested.
pub struct ManyRequest<'a> {
    pub criterion: Criterion,
    pub control: &'a Control,
    pub tests: Tests<'a>,
}

/// Responses with the same missing cells, and the design of the rows that they have.
struct MissingPattern {
    rows: Vec<u32>,
    responses: Vec<usize>,
}

/// Fits every response; `responses[k]` has a value for every row, NaN where it is missing.  A response that cannot be
/// fitted has its own error.  `done` counts them.
///
/// # Errors
/// Those of reading the rows; `Interrupted` when `stop` is set.
pub fn fit_many(
    source: &dyn RowSource,
    responses: &[Vec<f64>],
    request: &ManyRequest,
    stop: &AtomicBool,
    done: &AtomicUsize,
) -> Result<Vec<Result<ManyFit>>> {
    let mut all = Batch::default();
    source.read(0..source.n_rows(), &mut all)?;
    let patterns = patterns(responses);
    let by_pattern: Vec<Vec<(usize, Result<ManyFit>)>> = patterns
        .par_iter()
        .map(|pattern| fit_pattern(source, &all, pattern, responses, request, (stop, done)))
        .collect();
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Interrupted);
    }
    let mut fits: Vec<Option<Result<ManyFit>>> = vec![None; responses.len()];
    by_pattern.into_iter().flatten().for_each(|(k, fit)| fits[k] = Some(fit));
    Ok(fits.into_iter().map(|fit| fit.expect("every response has a pattern")).collect())
}

/// Responses by the rows in which they have values, in the order of their first.
fn patterns(responses: &[Vec<f64>]) -> Vec<MissingPattern> {
    let mut known: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
    let mut patterns: Vec<MissingPattern> = Vec::new();
    for (k, y) in responses.iter().enumerate() {
        let missing: Vec<u32> = (0..y.len() as u32).filter(|&i| y[i as usize].is_nan()).collect();
        let place = *known.entry(missing).or_insert(patterns.len());
        if place == patterns.len() {
            let rows = (0..y.len() as u32).filter(|&i| !y[i as usize].is_nan()).collect();
            patterns.push(MissingPattern { rows, responses: vec![] });
        }
        patterns[place].responses.push(k);
    }
    patterns
}

fn fit_pattern(
    source: &dyn RowSource,
    all: &Batch,
    pattern: &MissingPattern,
    responses: &[Vec<f64>],
    request: &ManyRequest,
    (stop, done): (&AtomicBool, &AtomicUsize),
) -> Vec<(usize, Result<ManyFit>)> {
    let present = |k: usize| -> Vec<f64> { pattern.rows.iter().map(|&i| responses[k][i as usize]).collect() };
    let first = present(pattern.responses[0]);
    let shared = shared_model(source, all, &pattern.rows, first, request.criterion);
    let shared = match shared {
        Ok(shared) => shared,
        Err(e) => {
            done.fetch_add(pattern.responses.len(), Ordering::Relaxed);
            return pattern.responses.iter().map(|&k| (k, Err(e.clone()))).collect();
        }
    };
    pattern
        .responses
        .par_iter()
        .map(|&k| {
            let fitted = fit_one(&shared, &present(k), request, stop);
            done.fetch_add(1, Ordering::Relaxed);
            (k, fitted)
        })
        .collect()
}

/// What responses with the same missing cells share.
struct Shared {
    model: Lmm,
    rows: StoredRows,
    /// An intercept takes up the mean of a response.
    has_mean: bool,
}

fn shared_model(
    source: &dyn RowSource,
    all: &Batch,
    rows: &[u32],
    y: Vec<f64>,
    criterion: Criterion,
) -> Result<Shared> {
    if rows.is_empty() {
        return Err(Error::Data("the response has no value in any row used".into()));
    }
    let subset = Subset::new(source, all, rows, y)?;
    let model = build::of_rows(&subset, criterion)?;
    let (rows, has_mean) = (model.a.stored_rows(&subset)?, has_mean(&model.a, &subset));
    Ok(Shared { model, rows, has_mean })
}

fn fit_one(shared: &Shared, y: &[f64], request: &ManyRequest, stop: &AtomicBool) -> Result<ManyFit> {
    if let Some(value) = y.iter().find(|v| v.is_infinite()) {
        return Err(Error::Data(format!("the response holds {value}")));
    }
    if y.iter().all(|v| *v == y[0]) {
        return Err(Error::Design(format!("the response is {} in every row", y[0])));
    }
    let mut model = shared.model.clone();
    let mean = if shared.has_mean { mean(y) } else { 0.0 };
    set_response(Arc::make_mut(&mut model.a), &shared.rows, y, Centring::On(mean));
    let fit = fit(&model, request.control, stop)?;
    match (request.tests)(&fit, stop) {
        Err(Error::Interrupted) => Err(Error::Interrupted),
        tests => Ok(summary(&fit, tests)),
    }
}

fn summary(fit: &Fit, tests: Result<(Vec<f64>, Vec<f64>)>) -> ManyFit {
    let p = fit.beta.len();
    let untested = tests.as_ref().err().map(ToString::to_string);
    let (std_error, df) = tests.unwrap_or_else(|_| (vec![f64::NAN; p], vec![f64::NAN; p]));
    ManyFit {
        n_obs: fit.model.a.n_obs,
        kept: fit.model.a.fixed.kept.clone(),
        beta: fit.user_beta(),
        std_error,
        df,
        untested,
        covariances: fit.covariances(),
        sigma: fit.sigma,
        criterion: fit.criterion,
        status: fit.verdict.status.name(),
    }
}
