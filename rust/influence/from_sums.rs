//! Influence without the inverse of the crossed random effects: every set's cross-products are taken off the sums, and a
//! Newton step is made from there, whose fall of the criterion must be the one it promised.
//!
//! Sets follow each other, each in all threads, so that memory stays that of a few fits whatever the number of levels.

use std::sync::atomic::Ordering;

use super::DeletionRequest;
use super::deletion::{DeletionMethod, FullData, Measures, measures};
use super::one_step::{LONGEST_STEP, MOST_BENDING, check, solve};
use super::refits::{deleted, smaller};
use crate::Result;
use crate::fit::Fit;
use crate::fit::refit::{Optimum, at, refit, start};
use crate::model::curvature::hessian;
use crate::model::{Lmm, LmmEvaluator, Parameter, Workspace};
use crate::optimize::Objective;
use crate::rows::StoredRows;

/// Deletes every set in turn.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated; `Interrupted`.
pub fn one_by_one(
    fit: &Fit,
    rows: &StoredRows,
    parameters: &[Parameter],
    request: &DeletionRequest,
) -> Result<Vec<Measures>> {
    let model = &fit.model;
    let mut work = model.workspace();
    // an estimated determinant starts from what its first evaluation found: this one, and all that follow, from the same
    model.evaluate(&fit.theta, &mut work)?;
    let optimal = model.evaluate(&fit.theta, &mut work)?.profiled();
    let full = FullData::at(model, &work.factor);
    let step = match request.method {
        DeletionMethod::OneStep => Some(DeletionStart::new(model, &fit.theta, work.clone(), request)?),
        DeletionMethod::Fixed | DeletionMethod::Refit => None,
    };
    let mut out = Vec::with_capacity(request.len());
    for k in 0..request.len() {
        check(request.stop)?;
        let found = match smaller(model, rows, request.rows(k)) {
            Some(smaller) => {
                let mut own = LmmEvaluator::with_workspace(&smaller, work.clone(), request.stop);
                let stepped = step.as_ref().map_or(Ok(None), |step| step.take(&mut own))?;
                let (how, optimum) = match (stepped, request.method) {
                    (Some(optimum), method) => (method, Some(optimum)),
                    (None, DeletionMethod::Fixed) => (DeletionMethod::Fixed, at(&mut own, &fit.theta)?),
                    (None, _) => {
                        own = LmmEvaluator::new(&smaller, request.stop);
                        (DeletionMethod::Refit, refit(&mut own, &start(&smaller.theta_map, &fit.theta))?)
                    }
                };
                optimum.and_then(|optimum| deleted(&own.work, (model, work.clone()), optimal, optimum, how))
            }
            None => None,
        };
        out.push(measures(model, &full, fit.sigma, found.as_ref(), parameters));
        request.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(out)
}

/// What all rows give at their optimum.
struct DeletionStart<'a> {
    theta: &'a [f64],
    gradient: Vec<f64>,
    information: Vec<f64>,
    curvature: Vec<f64>,
    scales: Vec<usize>,
}

impl<'a> DeletionStart<'a> {
    fn new(model: &Lmm, theta: &'a [f64], mut work: Workspace, request: &DeletionRequest) -> Result<Self> {
        let gradient = model.gradient(theta, &mut work);
        let information = model.average_information(theta, &work, &gradient);
        let curvature = hessian(&mut LmmEvaluator::with_workspace(model, work, request.stop), theta)?;
        let scales = model.theta_map.scale_parameters();
        Ok(Self { theta, gradient: gradient.theta, information, curvature, scales })
    }

    /// The optimum without the rows by one step; None where it is not to be trusted.
    fn take(&self, smaller: &mut LmmEvaluator) -> Result<Option<Optimum>> {
        let n = self.theta.len();
        let Ok(here) = smaller.value(self.theta) else { return Ok(None) };
        let (slope, information) = smaller.slope(self.theta)?;
        let gradient: Vec<f64> = slope.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        let curvature: Vec<f64> =
            (0..n * n).map(|e| self.curvature[e] + information[e] - self.information[e]).collect();
        let Some(step) = solve(&curvature, &gradient) else { return Ok(None) };
        let too_long = |&k: &usize| self.theta[k] != 0.0 && step[k].abs() > LONGEST_STEP * self.theta[k].abs();
        if self.scales.iter().any(too_long) {
            return Ok(None);
        }
        let theta: Vec<f64> = self.theta.iter().zip(&step).map(|(t, s)| t + s).collect();
        let Some(there) = at(smaller, &theta)? else { return Ok(None) };
        let square: f64 = (0..n * n).map(|e| curvature[e] * step[e % n] * step[e / n]).sum();
        let promised: f64 = slope.iter().zip(&step).map(|(g, s)| g * s).sum::<f64>() + 0.5 * square;
        let kept = (there.criterion - here - promised).abs() < MOST_BENDING;
        Ok(kept.then_some(there))
    }
}
