//! What Satterthwaite's degrees of freedom need (Fai and Cornelius 1996, J. Statist. Comput. Simul. 54,
//! 363-378): the covariance of the variance parameters and the derivatives of Var(β̂) in them.
//!
//! The parameters are θ, with σ² following along its profile σ²(θ) = r²(θ)/m, and the deviation of log σ² from
//! it.  Their covariance is block-diagonal, 2H^-1 for the profiled criterion's curvature H, and 2/m; it has no
//! unit, so that it is a number in any unit of the response.

use std::sync::atomic::AtomicBool;

use super::fixed_scores::FixedScores;
use crate::Result;
use crate::fit::Fit;
use crate::linalg::dense::eigen;
use crate::model::LmmEvaluator;
use crate::model::curvature::{SMALL, hessian};

/// Curvature, in units of the parameters themselves, below which the data say next to nothing: relative to the
/// largest, and in itself.
const NO_CURVATURE: (f64, f64) = (1e-9, 1e-7);
/// Rounding is this much larger.
const NOISE: f64 = 1e3;

/// Var(β̂)'s dependence on the variance parameters, in the user's units.
#[derive(Debug, Clone, PartialEq)]
pub struct Satterthwaite {
    /// Per parameter dVar(β̂) (p x p); θ in the working basis first, log σ² last.
    pub derivatives: Vec<Vec<f64>>,
    /// Covariance of the parameters.
    pub covariance: Vec<f64>,
    /// Directions in which the criterion bends downwards: zero at an optimum.
    pub n_negative: usize,
}

/// Computes it at the optimum.
///
/// # Errors
/// Those of the curvature.
pub fn satterthwaite(fit: &Fit, stop: &AtomicBool) -> Result<Satterthwaite> {
    let model = &fit.model;
    let work = fit.workspace()?;
    let parts = FixedScores::new(model, &work);
    let (n, m, variance) = (fit.theta.len(), model.denominator(), fit.residual_variance());
    let mut derivatives = Vec::with_capacity(n + 1);
    for k in 0..n {
        let (block, d) = model.theta_map.derivative(&fit.theta, k);
        let slope = parts.pwrss_slope(model, block, &d) / m;
        let vcov = parts.vcov_slope(model, block, &d);
        let total: Vec<f64> = vcov.iter().zip(&parts.inverse).map(|(v, c)| variance * v + slope * c).collect();
        derivatives.push(model.a.fixed.covariance(&total));
    }
    derivatives.push(fit.vcov());
    let (inverse, n_negative) =
        inverse(&hessian(&mut LmmEvaluator::with_workspace(model, work, stop), &fit.theta)?, &fit.theta);
    let mut covariance = vec![0.0; (n + 1) * (n + 1)];
    for (i, value) in inverse.iter().enumerate() {
        covariance[i / n * (n + 1) + i % n] = 2.0 * value;
    }
    covariance[(n + 1) * (n + 1) - 1] = 2.0 / m;
    Ok(Satterthwaite { derivatives, covariance, n_negative })
}

/// The inverse of a curvature, and how many directions bend downwards, which count as known; one without curvature
/// is unknown.
fn inverse(h: &[f64], theta: &[f64]) -> (Vec<f64>, usize) {
    let n = theta.len();
    let unit: Vec<f64> = theta.iter().map(|t| t.abs().max(SMALL)).collect();
    let scaled: Vec<f64> = h.iter().enumerate().map(|(k, v)| v * unit[k % n] * unit[k / n]).collect();
    let (values, vectors) = eigen(&scaled, n);
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let least = (NO_CURVATURE.0 * largest).max(NO_CURVATURE.1);
    let mut inverse = vec![0.0; n * n];
    for k in (0..n).filter(|&k| values[k] >= -NOISE * least) {
        let v = &vectors[k * n..(k + 1) * n];
        let add = |i: usize| v[i / n] * v[i % n] * unit[i / n] * unit[i % n] / values[k].max(least);
        (0..n * n).for_each(|i| inverse[i] += add(i));
    }
    (inverse, values.iter().filter(|v| **v < -NOISE * least).count())
}
