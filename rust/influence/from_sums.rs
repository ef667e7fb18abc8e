//! Influence from the sums alone: every set's cross-products are taken off them, and θ is searched there or moved by a
//! Newton step, whose fall of the criterion must be the one it promised.  No row is read again, and no inverse of the
//! crossed random effects is needed.

use std::sync::atomic::Ordering;

use super::deletion::{Deleted, DeletionMethod, DeletionRequest, FullData, Measures, measures};
use super::step::{MOST_BENDING, is_too_long, solve};
use crate::fit::Fit;
use crate::fit::refit::{Optimum, at, refit, start};
use crate::model::curvature::hessian;
use crate::model::{Lmm, LmmEvaluator, Parameter, Workspace};
use crate::optimize::Objective;
use crate::rows::StoredRows;
use crate::{Result, check_stop, computed};

/// Deletes every set in turn, each in all threads, so that memory stays that of a few fits whatever the number of
/// levels.
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated; `Interrupted`.
pub fn one_by_one(
    fit: &Fit,
    rows: &StoredRows,
    parameters: &[Parameter],
    request: &DeletionRequest,
) -> Result<Vec<Option<Measures>>> {
    let (model, theta) = (&fit.model, fit.theta.as_slice());
    let mut work = model.workspace();
    // an estimated determinant starts from what its first evaluation found: this one, and all that follow, from the same
    model.evaluate(theta, &mut work)?;
    let optimal = model.evaluate(theta, &mut work)?.profiled();
    let full = FullData::at(model, &work.factor);
    let step = match request.method {
        DeletionMethod::OneStep => Some(DeletionStart::new(model, theta, work.clone(), request)?),
        DeletionMethod::Fixed | DeletionMethod::Refit => None,
    };
    let sums = AllRows { model, theta, optimal, work, step };
    let mut out = Vec::with_capacity(request.n_sets());
    for k in 0..request.n_sets() {
        check_stop(request.stop)?;
        let found = sums.without(rows, k, request)?;
        out.push(found.map(|deleted| measures(model, &full, fit.sigma, &deleted, parameters)));
        request.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(out)
}

/// The sums of all rows and the optimum there.
pub struct AllRows<'a> {
    pub model: &'a Lmm,
    pub theta: &'a [f64],
    /// The criterion at θ.
    pub optimal: f64,
    /// What evaluations start from.
    pub work: Workspace,
    /// What one step is made of; without it a search takes its place.
    pub step: Option<DeletionStart<'a>>,
}

impl AllRows<'_> {
    /// The estimates without a set of rows; None where nothing can be estimated.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn without(&self, rows: &StoredRows, set: usize, request: &DeletionRequest) -> Result<Option<Deleted>> {
        let a = self.model.a.without_rows(rows, request.rows(set));
        if a.n_obs <= a.n_fixed() {
            return Ok(None);
        }
        let smaller = self.model.with_products(a);
        let from_here = || LmmEvaluator::with_workspace(&smaller, self.work.clone(), request.stop);
        if let Some(step) = &self.step {
            let mut own = from_here();
            if let Some(optimum) = step.take(&mut own)? {
                return self.compare(own, optimum, DeletionMethod::OneStep);
            }
        }
        let (mut own, how) = match request.method {
            DeletionMethod::Fixed => (from_here(), DeletionMethod::Fixed),
            _ => (LmmEvaluator::new(&smaller, request.stop), DeletionMethod::Refit),
        };
        let optimum = match how {
            DeletionMethod::Fixed => at(&mut own, self.theta)?,
            _ => refit(&mut own, &start(&smaller.theta_map, self.theta))?,
        };
        optimum.map_or(Ok(None), |optimum| self.compare(own, optimum, how))
    }

    /// What holds at the optimum without the rows, where `own` was evaluated.
    fn compare(&self, own: LmmEvaluator, optimum: Optimum, how: DeletionMethod) -> Result<Option<Deleted>> {
        let Optimum { beta, theta, sigma, .. } = optimum;
        let covariance = own.work.factor.fixed_covariance();
        drop(own); // its memory is that of the next
        let mut all = self.work.clone();
        let Some(terms) = computed(self.model.evaluate(&theta, &mut all))? else { return Ok(None) };
        let rise = terms.profiled() - self.optimal;
        let displacement = FullData::at(self.model, &all.factor).displacement(self.model, rise, &beta, sigma);
        Ok(Some(Deleted { how, beta, theta, sigma, covariance, displacement }))
    }
}

/// What one step is made of.
pub struct DeletionStart<'a> {
    theta: &'a [f64],
    gradient: Vec<f64>,
    information: Vec<f64>,
    curvature: Vec<f64>,
}

impl<'a> DeletionStart<'a> {
    fn new(model: &Lmm, theta: &'a [f64], mut work: Workspace, request: &DeletionRequest) -> Result<Self> {
        let gradient = model.gradient(theta, &mut work);
        let information = model.curvature(theta, &work, &gradient);
        let curvature = hessian(&mut LmmEvaluator::with_workspace(model, work, request.stop), theta)?;
        Ok(Self { theta, gradient: gradient.theta, information, curvature })
    }

    /// The optimum without the rows by one step; None where it is not to be trusted.
    fn take(&self, smaller: &mut LmmEvaluator) -> Result<Option<Optimum>> {
        let n = self.theta.len();
        let Some(here) = computed(smaller.value(self.theta))? else { return Ok(None) };
        let (slope, information) = smaller.slope(self.theta)?;
        let gradient: Vec<f64> = slope.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        let curvature: Vec<f64> =
            (0..n * n).map(|e| self.curvature[e] + information[e] - self.information[e]).collect();
        let Some(step) = solve(&curvature, &gradient) else { return Ok(None) };
        if is_too_long(&smaller.model, self.theta, &step) {
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
