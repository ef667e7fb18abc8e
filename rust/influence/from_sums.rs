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
    let (full, sums) = AllRows::new(&fit.model, &fit.theta, request)?;
    let mut out = Vec::with_capacity(request.n_sets());
    for k in 0..request.n_sets() {
        check_stop(request.stop)?;
        let found = sums.without(rows, k, request)?;
        out.push(found.map(|deleted| measures(&fit.model, &full, fit.sigma, &deleted, parameters)));
        request.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(out)
}

/// The sums of all rows and the optimum there.
#[derive(Clone)]
pub struct AllRows<'a> {
    pub model: &'a Lmm,
    /// The free parameters.
    pub free: &'a [f64],
    /// The criterion there.
    pub optimal: f64,
    /// What evaluations start from.
    pub work: Workspace,
    /// What one step is made of; without it a search takes its place.
    pub step: Option<DeletionStart<'a>>,
}

impl<'a> AllRows<'a> {
    /// With what holds at the optimum.
    ///
    /// # Errors
    /// `Numerical` where the criterion cannot be evaluated; `Interrupted`.
    pub fn new(model: &'a Lmm, free: &'a [f64], request: &DeletionRequest) -> Result<(FullData, Self)> {
        let (mut work, theta) = (model.workspace(), &free[..model.theta_map.n_parameters]);
        // an estimated determinant starts from what its first evaluation found: this one, and all that follow, from the same
        model.evaluate(theta, &mut work)?;
        let optimal = model.value(&model.evaluate(theta, &mut work)?);
        let full = FullData::at(model, &work.factor);
        let step = match request.method {
            DeletionMethod::OneStep => Some(DeletionStart::new(model, free, work.clone(), request)?),
            DeletionMethod::Fixed | DeletionMethod::Refit => None,
        };
        Ok((full, Self { model, free, optimal, work, step }))
    }

    /// The estimates without a set of rows; None where nothing can be estimated.
    ///
    /// # Errors
    /// `Numerical` where the covariance of residuals left is not positive definite; `Interrupted`.
    pub fn without(&self, rows: &StoredRows, set: usize, request: &DeletionRequest) -> Result<Option<Deleted>> {
        let members = request.rows(set);
        if self.model.a.n_obs - members.len() <= self.model.a.n_fixed() {
            return Ok(None);
        }
        let smaller = match &self.model.residual {
            Some(_) => self.model.without_rows(members)?,
            None => self.model.with_products(self.model.a.without_rows(rows, members)),
        };
        let from_here = || LmmEvaluator::with_workspace(&smaller, self.work.clone(), request.stop);
        if let Some(step) = &self.step {
            let mut own = from_here();
            if let Some(optimum) = step.take(&mut own)? {
                return self.compare(own, optimum, DeletionMethod::OneStep, request);
            }
        }
        let (mut own, how) = match request.method {
            DeletionMethod::Fixed => (from_here(), DeletionMethod::Fixed),
            _ => (LmmEvaluator::new(&smaller, request.stop), DeletionMethod::Refit),
        };
        let optimum = match how {
            DeletionMethod::Fixed => at(&mut own, self.free)?,
            _ => refit(&mut own, &start(&smaller.theta_map, self.free))?,
        };
        optimum.map_or(Ok(None), |optimum| self.compare(own, optimum, how, request))
    }

    /// What holds at the optimum without the rows, where `own` was evaluated.
    fn compare(
        &self,
        own: LmmEvaluator,
        optimum: Optimum,
        how: DeletionMethod,
        request: &DeletionRequest,
    ) -> Result<Option<Deleted>> {
        let Optimum { beta, theta, sigma, .. } = optimum;
        let covariance = own.work.factor.fixed_covariance();
        drop(own); // its memory is that of the next
        let mut all = LmmEvaluator::with_workspace(self.model, self.work.clone(), request.stop);
        let Some(terms) = computed(all.evaluate(&theta))? else { return Ok(None) };
        let rise = self.model.value(&terms) - self.optimal;
        let displacement = FullData::at(self.model, &all.work.factor).displacement(self.model, rise, &beta, sigma);
        Ok(Some(Deleted { how, beta, theta, sigma, covariance, displacement }))
    }
}

/// What one step is made of.
#[derive(Clone)]
pub struct DeletionStart<'a> {
    free: &'a [f64],
    gradient: Vec<f64>,
    information: Vec<f64>,
    curvature: Vec<f64>,
}

impl<'a> DeletionStart<'a> {
    fn new(model: &Lmm, free: &'a [f64], work: Workspace, request: &DeletionRequest) -> Result<Self> {
        let mut own = LmmEvaluator::with_workspace(model, work, request.stop);
        let (gradient, information) = own.slope(free)?;
        let curvature = hessian(&mut own, free)?;
        Ok(Self { free, gradient, information, curvature })
    }

    /// The optimum without the rows by one step; None where it is not to be trusted.
    fn take(&self, smaller: &mut LmmEvaluator) -> Result<Option<Optimum>> {
        let n = self.free.len();
        let Some(here) = computed(smaller.value(self.free))? else { return Ok(None) };
        let (slope, information) = smaller.slope(self.free)?;
        let gradient: Vec<f64> = slope.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        let curvature: Vec<f64> =
            (0..n * n).map(|e| self.curvature[e] + information[e] - self.information[e]).collect();
        let Some(step) = solve(&curvature, &gradient) else { return Ok(None) };
        if is_too_long(&smaller.model, self.free, &step) {
            return Ok(None);
        }
        let free: Vec<f64> = self.free.iter().zip(&step).map(|(t, s)| t + s).collect();
        let Some(there) = at(smaller, &free)? else { return Ok(None) };
        let square: f64 = (0..n * n).map(|e| curvature[e] * step[e % n] * step[e / n]).sum();
        let promised: f64 = slope.iter().zip(&step).map(|(g, s)| g * s).sum::<f64>() + 0.5 * square;
        let kept = (there.criterion - here - promised).abs() < MOST_BENDING;
        Ok(kept.then_some(there))
    }
}
