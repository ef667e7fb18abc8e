//! Influence without the inverse of the crossed random effects: every set's cross-products are taken off the sums, and a
//! Newton step is made from there, whose fall of the criterion must be the one it promised.
//!
//! Sets follow each other, each in all threads, so that memory stays that of a few fits whatever the number of levels.

use std::sync::atomic::Ordering;

use super::Request;
use super::deletion::{FullData, Measures, Method, measures};
use super::one_step::{LONGEST_STEP, MOST_BENDING, check, solve};
use super::refits::{deleted, refitted, smaller};
use crate::Result;
use crate::fit::Fit;
use crate::fit::refit::{Optimum, at};
use crate::model::curvature::hessian;
use crate::model::{Lmm, Parameter, Workspace};
use crate::rows::StoredRows;

/// Deletes every set in turn.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated; `Interrupted`.
pub fn one_by_one(fit: &Fit, rows: &StoredRows, parameters: &[Parameter], request: &Request) -> Result<Vec<Measures>> {
    let model = &fit.model;
    let mut work = model.workspace();
    // an estimated determinant starts from what its first evaluation found: this one, and all that follow, from the same
    model.evaluate(&fit.theta, &mut work)?;
    let optimal = model.evaluate(&fit.theta, &mut work)?.objective;
    let full = FullData::at(model, &work.factor);
    let start = match request.method {
        Method::OneStep => Some(Start::new(model, &fit.theta, work.clone(), request)?),
        Method::Fixed | Method::Refit => None,
    };
    let mut out = Vec::with_capacity(request.len());
    for k in 0..request.len() {
        check(request.stop)?;
        let found = match smaller(model, rows, request.rows(k)) {
            Some(smaller) => {
                let stepped = start.as_ref().map_or(Ok(None), |start| start.step(&smaller, work.clone()))?;
                let (how, (optimum, own)) = match (stepped, request.method) {
                    (Some((optimum, own)), method) => (method, (Some(optimum), own)),
                    (None, Method::Fixed) => (Method::Fixed, at(&smaller, work.clone(), &fit.theta)),
                    (None, _) => (Method::Refit, refitted(&smaller, &fit.theta, request.stop)?),
                };
                optimum.and_then(|optimum| deleted(&own, (model, work.clone()), optimal, optimum, how))
            }
            None => None,
        };
        out.push(measures(model, &full, fit.evaluation.sigma, found.as_ref(), parameters));
        request.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(out)
}

/// What all rows give at their optimum.
struct Start<'a> {
    theta: &'a [f64],
    gradient: Vec<f64>,
    information: Vec<f64>,
    curvature: Vec<f64>,
    scales: Vec<usize>,
}

impl<'a> Start<'a> {
    fn new(model: &Lmm, theta: &'a [f64], mut work: Workspace, request: &Request) -> Result<Self> {
        let gradient = model.gradient(theta, &mut work);
        let information = model.average_information(theta, &work, &gradient);
        let curvature = hessian(model, theta, &mut work, request.stop)?;
        let scales = model.theta_map.scale_parameters();
        Ok(Self { theta, gradient: gradient.theta, information, curvature, scales })
    }

    /// The optimum without the rows by one step; None where it is not to be trusted.
    fn step(&self, smaller: &Lmm, mut work: Workspace) -> Result<Option<(Optimum, Workspace)>> {
        let n = self.theta.len();
        let Ok(here) = smaller.evaluate(self.theta, &mut work) else { return Ok(None) };
        let found = smaller.gradient(self.theta, &mut work);
        let information = smaller.average_information(self.theta, &work, &found);
        let gradient: Vec<f64> = found.theta.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        let curvature: Vec<f64> =
            (0..n * n).map(|e| self.curvature[e] + information[e] - self.information[e]).collect();
        let Some(step) = solve(&curvature, &gradient) else { return Ok(None) };
        let too_long = |&k: &usize| self.theta[k] != 0.0 && step[k].abs() > LONGEST_STEP * self.theta[k].abs();
        if self.scales.iter().any(too_long) {
            return Ok(None);
        }
        let theta: Vec<f64> = self.theta.iter().zip(&step).map(|(t, s)| t + s).collect();
        let (Some(there), work) = at(smaller, work, &theta) else { return Ok(None) };
        let square: f64 = (0..n * n).map(|e| curvature[e] * step[e % n] * step[e / n]).sum();
        let promised: f64 = found.theta.iter().zip(&step).map(|(g, s)| g * s).sum::<f64>() + 0.5 * square;
        let kept = (there.criterion - here.objective - promised).abs() < MOST_BENDING;
        Ok(kept.then_some((there, work)))
    }
}
