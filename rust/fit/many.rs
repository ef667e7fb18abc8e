//! Many responses over one design: cross-products, order and start are shared, responses run in threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::result::Fit;
use super::{Control, fit};
use crate::crossproduct::{has_mean, mean, set_response};
use crate::design::Rows;
use crate::model::{Criterion, Lmm, Scale, build};
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
    let shared = Shared::new(source, rows, present(own[0]), request.criterion);
    own.par_iter()
        .map(|&k| {
            let fitted =
                shared.as_ref().map_err(Clone::clone).and_then(|shared| shared.fit(&present(k), request, stop));
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

impl Shared {
    fn new(source: &Rows, rows: &[u32], y: Vec<f64>, criterion: Criterion) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::Data("the response has no value in any row used".into()));
        }
        let subset = source.subset(rows, y)?;
        let model = build::of_rows(&subset, criterion, Scale::Profiled)?;
        let (rows, has_mean) = (model.a.stored_rows(&subset)?, has_mean(&model.a, &subset));
        Ok(Self { model, rows, has_mean })
    }

    fn fit(&self, y: &[f64], request: &ManyRequest, stop: &AtomicBool) -> Result<ManyFit> {
        if let Some(value) = y.iter().find(|v| v.is_infinite()) {
            return Err(Error::Data(format!("the response holds {value}")));
        }
        if y.iter().all(|v| *v == y[0]) {
            return Err(Error::Design(format!("the response is {} in every row", y[0])));
        }
        let mut model = self.model.clone();
        let mean = if self.has_mean { mean(y) } else { 0.0 };
        set_response(Arc::make_mut(&mut model.a), &self.rows, y, Some(mean));
        let fit = fit(&model, request.control, stop)?;
        match (request.tests)(&fit, stop) {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            tests => Ok(summary(&fit, tests)),
        }
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
