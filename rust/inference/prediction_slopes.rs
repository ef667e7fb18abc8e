//! How the variance of a prediction moves with the variance parameters: what its degrees of freedom follow from, also
//! where random effects and residuals take part (Francq, Lin and Hoyer 2019, Statist. Med. 38, 5603-5622, section 3).

use std::sync::atomic::AtomicBool;

use crate::fit::Fit;
use crate::fit::predict::TermRows;
use crate::model::curvature::SMALL;
use crate::{Result, check_stop};

/// Step, relative to θ, of one-sided differences: the variances are exact, and each costs a pass over the rows.
const STEP: f64 = 1e-6;

/// New rows: x (m x p row-major, the columns kept), random terms (None: left out), and the variances of the residuals
/// that take part, relative to that of a row of weight one.
pub struct Predicted<'a> {
    pub x: &'a [f64],
    pub m: usize,
    pub terms: &'a [Option<TermRows<'a>>],
    pub residual: Option<&'a [f64]>,
}

impl Predicted<'_> {
    fn variance(&self, fit: &Fit) -> Result<Vec<f64>> {
        let mut variance = fit.prediction_variance(self.x, self.m, self.terms)?;
        let residual = self.residual.unwrap_or_default();
        variance.iter_mut().zip(residual).for_each(|(v, share)| *v += share * fit.residual_variance());
        Ok(variance)
    }
}

/// dVar(x'β̂ + z'(b̂ - b)): m numbers for each parameter of `satterthwaite`, θ with σ² along its profile, then
/// log σ².
///
/// # Errors
/// `Numerical` where the criterion cannot be evaluated beside θ, `Interrupted` when `stop` is set.
pub fn prediction_slopes(fit: &Fit, rows: &Predicted, stop: &AtomicBool) -> Result<Vec<Vec<f64>>> {
    let mut work = fit.model.workspace();
    let mut at = |theta: Vec<f64>| -> Result<Vec<f64>> {
        check_stop(stop)?;
        // σ follows θ here, unless it is known, also where a fit has that of other rows
        let sigma = fit.variance_at(&fit.model.evaluate(&theta, &mut work)?).sqrt();
        rows.variance(&Fit { theta, sigma, ..fit.clone() })
    };
    let own = at(fit.theta.clone())?;
    let mut slopes = Vec::with_capacity(fit.theta.len() + 1);
    for k in 0..fit.theta.len() {
        let h = STEP * fit.theta[k].abs().max(SMALL);
        let mut theta = fit.theta.clone();
        theta[k] += h;
        slopes.push(at(theta)?.iter().zip(&own).map(|(moved, own)| (moved - own) / h).collect());
    }
    slopes.push(own);
    Ok(slopes)
}
