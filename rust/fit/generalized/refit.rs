//! A generalized model of other rows or another response, from the optimum of a fit.

use std::sync::atomic::AtomicBool;

use super::{GlmmFit, Uncertainty, feasible, fit_generalized, uncertainty};
use crate::fit::refit::{Optimum, at, refit, start};
use crate::fit::search::Control;
use crate::fit::verdict::Status;
use crate::linalg::dense;
use crate::model::generalized::{Glmm, GlmmEvaluator};
use crate::optimize::Objective;
use crate::{Error, Result, computed};

/// A step is taken for the optimum where the criterion falls by this much of what it expects, or by less than matters.
const EXPECTED: std::ops::RangeInclusive<f64> = 0.8..=1.25;
const MATTERS: f64 = 1e-3;

/// Estimates of a model like that of a fit.
pub struct Moved {
    pub x: Vec<f64>,
    /// Their covariance in the coordinates of the search.
    pub covariance: Vec<f64>,
    /// Whether they are one step from those of the fit.
    pub is_step: bool,
}

impl GlmmFit {
    /// # Errors
    /// `Design` where the coefficients of the mean are no parameters of the search, which refits move.
    pub fn require_all_parameters(&self) -> Result<()> {
        match self.model.integrated {
            None => Ok(()),
            Some(_) => Err(Error::Design(
                "fixed effects that are integrated out (reml=True) or found by the penalized step (nagq=0) are found \
                 together with the random effects of all groups, and have no likelihood that is a sum over groups: \
                 fit.update(reml=False, nagq=1) does, and bootstrap(kind='parametric') refits the model as it is"
                    .into(),
            )),
        }
    }

    /// The optimum of a model like that of the fit, from the fit's; None where coefficients have no best value, or no optimum is
    /// found.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn optimum_of(&self, model: &Glmm, stop: &AtomicBool) -> Result<Option<Optimum>> {
        if !model.has_best_coefficients(stop)? {
            return Ok(None);
        }
        let mut evaluator = GlmmEvaluator::new(model, stop);
        // other responses may be impossible at the fit's estimates
        let from = feasible(&mut evaluator, start(&model.theta_map, &self.x))?;
        if let Some(optimum) = refit(&mut evaluator, &from)? {
            return Ok(Some(optimum));
        }
        // far from the fit's estimates, such as at the end of a family
        let Some(own) = computed(fit_generalized(model, &Control::default(), stop))? else { return Ok(None) };
        if own.verdict.status == Status::NotConverged { Ok(None) } else { at(&mut evaluator, &own.x) }
    }

    /// The same with its covariance.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn refitted(&self, model: &Glmm, stop: &AtomicBool) -> Result<Option<Moved>> {
        let Some(Optimum { theta: x, .. }) = self.optimum_of(model, stop)? else { return Ok(None) };
        let found = computed(uncertainty(&mut GlmmEvaluator::new(model, stop), &x, stop))?;
        Ok(found.map(|Uncertainty { covariance, .. }| Moved { x, covariance, is_step: false }))
    }

    /// The user's coefficients of a model like that of the fit, at its optimum: those that are found with the random effects
    /// from their mode there.
    ///
    /// # Errors
    /// Those of the criterion.
    pub fn coefficients_of(model: &Glmm, x: &[f64], stop: &AtomicBool) -> Result<Vec<f64>> {
        let Some(own) = &model.integrated else { return Ok(model.user_coefficients(x)) };
        let effects = GlmmEvaluator::new(model, stop).fixed_effects(x)?;
        Ok(model.joined_coefficients(own, &effects, x))
    }

    /// One Newton step toward that optimum; the optimum itself where the criterion does not fall as the step expects.
    /// `before`: the working curvature of the fit's own model, whose Hessian the fit knows.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn stepped(&self, model: &Glmm, before: &[f64], stop: &AtomicBool) -> Result<Option<Moved>> {
        if !model.has_best_coefficients(stop)? {
            return Ok(None);
        }
        match computed(self.step(model, before, stop))?.flatten() {
            Some(moved) => Ok(Some(moved)),
            None => self.refitted(model, stop),
        }
    }

    fn step(&self, model: &Glmm, before: &[f64], stop: &AtomicBool) -> Result<Option<Moved>> {
        let n = self.x.len();
        let free: Vec<usize> = (0..n).filter(|&k| self.covariance[k * n + k] > 0.0).collect();
        let m = free.len();
        if m == 0 && n > 0 {
            return Ok(None);
        }
        let mut evaluator = GlmmEvaluator::new(model, stop);
        let value = evaluator.value(&self.x)?;
        let (slope, after) = evaluator.slope(&self.x)?;
        let own: Vec<f64> = (0..m * m).map(|e| self.covariance[free[e / m] * n + free[e % m]]).collect();
        let Some(known) = inverse(&own, m) else { return Ok(None) };
        let place = |e: usize| free[e / m] * n + free[e % m];
        // the criterion's Hessian is twice the information
        let hessian: Vec<f64> = (0..m * m).map(|e| known[e] + 0.5 * (after[place(e)] - before[place(e)])).collect();
        let Some(covariance) = inverse(&hessian, m) else { return Ok(None) };
        let along = |i: usize| -> f64 { (0..m).map(|j| -0.5 * covariance[j * m + i] * slope[free[j]]).sum() };
        let mut moved = Moved { x: self.x.clone(), covariance: vec![0.0; n * n], is_step: true };
        (0..m).for_each(|i| moved.x[free[i]] += along(i));
        (0..m * m).for_each(|e| moved.covariance[place(e)] = covariance[e]);
        let expected: f64 = (0..m).map(|i| -0.5 * along(i) * slope[free[i]]).sum();
        let fall = value - evaluator.value(&moved.x)?;
        let is_near = expected.abs() < MATTERS || EXPECTED.contains(&(fall / expected));
        Ok(is_near.then_some(moved))
    }
}

/// The inverse of a positive definite matrix.
fn inverse(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut root = a.to_vec();
    dense::cholesky_lower(&mut root, n).ok()?;
    let mut out = vec![0.0; n * n];
    dense::inverse_from_cholesky(&mut out, &root, n);
    Some(out)
}
